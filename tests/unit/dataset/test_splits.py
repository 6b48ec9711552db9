"""Splits stay within the largest group's size of their quotas, whatever arrives in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.dataset import Gate, Split, SplitCounts, choose_split


@given(st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_every_split_stays_within_the_largest_groups_size_of_its_quota(sizes: list[int]) -> None:
    counts, largest = SplitCounts(), 0
    for size in sizes:
        largest = max(largest, size)
        # The caller knows the largest group of its own batch only; the bound has to hold with that, too.
        counts = counts.plus(choose_split(counts, size, size), size)
        assert all(abs(counts.excess_percent(split)) <= 100 * largest for split in Split)


def test_ten_thousand_single_photos_are_split_exactly() -> None:
    counts = SplitCounts()
    for _ in range(10_000):
        counts = counts.plus(choose_split(counts, 1, 1), 1)
    assert (counts.train, counts.validation, counts.test) == (7000, 1500, 1500)


def test_the_gate_asks_for_the_smallest_trainable_species_or_the_floor() -> None:
    many, few = SplitCounts(100, 20, 20), SplitCounts(10, 2, 2)
    assert Gate.before({"a": many, "b": few}, 3).needed_photos == 14
    assert Gate.before({"a": many, "b": few}, 30).needed_photos == 30
    assert Gate.before({}, 30).needed_photos == 30


def test_a_species_emptied_by_erasure_does_not_open_the_gate_for_everyone() -> None:
    assert Gate.before({"a": SplitCounts(), "b": SplitCounts(10, 2, 2)}, 3).needed_photos == 14
