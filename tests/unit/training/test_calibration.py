"""Scores mean what they say, and thresholds keep what was asked of them."""

import numpy as np
import pytest

from training_job.calibration import (
    PowerCalibration,
    area_under_roc,
    calibrate,
    coarser_threshold,
    cross_fitted_probabilities,
    expected_calibration_error,
    threshold_for_precision,
    top_ratio,
)


def test_a_perfectly_honest_forecast_has_no_calibration_error():
    probabilities = np.tile(np.array([[0.8, 0.2]], np.float32), (10, 1))
    truth = np.array([0] * 8 + [1] * 2)
    assert expected_calibration_error(probabilities, truth) == pytest.approx(0, abs=1e-6)
    assert expected_calibration_error(probabilities, np.zeros(10, np.intp)) == pytest.approx(0.2, abs=1e-6)


def test_calibration_finds_the_power_the_photos_were_drawn_with():
    random = np.random.default_rng(1)
    scores = random.uniform(0, 1, (4000, 6)).astype(np.float32)
    drawn = PowerCalibration(power=5.0, floor=0.05).probabilities(scores)
    truth = np.array([random.choice(6, p=row / row.sum()) for row in drawn.astype(np.float64)])
    assert calibrate(scores, truth, floor=0.05).power == pytest.approx(5.0, rel=0.1)
    assert expected_calibration_error(cross_fitted_probabilities(scores, truth, floor=0.05), truth) < 0.04


def test_separated_values_have_an_area_of_one_and_ties_of_a_half():
    assert area_under_roc(np.array([2.0, 3.0], np.float32), np.array([0.0, 1.0], np.float32)) == 1
    assert area_under_roc(np.ones(3, np.float32), np.ones(4, np.float32)) == 0.5


def test_a_threshold_keeps_the_precision_that_was_asked_for():
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    found = threshold_for_precision(scores, np.array([True, True, False, False]), precision=0.95)
    assert found.min_score == pytest.approx(0.8)
    assert (found.precision, found.share_ratio) == (1.0, 0.5)
    assert threshold_for_precision(scores, np.zeros(4, np.bool_), precision=0.5).share_ratio == 0


def test_a_genus_is_named_when_its_species_share_the_score():
    probabilities = np.array([[0.45, 0.45, 0.1], [0.3, 0.3, 0.4]], np.float32)
    found = coarser_threshold(
        probabilities, np.array([1, 2]), [["Larus", "Larus", "Corvus"]], sure_min_score=0.8, precision=0.95
    )
    assert found.min_score == pytest.approx(0.61, abs=0.011)
    assert found.share_ratio == 0.5


def test_the_right_species_counts_wherever_among_the_first_it_stands():
    scores = np.array([[3, 2, 1, 0], [0, 1, 2, 3]], np.float32)
    assert top_ratio(scores, np.array([2, 2]), first=1) == 0
    assert top_ratio(scores, np.array([2, 2]), first=3) == 1
