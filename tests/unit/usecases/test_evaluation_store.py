"""What was evaluated once is found again."""

import pytest

from avocet.domain.dataset import Split
from avocet.domain.evaluation import CorruptEvaluationError, EvaluationNotFoundError
from avocet.usecases.evaluation_store import EvaluationStore, evaluation_key
from tests.unit.dataset.world import MemoryObjects
from tests.unit.domain.test_evaluation import NAMES, outcome

SNAPSHOT = "a" * 64


def test_an_evaluation_and_its_outcomes_are_found_again():
    store = EvaluationStore(MemoryObjects())
    told = [outcome("2", "auk", "crane"), outcome("1", "auk", "auk")]

    stored = store.put("head-1", SNAPSHOT, Split.TEST, outputs=frozenset(NAMES), outcomes=told)

    assert store.require("head-1", SNAPSHOT, Split.TEST).evaluation == stored.evaluation
    assert [each.photo_id for each in store.outcomes("head-1", SNAPSHOT, Split.TEST)] == ["1", "2"]
    assert list(store.snapshots_of("head-1")) == [(SNAPSHOT, Split.TEST)]
    assert list(store.snapshots_of("head")) == []


def test_what_nobody_evaluated_is_missed_with_a_way_out():
    store = EvaluationStore(MemoryObjects())
    assert store.find("head-1", SNAPSHOT, Split.TEST) is None
    with pytest.raises(EvaluationNotFoundError, match="evaluate"):
        store.require("head-1", SNAPSHOT, Split.TEST)
    with pytest.raises(EvaluationNotFoundError):
        store.outcomes("head-1", SNAPSHOT, Split.TEST)


def test_a_damaged_file_is_not_taken_for_an_evaluation():
    objects = MemoryObjects()
    objects.put(evaluation_key("head-1", SNAPSHOT, Split.TEST), b"{")
    with pytest.raises(CorruptEvaluationError):
        EvaluationStore(objects).find("head-1", SNAPSHOT, Split.TEST)
