"""Long chains and late writers: what readers find, however many snapshots there were and whoever wakes up last."""

import copy

import pytest

from avocet.domain.jobs import FencedOutError
from avocet.domain.shards import unpack_shard
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.refresh_work import Run
from avocet.usecases.snapshot_store import FOLDED_EVERY, SnapshotStore, folded_key
from tests.unit.dataset.test_refresh import AVOCET, begun, import_photos
from tests.unit.dataset.world import MemoryObjects, World, _beat


class CountingObjects(MemoryObjects):
    """Counts what a reader asks for."""

    def __init__(self, objects: MemoryObjects) -> None:
        super().__init__(objects.stored)
        self.reads = 0

    def get(self, key: str) -> bytes | None:
        self.reads += 1
        return super().get(key)


def long_history(snapshots: int, *, compacts: bool) -> World:
    world = begun()
    for number in range(snapshots):
        import_photos(world, AVOCET, range(1_000 + number, 1_001 + number))
        world.refresh(f"job-{number}")
        if compacts:
            SnapshotStore(world.clean).compact(world.heads.head.snapshot_id)
    return world


def reads_of(world: World) -> int:
    objects = CountingObjects(world.clean)
    SnapshotStore(objects).read(world.heads.head.snapshot_id)
    return objects.reads


def test_compacting_changes_no_id_and_no_row() -> None:
    plain, compacted = (long_history(40, compacts=compacts) for compacts in (False, True))
    assert plain.heads.head.snapshot_id == compacted.heads.head.snapshot_id
    assert open_snapshot(plain.clean).rows == open_snapshot(compacted.clean).rows
    first, second = (list(open_snapshot(world.clean).photos()) for world in (plain, compacted))
    assert first == second
    assert len(first) == 60


def test_readers_of_a_compacted_chain_never_walk_far() -> None:
    most = max(reads_of(long_history(snapshots, compacts=True)) for snapshots in (15, 16, 31, 32, 33, 63, 64))
    assert most <= 2 * FOLDED_EVERY + 1
    assert reads_of(long_history(64, compacts=False)) > 2 * 64


def test_a_damaged_fold_is_as_good_as_none() -> None:
    world = long_history(20, compacts=True)
    (key,) = (key for key in world.clean.stored if "folded" in key)
    world.clean.put(key, world.clean.get(key)[:-20])
    assert len(open_snapshot(world.clean).rows) == 40
    assert SnapshotStore(world.clean).compact(world.heads.head.snapshot_id) is not None
    assert SnapshotStore(world.clean).compact(world.heads.head.snapshot_id) is None


def test_one_late_compaction_serves_a_chain_that_was_never_compacted() -> None:
    world = long_history(40, compacts=False)
    folded = SnapshotStore(world.clean).compact(world.heads.head.snapshot_id)
    assert world.clean.get(folded_key(str(folded))) is not None
    assert reads_of(world) <= 2 * FOLDED_EVERY + 1


def test_the_current_snapshot_is_never_named_by_a_late_writer() -> None:
    objects = MemoryObjects()
    SnapshotStore(objects).set_current("b" * 64, 7)
    with pytest.raises(FencedOutError):
        SnapshotStore(objects).set_current("a" * 64, 6)
    SnapshotStore(objects).set_current("b" * 64, 7)
    assert SnapshotStore(objects).current() == "b" * 64


class Interrupted(MemoryObjects):
    """Lets somebody else work between a reading and the writing that follows it."""

    def __init__(self, objects: MemoryObjects, before: object) -> None:
        super().__init__(objects.stored)
        self.before = before

    def replace(self, key: str, data: bytes, tag: str) -> bool:
        before, self.before = self.before, None
        if before:
            before()
        return super().replace(key, data, tag)


def test_a_writer_that_slept_between_reading_and_writing_names_nothing() -> None:
    objects = MemoryObjects()
    SnapshotStore(objects).set_current("a" * 64, 1)
    sleeper = Interrupted(objects, lambda: SnapshotStore(objects).set_current("c" * 64, 9))
    with pytest.raises(FencedOutError):
        SnapshotStore(sleeper).set_current("b" * 64, 2)
    assert SnapshotStore(objects).current() == "c" * 64


def test_a_late_writer_changes_no_standing() -> None:
    world = begun()
    import_photos(world, AVOCET, range(100, 110))
    late_run, late = Run("late", 50), world.refresher()
    plan = late.plan(late_run, _beat)
    for key in plan.batches:
        late.clean(key, _beat)
    world.fence = 50
    world.refresh("newer")
    before = copy.deepcopy(world.standings.standings)
    with pytest.raises(FencedOutError):
        world.standings.save([], 50)
    with pytest.raises(FencedOutError):
        late.write(late_run, _beat)
    assert world.standings.standings == before


def test_a_writer_that_slept_over_an_erasure_brings_no_photo_back() -> None:
    world = begun()
    rows = open_snapshot(world.clean).rows
    split = next(row.split for row in rows.values())
    first, second = [name for name, row in rows.items() if row.split is split][:2]
    ErasePhotos(clean_objects=world.clean)([first])

    def newer_writer() -> None:
        ErasePhotos(clean_objects=world.clean)([second])
        world.fence = 60
        world.refresh("newer")

    world.fence = 30
    sleeper = world.refresher(clean_objects=Interrupted(world.clean, newer_writer))
    run = Run("sleeper", 30)
    sleeper.plan(run, _beat)
    with pytest.raises(FencedOutError):
        sleeper.write(run, _beat)
    for key, versions in world.clean.stored.items():
        if key.startswith("shards/"):
            for data in versions:
                assert not {first, second} & dict(unpack_shard(data)).keys()
