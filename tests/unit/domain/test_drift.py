"""Drift: quiet when nothing happens, sure when something does, and never blaming a neighbour."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.drift import (
    Direction,
    DriftState,
    DriftThresholds,
    Measure,
    RateBelief,
    ancestor_flags,
    compare,
    surprising,
)
from avocet.domain.evaluation import BINS, Bin, Evaluation

SPECIES = 120
REFERENCE, NEW = 21, 40


def evaluation(matrix: Mapping[str, Mapping[str, int]], confidence: float = 0.0) -> Evaluation:
    """Counts with answers as sure as they are right, or ``confidence`` more."""
    right = sum(row.get(name, 0) for name, row in matrix.items())
    photos = sum(sum(row.values()) for row in matrix.values())
    bins = (*[Bin()] * (BINS - 1), Bin(photos, right + confidence * photos, right))
    return Evaluation(matrix, right, 0.0, 0, bins)


def drawn(rng: random.Random, recalls: list[float], photos: int) -> Evaluation:
    """Photos of species in a ring, each taken for its neighbour when it is not recognised."""
    matrix: dict[str, dict[str, int]] = {}
    for number, recall in enumerate(recalls):
        right = sum(rng.random() < recall for _ in range(photos))
        neighbour = name_of((number + 1) % len(recalls))
        matrix[name_of(number)] = {name_of(number): right, neighbour: photos - right}
    return evaluation(matrix)


def name_of(number: int) -> str:
    return f"s{number:03d}"


def recalls(rng: random.Random) -> list[float]:
    return [rng.betavariate(11, 1) for _ in range(SPECIES)]


def test_nothing_is_flagged_on_average_when_nothing_changed_where_the_old_rule_cries_wolf() -> None:
    rng = random.Random(1)
    ours = theirs = 0
    for _ in range(10):
        true = recalls(rng)
        reference, current = drawn(rng, true, REFERENCE), drawn(rng, true, NEW)
        ours += len(compare(reference, current).species)
        theirs += len(ancestor_flags(reference, current))
    # One check in ten may name somebody for nothing, whatever the number of species.
    assert ours <= 5
    assert theirs > 10 * SPECIES / 5


def test_a_real_loss_is_found_and_no_neighbour_is_blamed_for_it() -> None:
    rng = random.Random(2)
    found = blamed = 0
    for _ in range(5):
        true = recalls(rng)
        drifting = set(rng.sample(range(SPECIES), 10))
        now = [max(0.0, each - 0.3) if number in drifting else each for number, each in enumerate(true)]
        findings = compare(drawn(rng, true, REFERENCE), drawn(rng, now, NEW))
        assert findings.state is DriftState.DRIFTING
        names = {each.species_id for each in findings.species}
        found += len(names & {name_of(number) for number in drifting})
        blamed += len(names - {name_of(number) for number in drifting})
    assert found >= 5 * 8
    assert blamed <= 0.25 * found


def test_the_whole_is_judged_by_what_the_new_photos_show_not_by_their_mixture() -> None:
    # Half of the birds are hard. New photos are of hard birds only, recognised as well as ever.
    matrix = {name_of(n): {name_of(n): 30 if n % 2 else 15, "other": 0 if n % 2 else 15} for n in range(40)}
    new = {name: dict(row) for name, row in matrix.items() if row["other"]}
    findings = compare(evaluation(matrix), evaluation(new))
    assert findings.state is DriftState.STEADY
    assert findings.overall is not None
    assert findings.overall.accuracy.value == pytest.approx(0.5)
    assert findings.overall.expected == pytest.approx(0.5, abs=0.03)


def test_a_gain_is_named_as_well() -> None:
    matrix = {name_of(n): {name_of(n): 18 if n else 6, "other": 2 if n else 14} for n in range(60)}
    now = {name_of(0): {name_of(0): 39, "other": 1}}
    findings = compare(evaluation(matrix), evaluation(now))
    (gain,) = findings.moved(Direction.BETTER)
    assert (gain.species_id, gain.measure) == (name_of(0), Measure.RECALL)
    assert findings.state is DriftState.IMPROVING


def test_too_few_photos_of_a_species_prove_nothing() -> None:
    matrix = {name_of(n): {name_of(n): 20} for n in range(40)}
    too_few = DriftThresholds().min_photos - 1
    findings = compare(evaluation(matrix), evaluation({name_of(0): {name_of(1): too_few}}))
    assert findings.judged == 0
    assert not findings.species


def test_a_species_that_is_suddenly_named_for_many_others_loses_precision() -> None:
    # As many mistakes as ever, but all of them now say the same bird.
    matrix = {name_of(n): {name_of(n): 36, name_of((n + 7) % 60): 4} for n in range(60)}
    now = {name: {name: 36, name_of(0) if name != name_of(0) else name_of(1): 4} for name in matrix}
    (loss,) = compare(evaluation(matrix), evaluation(now)).moved(Direction.WORSE)
    assert (loss.species_id, loss.measure) == (name_of(0), Measure.PRECISION)


def test_scores_that_no_longer_mean_what_they_say_are_drift() -> None:
    matrix = {name_of(n): {name_of(n): 27, "other": 3} for n in range(40)}
    findings = compare(evaluation(matrix), evaluation(matrix, confidence=0.08))
    assert findings.overall is not None
    assert findings.overall.is_calibration_adrift
    assert findings.state is DriftState.DRIFTING


def test_without_reference_or_photos_the_state_says_so() -> None:
    some, none = evaluation({"a": {"a": 3}}), Evaluation.of(())
    assert compare(none, some).state is DriftState.NO_REFERENCE
    assert compare(some, none).state is DriftState.NO_PHOTOS


@given(hits=st.integers(0, 40), extra=st.integers(0, 40), new=st.integers(0, 60), more=st.integers(0, 60))
def test_both_tails_together_hold_everything_and_the_count_itself_twice(
    hits: int, extra: int, new: int, more: int
) -> None:
    belief = RateBelief.learned([(9, 10), (19, 20), (7, 10), (20, 20), (5, 5), (30, 33)])
    below, above = belief.tails(hits, hits + extra, new_hits=new, new_trials=new + more)
    assert 0 <= below <= 1
    assert 0 <= above <= 1
    assert below + above >= 1 - 1e-9


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 1), max_size=30), st.floats(0.01, 0.5))
def test_whatever_is_less_surprising_than_something_kept_out_is_kept_out(
    p_values: dict[str, float], rate: float
) -> None:
    kept = surprising(p_values, rate)
    worst_kept = max((p_values[name] for name in kept), default=-1.0)
    assert all(p_values[name] >= worst_kept for name in p_values.keys() - kept)
    assert all(p_values[name] <= rate for name in kept)
