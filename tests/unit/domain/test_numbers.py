"""The open numbers follow the refreshes, whatever is repeated and however long it goes on."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.contribution import Feedback
from avocet.domain.dataset import SpeciesStanding, SplitCounts
from avocet.domain.numbers import (
    MAX_POINTS,
    DatasetNumbers,
    GrowthPoint,
    answer_tally,
    tallied_answer,
    thinned,
)

POINT = GrowthPoint("2026-11-25", 40, 1, {"kaggle": 40})
TRAINABLE = SpeciesStanding("pied-avocet", SplitCounts(28, 6, 6), is_trainable=True)
PENDING = SpeciesStanding("grey-heron", waiting_photos=12)


def test_a_refresh_said_twice_counts_once() -> None:
    once = DatasetNumbers().after(POINT, [TRAINABLE, PENDING], 30)
    assert once.after(POINT, [TRAINABLE, PENDING], 30) == once
    assert once.largest(5) == [("pied-avocet", 40)]
    assert once.closest(5) == [("grey-heron", 12)]


def test_a_species_that_became_trainable_is_no_longer_pending() -> None:
    numbers = DatasetNumbers().after(POINT, [PENDING], 30)
    learned = replace(PENDING, counts=SplitCounts(22, 4, 4), is_trainable=True, waiting_photos=0)
    numbers = numbers.after(replace(POINT, day="2026-11-26"), [learned], 30)
    assert numbers.closest(5) == []
    assert numbers.largest(5) == [("grey-heron", 30)]
    assert [point.day for point in numbers.growth] == ["2026-11-25", "2026-11-26"]


def test_a_species_without_photos_left_is_not_listed() -> None:
    numbers = DatasetNumbers().after(POINT, [TRAINABLE], 30)
    assert numbers.after(POINT, [replace(TRAINABLE, counts=SplitCounts())], 30).largest(5) == []


def test_the_numbers_survive_being_kept() -> None:
    numbers = DatasetNumbers().after(POINT, [TRAINABLE, PENDING], 30)
    assert DatasetNumbers.from_json(numbers.to_json()) == numbers


@given(st.integers(1, 5 * MAX_POINTS))
def test_growth_stays_small_and_keeps_its_ends(days: int) -> None:
    growth: tuple[GrowthPoint, ...] = ()
    for day in range(days):
        growth = thinned((*growth, GrowthPoint(f"{day:06d}", day, 0)))
    assert len(growth) <= MAX_POINTS
    assert growth[0].photos == 0
    assert growth[-1].photos == days - 1
    assert list(growth) == sorted(growth, key=lambda point: point.day)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(Feedback))
def test_an_answer_is_counted_in_the_week_it_was_given(given_at: datetime, feedback: Feedback) -> None:
    found = tallied_answer(answer_tally(given_at, feedback))
    assert found is not None
    week, kind = found
    assert kind is feedback
    assert 0 <= (given_at.date() - datetime.fromisoformat(week).date()).days < 7
    assert datetime.fromisoformat(week).weekday() == 0


def test_other_tallies_are_no_answers() -> None:
    assert tallied_answer("contributions") is None
    assert tallied_answer("2026-11-23#answered#perhaps") is None
