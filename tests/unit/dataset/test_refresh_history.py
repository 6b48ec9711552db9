"""Random histories of imports, answers, corrections, erasures, refreshes and crashes, held against every invariant."""

import copy
import hashlib

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from avocet.domain.dataset import MIN_GROUPS, PhotoState, Split
from avocet.domain.hashing import CERTAIN_DISTANCE, distance
from avocet.domain.shards import unpack_shard
from avocet.domain.trust import TrustRecord
from avocet.usecases import snapshot_store
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.snapshot_store import SnapshotStore
from avocet.usecases.verify_dataset import VerifyDataset
from tests.unit.dataset.world import Bomb, Crash, World, photo_bytes

SPECIES = ("pied-avocet", "great-tit", "common-crane")
# Pictures that lie in families: within one, neighbours differ by a few bits and its ends by many.
PICTURES = [
    int.from_bytes(bytes([family * 37 + 11]) * 32, "big") ^ ((1 << (9 * step)) - 1)
    for family in range(6)
    for step in range(4)
]


def photo_id_of(number: int) -> str:
    # Scattered like real ids, so that the order of arrival is not the order of the ids.
    return f"{(number * 2654435761) % 2**32:08x}" + f"{number:024x}"


def far_picture(number: int) -> int:
    """A picture that resembles no other."""
    return int.from_bytes(hashlib.sha256(str(number).encode()).digest(), "big")


