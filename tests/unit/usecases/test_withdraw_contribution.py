"""Taking a photo back, wherever the process dies on the way."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from avocet.domain.contribution import AnswerInProgressError, PhotoNotFoundError
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, Split
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.withdraw_contribution import WithdrawContribution
from tests.made.events import ALICE, BOB
from tests.made.memory import MemoryRecords, World
from tests.made.people import CONFIRMED, UNKNOWN, a_named_photo, answer, lies_only_under, settle
from tests.unit.dataset.world import Bomb, Crash, Doomed, MemoryObjects, MemoryPhotos


@dataclass
class Place:
    """Where photos lie, twice told: the feedback's world and the buckets that erasing works on."""

    world: World = field(default_factory=World)
    photos: MemoryPhotos = field(default_factory=MemoryPhotos)
    clean: MemoryObjects = field(default_factory=MemoryObjects)
    refreshes: int = 0

    def withdraw(self, photo_id: str, owner_id: str = ALICE, bomb: Bomb | None = None) -> None:
        bomb = bomb or Bomb()
        erase = ErasePhotos(clean_objects=self._doomed(self.clean, bomb))
        WithdrawContribution(
            records=self._doomed(MemoryRecords(self.world), bomb),
            photos=self._doomed(self.photos, bomb),
            raw_objects=self._doomed(Purged(self.world.raw), bomb),
            original_objects=self._doomed(Purged(self.world.originals), bomb),
            erase=erase,
            ask_for_refresh=self._asked,
            clock=self.world.clock,
        )(owner_id, photo_id)

    @staticmethod
    def _doomed(port: Any, bomb: Bomb) -> Any:
        return Doomed(port, bomb)

    def _asked(self) -> None:
        self.refreshes += 1


class Purged:
    """A bucket that only loses things."""

    def __init__(self, stored: dict[str, bytes]) -> None:
        self.stored = stored

    def purge(self, key: str, *, keep_newest: bool = False) -> None:
        self.stored.pop(key.removeprefix("photos/"), None)


def given(said: Any = CONFIRMED) -> tuple[Place, str]:
    place = Place()
    photo_id = a_named_photo(place.world)
    answer(place.world, photo_id, said)
    return place, photo_id


def in_dataset(place: Place, photo_id: str) -> None:
    record = DatasetPhoto(photo_id, CONTRIBUTION, "x", f"x/{photo_id}.jpg", split=Split.TRAIN, version=1)
    place.photos.records[photo_id] = record


def test_a_withdrawal_that_dies_anywhere_is_completed_by_asking_again() -> None:
    counting, photo_id = given()
    in_dataset(counting, photo_id)
    calls = Bomb()
    counting.withdraw(photo_id, bomb=calls)
    assert calls.calls >= 6
    for at in range(1, calls.calls + 1):
        for after in (False, True):
            place, photo_id = given()
            in_dataset(place, photo_id)
            with pytest.raises(Crash):
                place.withdraw(photo_id, bomb=Bomb(at, after))
            place.withdraw(photo_id)
            assert place.world.raw_keys(photo_id) == []
            assert photo_id not in place.world.originals
            assert set(place.clean.stored) == {f"erasures/{photo_id}", f"tombstones/{photo_id}"}
            assert place.refreshes >= 1, "a snapshot holds it"
            assert not place.world.records[photo_id].is_fresh


def test_what_no_snapshot_holds_starts_no_refresh() -> None:
    place, photo_id = given(UNKNOWN)
    place.withdraw(photo_id)
    assert place.refreshes == 0


def test_a_photo_somebody_is_storing_is_not_withdrawn_under_their_hands() -> None:
    place, photo_id = given()
    record = place.world.records[photo_id]
    assert record.contribution is not None
    leased = replace(record.contribution, leases={"t": place.world.now.replace(year=2099)}, finished=False)
    place.world.records[photo_id] = replace(record, contribution=leased)
    with pytest.raises(AnswerInProgressError):
        place.withdraw(photo_id)
    assert lies_only_under(place.world, photo_id, CONFIRMED)


def test_an_open_answer_to_a_withdrawn_photo_is_never_completed() -> None:
    place, photo_id = given()
    record = place.world.records[photo_id]
    assert record.contribution is not None
    place.world.records[photo_id] = replace(record, contribution=replace(record.contribution, finished=False))
    place.withdraw(photo_id)
    settle(place.world)
    assert place.world.raw_keys(photo_id) == []


def test_others_cannot_withdraw_and_without_feedback_there_is_nothing_to_withdraw() -> None:
    place, photo_id = given()
    with pytest.raises(PhotoNotFoundError):
        place.withdraw(photo_id, BOB)
    with pytest.raises(PhotoNotFoundError):
        place.withdraw(a_named_photo(place.world))
    assert lies_only_under(place.world, photo_id, CONFIRMED)
