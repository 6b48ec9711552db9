"""Heads know what they were fitted on, and familiarity knows what they were not."""

import numpy as np

from training_job.calibration import PowerCalibration
from training_job.familiarity import SHIPPED_KIND, compare
from training_job.head import LinearHead, fit_ridge
from training_job.inat import outputs_by_species, scientific_and_english, with_known_species


def clusters(species: int, photos: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    middles = np.random.default_rng(0).normal(size=(species, 40))
    species_at = np.repeat(np.arange(species), photos)
    points = middles[species_at] + np.random.default_rng(seed).normal(scale=0.3, size=(len(species_at), 40))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), species_at


def test_a_ridge_head_names_photos_it_has_not_seen():
    seen, species_at = clusters(12, 4, seed=1)
    head = fit_ridge(seen, species_at, species_count=12, penalty=0.03)
    unseen, truth = clusters(12, 3, seed=2)
    assert (head.scores(unseen).argmax(axis=1) == truth).mean() > 0.95


def test_views_do_not_count_as_new_photos():
    seen, species_at = clusters(5, 3, seed=1)
    once = fit_ridge(seen, species_at, species_count=5, penalty=0.1)
    twice = fit_ridge(np.concatenate([seen, seen]), np.tile(species_at, 2), species_count=5, penalty=0.1, views=2)
    np.testing.assert_allclose(once.weights, twice.weights, atol=1e-4)


def test_species_left_out_are_less_familiar():
    fitting, fitting_at = clusters(20, 4, seed=1)
    held_out, held_at = clusters(20, 2, seed=2)
    others = np.random.default_rng(9).normal(size=(30, 40)).astype(np.float32)
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    areas = compare(
        fitting=fitting,
        fitting_species_at=fitting_at,
        held_out=held_out,
        held_out_species_at=held_at,
        non_birds=others,
        species_count=20,
        penalty=0.03,
        views=1,
        calibration=PowerCalibration(power=6.0, floor=0.05),
        folds=4,
        seed=1,
    )
    assert areas.unknown_species[SHIPPED_KIND] > 0.9
    assert areas.non_birds[SHIPPED_KIND] > 0.9


def test_the_classifiers_opinion_speaks_for_species_it_knows():
    assert scientific_and_english("Pica nuttalli (Yellow-billed Magpie)") == ("Pica nuttalli", "Yellow-billed Magpie")
    outputs = outputs_by_species(
        ["Pica nuttalli (Yellow-billed Magpie)", "background"],
        lambda english, _: {"Yellow-billed Magpie": "a"}.get(english),
    )
    head = with_known_species(
        LinearHead(np.zeros((4, 2), np.float32), np.zeros(2, np.float32)),
        ["b", "a"],
        outputs,
        first_opinion=2,
        bonus=0.2,
    )
    assert head.weights[2, 1] == np.float32(0.2)
    assert np.count_nonzero(head.weights) == 1