class DatasetHistory(RuleBasedStateMachine):
    """Keeps its own simple account of what was said and compares the dataset with it."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.world.trust.records = {"newcomer": TrustRecord()}
        self.newcomers: set[str] = set()
        self.number = 0
        self.jobs = 0
        self.said: dict[str, str | None] = {}
        self.data: dict[str, bytes] = {}
        self.damaged: set[str] = set()
        self.erased: set[str] = set()
        self.splits: dict[str, Split] = {}
        self.trainable: set[str] = set()
        self.snapshots: dict[str, dict[str, str]] = {}
        self.settled = True
        # Something to stand on: histories that never reach a snapshot prove little.
        for species in SPECIES[:2]:
            self.many_photos_of_a_species_are_imported(species, 5)
        self.refresh()

    def _new(self, picture: int, salt: int) -> str:
        photo_id = photo_id_of(self.number)
        self.number += 1
        self.data[photo_id] = photo_bytes(picture, salt)
        self.settled = False
        return photo_id

    @rule(picture=st.sampled_from(PICTURES), salt=st.integers(0, 2), species=st.sampled_from(SPECIES))
    def photo_is_imported(self, picture: int, salt: int, species: str) -> None:
        photo_id = self._new(picture, salt)
        self.said[photo_id] = species
        self.world.import_photo(photo_id, species, self.data[photo_id])

    @rule(species=st.sampled_from(SPECIES), count=st.integers(3, 8))
    def many_photos_of_a_species_are_imported(self, species: str, count: int) -> None:
        for _ in range(count):
            self.photo_is_imported(far_picture(self.number), 0, species)

    @rule(pictures=st.lists(st.sampled_from(PICTURES), min_size=2, max_size=6), species=st.sampled_from(SPECIES))
    def burst_of_similar_photos_is_contributed(self, pictures: list[int], species: str) -> None:
        for salt, picture in enumerate(pictures):
            self.photo_is_contributed(picture, salt, species)

    @rule(
        picture=st.sampled_from(PICTURES),
        salt=st.integers(0, 2),
        species=st.one_of(st.none(), st.sampled_from(SPECIES)),
    )
    def photo_is_contributed(self, picture: int, salt: int, species: str | None) -> None:
        photo_id = self._new(picture, salt)
        self.said[photo_id] = species
        is_newcomer = self.number % 3 == 0
        if is_newcomer:
            self.newcomers.add(photo_id)
        self.world.contributions.answer(
            photo_id, species, self.data[photo_id], owner_id="newcomer" if is_newcomer else "somebody"
        )

    @rule(data=st.data(), species=st.one_of(st.none(), st.sampled_from(SPECIES)))
    def answer_changes(self, data: st.DataObject, species: str | None) -> None:
        known = sorted(self.said.keys() - self.erased)
        if not known:
            return
        photo_id = data.draw(st.sampled_from(known))
        if photo_id in self.world.contributions.answers:
            self.world.contributions.answer(photo_id, species)
        elif species is not None:
            self.world.relabel_import(photo_id, species)
        else:
            return
        self.said[photo_id] = species
        self.settled = False

    @rule(data=st.data())
    def photo_is_erased(self, data: st.DataObject) -> None:
        known = sorted(self.said.keys() - self.erased)
        if known:
            photo_id = data.draw(st.sampled_from(known))
            ErasePhotos(clean_objects=self.world.clean)([photo_id])
            self.erased.add(photo_id)
            self.settled = False

    @rule(data=st.data(), vanishes=st.booleans())
    def raw_photo_is_damaged_behind_our_back(self, data: st.DataObject, vanishes: bool) -> None:
        keys = sorted(self.world.raw.stored)
        if keys:
            key = data.draw(st.sampled_from(keys))
            self.damaged.add(key.split("/")[1].removesuffix(".jpg"))
            if vanishes:
                self.world.raw.purge(key)
            else:
                self.world.raw.put(key, b"garbage")

    @rule()
    def refresh(self) -> None:
        self.jobs += 1
        self.world.refresh(f"job-{self.jobs}")
        self.settled = True

    @rule(at=st.integers(1, 120), after=st.booleans())
    def refresh_dies(self, at: int, after: bool) -> None:
        self.jobs += 1
        try:
            self.world.refresh(f"job-{self.jobs}", Bomb(at, after))
        except Crash:
            return
        self.settled = True

    @rule(at=st.integers(1, 120), after=st.booleans())
    def refresh_dies_and_ends_like_one_that_did_not(self, at: int, after: bool) -> None:
        self.jobs += 1
        job_id = f"job-{self.jobs}"
        undisturbed = copy.deepcopy(self.world)
        undisturbed.refresh(job_id)
        try:
            self.world.refresh(job_id, Bomb(at, after))
        except Crash:
            self.world.refresh(job_id)
        assert self.world.heads.head.snapshot_id == undisturbed.heads.head.snapshot_id
        assert {k: (r.state, r.split) for k, r in self.world.photos.records.items()} == {
            k: (r.state, r.split) for k, r in undisturbed.photos.records.items()
        }
        assert self.world.index.buckets == undisturbed.index.buckets
        self.settled = True

    @rule()
    def second_refresh_right_after_does_nothing(self) -> None:
        self.refresh()
        head = self.world.heads.head.snapshot_id
        assert self.world.refresh("again") == {}
        assert self.world.heads.head.snapshot_id == head

    @rule()
    def chain_is_compacted(self) -> None:
        head = self.world.heads.head.snapshot_id
        SnapshotStore(self.world.clean).compact(head)
        assert self.world.heads.head.snapshot_id == head

    def _snapshot(self):
        head = self.world.heads.head
        return open_snapshot(self.world.clean, head.snapshot_id) if head.snapshot_id else None

    @invariant()
    def no_photo_is_lost(self) -> None:
        if not hasattr(self, "world"):
            return
        for photo_id in self.said.keys() - self.erased - self.damaged:
            copies = [key for key in self.world.raw.stored if photo_id in key]
            assert len(copies) == 1, f"{photo_id} lies {len(copies)} times in raw"
            assert self.world.raw.get(copies[0]) == self.data[photo_id]

    @invariant()
    def a_newcomer_s_label_that_nobody_agreed_with_stays_out(self) -> None:
        snapshot = self._snapshot() if hasattr(self, "world") else None
        if snapshot is not None:
            assert not self.newcomers & snapshot.rows.keys()

    @invariant()
    def a_split_is_for_ever(self) -> None:
        snapshot = self._snapshot() if hasattr(self, "world") else None
        for photo_id, row in (snapshot.rows if snapshot else {}).items():
            assert self.splits.setdefault(photo_id, row.split) is row.split

    @invariant()
    def near_duplicates_share_a_split(self) -> None:
        snapshot = self._snapshot() if hasattr(self, "world") else None
        if snapshot is None:
            return
        rows = [(row, bytes.fromhex(row.phash)) for row in snapshot.rows.values()]
        for index, (first, first_hash) in enumerate(rows):
            for second, second_hash in rows[index + 1 :]:
                if distance(first_hash, second_hash) <= CERTAIN_DISTANCE:
                    assert first.split is second.split
                    assert first.group_id == second.group_id or first.split is second.split

    @invariant()
    def snapshots_never_change(self) -> None:
        snapshot = self._snapshot() if hasattr(self, "world") else None
        if snapshot is None:
            return
        store = SnapshotStore(self.world.clean)
        for snapshot_id, labels in self.snapshots.items():
            rows = store.read(snapshot_id).rows
            assert {photo_id: row.species_id for photo_id, row in rows.items()} == labels
        rows = store.read(snapshot.snapshot_id).rows
        self.snapshots[snapshot.snapshot_id] = {photo_id: row.species_id for photo_id, row in rows.items()}

    @invariant()
    def every_photo_of_a_snapshot_can_be_read_once(self) -> None:
        snapshot = self._snapshot() if hasattr(self, "world") else None
        if snapshot is not None:
            read = [row.photo_id for row, data in snapshot.photos() if data == self.data[row.photo_id]]
            assert sorted(read) == sorted(snapshot.rows)

    @invariant()
    def once_trainable_stays_trainable(self) -> None:
        snapshot = self._snapshot() if hasattr(self, "world") else None
        if snapshot is not None:
            assert self.trainable <= snapshot.manifest.species.keys()
            entering = snapshot.manifest.species.keys() - self.trainable
            for species in entering:
                groups = {row.group_id for row in snapshot.rows.values() if row.species_id == species}
                if not self.erased:
                    assert len(groups) >= MIN_GROUPS
            self.trainable |= entering

    @invariant()
    def a_settled_dataset_says_what_was_said_last(self) -> None:
        if not hasattr(self, "world") or not self.settled:
            return
        snapshot = self._snapshot()
        rows = snapshot.rows if snapshot else {}
        for photo_id, species in self.said.items():
            record = self.world.photos.records.get(photo_id)
            if photo_id in self.erased:
                assert record is None
                assert photo_id not in rows
                continue
            assert record is not None, "every photo has a record with its state"
            assert (record.state is PhotoState.IN_DATASET) == (photo_id in rows)
            if photo_id in rows:
                assert rows[photo_id].species_id == species

    @invariant()
    def nothing_of_an_erased_photo_is_left(self) -> None:
        if not hasattr(self, "world") or not self.settled:
            return
        for photo_id in self.erased:
            assert not any(photo_id in key for key in self.world.raw.stored)
            assert not any(photo_id in bucket for bucket in self.world.index.buckets.values())
            for key, versions in self.world.clean.stored.items():
                if key.startswith("shards/"):
                    for version in versions:
                        assert photo_id not in dict(unpack_shard(version)), key

    @invariant()
    def verifying_finds_nothing(self) -> None:
        if not hasattr(self, "world") or not self.settled:
            return
        world = self.world
        verify = VerifyDataset(clean_objects=world.clean, photos=world.photos, heads=world.heads, index=world.index)
        assert verify(lambda *_: None).findings == (), verify(lambda *_: None).findings

    @invariant()
    def counts_are_what_the_rows_say(self) -> None:
        snapshot = self._snapshot() if hasattr(self, "world") and self.settled else None
        if snapshot is not None:
            counts = {name: each for name, each in snapshot.manifest.species.items() if each.total}
            assert counts == snapshot.counts


@pytest.fixture(autouse=True)
def folds_every_other_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Histories are short: what readers meet in years has to happen in them."""
    monkeypatch.setattr(snapshot_store, "FOLDED_EVERY", 2)


DatasetHistory.TestCase.settings = settings(
    stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
test_random_histories = DatasetHistory.TestCase
