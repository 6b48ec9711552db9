"""One way to count how good a model is, held against scikit-learn."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, log_loss, precision_recall_fscore_support, top_k_accuracy_score

from avocet.domain.evaluation import (
    MAX_LOSS,
    CorruptEvaluationError,
    Evaluation,
    MismatchedEvaluationsError,
    Outcome,
    Rate,
    SpeciesScores,
    StoredEvaluation,
    pack_outcomes,
    unpack_outcomes,
)
from avocet.domain.judging import judged
from avocet.domain.prediction import ScoredSpecies
from avocet.domain.scoring import ModelLabels, Scores, Thresholds
from training_job.calibration import expected_calibration_error

NAMES = ("auk", "bee-eater", "crane", "dunlin", "egret")
LABELS = ModelLabels.of(NAMES, [None] * len(NAMES))
THRESHOLDS = Thresholds(sure_min_score=0.6, coarser_min_score=0.7, familiarity_min=0.5)


def outcome(photo: str, true: str, answer: str, score: float = 0.9, *, familiar: bool = True) -> Outcome:
    return Outcome(photo, true, (ScoredSpecies(answer, score),), 0.1, 1.0, familiar)


def drawn(seed: int, photos: int = 200):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(len(NAMES), 1.0), photos).astype(np.float32)
    truth = random.integers(0, len(NAMES), photos)
    outcomes = [
        judged(
            Scores(row, float(random.uniform())),
            photo_id=f"{at:032x}",
            species_id=NAMES[true],
            labels=LABELS,
            thresholds=THRESHOLDS,
        )
        for at, (row, true) in enumerate(zip(probabilities, truth, strict=True))
    ]
    return probabilities, truth, outcomes


@pytest.mark.parametrize("seed", range(5))
def test_every_figure_is_the_one_that_scikit_learn_computes(seed):
    probabilities, truth, outcomes = drawn(seed)
    answers, counted = probabilities.argmax(axis=1), Evaluation.of(outcomes)

    matrix = confusion_matrix(truth, answers, labels=range(len(NAMES)))
    assert [[counted.matrix.get(row, {}).get(column, 0) for column in NAMES] for row in NAMES] == matrix.tolist()
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, answers, labels=range(len(NAMES)), zero_division=0
    )
    for at, name in enumerate(NAMES):
        scores = counted.species[name]
        assert (scores.precision.value, scores.recall.value, scores.f1.value, scores.photos) == pytest.approx(
            (precision[at], recall[at], f1[at], support[at])
        )
    assert counted.macro_f1 == pytest.approx(f1_score(truth, answers, average="macro", labels=np.unique(truth)))
    assert counted.accuracy.value == pytest.approx((answers == truth).mean())
    assert counted.top3.value == pytest.approx(
        top_k_accuracy_score(truth, probabilities, k=3, labels=range(len(NAMES)))
    )
    rows = probabilities.astype(np.float64)
    expected = log_loss(truth, rows / rows.sum(axis=1, keepdims=True), labels=range(len(NAMES)))
    assert counted.log_loss == pytest.approx(expected, rel=1e-4)
    assert counted.calibration_error == pytest.approx(expected_calibration_error(probabilities, truth), abs=1e-5)


@given(st.lists(st.integers(0, 3), min_size=60, max_size=60))
def test_parts_that_were_counted_apart_add_up_to_the_whole(part_of):
    _, _, outcomes = drawn(1, photos=60)
    parts = [
        Evaluation.of(each for each, part in zip(outcomes, part_of, strict=True) if part == wanted)
        for wanted in range(4)
    ]
    whole, summed = Evaluation.of(outcomes), Evaluation.sum_of(parts)
    assert {name: dict(row) for name, row in summed.matrix.items()} == whole.matrix
    assert (summed.photos, summed.ranked_right, summed.unfamiliar) == (60, whole.ranked_right, whole.unfamiliar)
    assert summed.log_loss == pytest.approx(whole.log_loss)
    assert summed.calibration_error == pytest.approx(whole.calibration_error)


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share_and_narrows_with_more_photos(hits, misses):
    rate = Rate.of(hits, hits + misses)
    assert 0 <= rate.low <= rate.value or not rate.trials
    assert rate.value <= rate.high <= 1
    if rate.trials:
        more = Rate.of(10 * hits, 10 * rate.trials)
        assert more.high - more.low < rate.high - rate.low


def test_an_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(3)
    covered = [(rate := Rate.of(int(random.binomial(40, 0.8)), 40)).low <= 0.8 <= rate.high for _ in range(2000)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


def test_eight_of_ten_have_wilsons_interval():
    rate = Rate.of(8, 10)
    assert (rate.low, rate.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_f1_lies_within_its_own_interval(right, missed, wrongly):
    scores = SpeciesScores.of("auk", photos=right + missed, answered=right + wrongly, right=right)
    assert scores.f1.low <= scores.f1.value <= scores.f1.high or not scores.f1.trials


def test_a_species_that_the_model_cannot_name_is_always_a_mistake():
    scores = Scores(np.array([0.6, 0.1, 0.1, 0.1, 0.1], np.float32), 1.0)
    said = judged(scores, photo_id="p", species_id="osprey", labels=LABELS, thresholds=THRESHOLDS)
    assert (said.is_right, said.is_ranked, said.loss) == (False, False, pytest.approx(MAX_LOSS, abs=1e-6))
    counted = Evaluation.of([said])
    assert counted.species["osprey"].recall.value == 0
    assert counted.species["auk"].precision.value == 0


def test_a_photo_that_is_counted_twice_is_refused():
    with pytest.raises(MismatchedEvaluationsError):
        Evaluation.of([outcome("p", "auk", "auk"), outcome("p", "auk", "crane")])


def test_nothing_at_all_has_no_figures_and_the_widest_intervals():
    nothing = Evaluation.of([])
    assert (nothing.photos, nothing.macro_f1, nothing.log_loss, nothing.calibration_error) == (0, 0, 0, 0)
    assert (nothing.accuracy.low, nothing.accuracy.high) == (0, 1)
    assert nothing.weakest(10) == []


def test_the_weakest_and_the_most_confused_species_come_first():
    counted = Evaluation.of(
        [
            outcome("1", "auk", "auk"),
            outcome("2", "crane", "egret"),
            outcome("3", "crane", "egret"),
            outcome("4", "dunlin", "auk"),
        ]
    )
    assert [scores.species_id for scores in counted.weakest(2)] == ["crane", "dunlin"]
    assert counted.most_confused(1) == [("crane", "egret", 2)]


@pytest.mark.parametrize("seed", range(2))
def test_what_is_stored_is_read_back(seed):
    _, _, outcomes = drawn(seed, photos=40)
    stored = StoredEvaluation("head-1", "f" * 64, "test", frozenset(NAMES), Evaluation.of(outcomes))
    again = StoredEvaluation.from_json(stored.to_json())
    assert again.to_json() == stored.to_json()
    assert (again.outputs, again.evaluation.photos) == (stored.outputs, 40)
    assert unpack_outcomes(pack_outcomes(outcomes)) == tuple(outcomes)


def test_whoever_opens_the_file_finds_the_headline_figures():
    stored = StoredEvaluation("head-1", "f" * 64, "test", frozenset(NAMES), Evaluation.of([outcome("1", "auk", "auk")]))
    assert json.loads(stored.to_json())["summary"]["accuracy"] == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"schema": 2}', b'{"schema": 1, "matrix": {}}', b"\x00", b'{"schema": 1, "matrix": 3}'],
)
def test_a_damaged_evaluation_is_called_so(data):
    with pytest.raises(CorruptEvaluationError):
        StoredEvaluation.from_json(data)
    with pytest.raises(CorruptEvaluationError):
        unpack_outcomes(data)


def test_sums_that_contradict_each_other_are_called_damaged():
    values = Evaluation.of([outcome("1", "auk", "auk")]).to_values()
    values["bins"][0][0] += 1
    with pytest.raises(CorruptEvaluationError):
        Evaluation.from_values(values)


def test_a_loss_is_bounded_and_never_below_nothing():
    assert dataclasses.replace(outcome("1", "auk", "auk"), loss=0.0).loss == 0
    scores = Scores(np.array([1.0, 0, 0, 0, 0], np.float32), 1.0)
    said = judged(scores, photo_id="p", species_id="auk", labels=LABELS, thresholds=THRESHOLDS)
    assert math.copysign(1, said.loss) == 1
    assert said.loss == 0
