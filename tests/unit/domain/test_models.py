"""The champion's line: promotions stand on each other, and rollbacks go down the line one step at a time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.models import (
    Aliases,
    AlreadyChampionError,
    Change,
    Decision,
    Tenure,
    is_version,
    promoted,
    rolled_back,
)

WHY = Decision("alice", datetime(2026, 11, 25, tzinfo=UTC), "it is better")


@given(st.lists(st.one_of(st.none(), st.sampled_from(["v1", "v2", "v3", "v4"])), max_size=40))
def test_any_promotions_and_rollbacks_follow_the_stack_of_champions(steps):
    tenures: dict[int, Tenure] = {}
    now: Tenure | None = None
    stack: list[str] = []
    for version in steps:  # None rolls back
        if version is None:
            if now is None or now.below == 0:
                assert len(stack) <= 1
                continue
            now = rolled_back(now, tenures[now.below], WHY)
            stack.pop()
        elif stack and stack[-1] == version:
            with pytest.raises(AlreadyChampionError):
                promoted(Aliases(now), version, WHY)
            continue
        else:
            now = promoted(Aliases(now), version, WHY)
            stack.append(version)
        assert now.revision == len(tenures) + 1
        tenures[now.revision] = now
        assert now.version == stack[-1]


def test_a_tenure_says_how_it_came_about():
    first = promoted(Aliases(), "v1", WHY, change=Change.SHIPPED)
    second = promoted(Aliases(first), "v2", WHY)
    third = rolled_back(second, first, WHY)
    assert [each.change for each in (first, second, third)] == [Change.SHIPPED, Change.PROMOTED, Change.ROLLED_BACK]
    assert (third.version, third.below, third.reason, third.chosen_by) == ("v1", 0, "it is better", "alice")


def test_nobody_steps_back_to_a_tenure_that_is_not_the_one_below():
    first = promoted(Aliases(), "v1", WHY)
    second = promoted(Aliases(first), "v2", WHY)
    third = promoted(Aliases(second), "v3", WHY)
    with pytest.raises(ValueError, match="stands on 2"):
        rolled_back(third, first, WHY)


@pytest.mark.parametrize("text", ["", "#champion", "../x", "A", "a" * 65, "a/b", "a b", "a\n"])
def test_what_could_be_part_of_another_key_is_no_version(text):
    assert not is_version(text)


@pytest.mark.parametrize("text", ["starter-b69a3af9", "head-20261125t101500-0a1b2c3d", "v1.2_3"])
def test_versions_are_versions(text):
    assert is_version(text)
