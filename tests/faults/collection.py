"""Datasets for campaigns: snapshots in the clean bucket with the records, the index and the head that belong to them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from unittest.mock import patch

from avocet.domain.dataset import DatasetPhoto, PhotoState, Split
from avocet.domain.duplicates import IndexEntry
from avocet.domain.snapshots import NO_PARENT
from avocet.http import learning_wiring, refresh_wiring
from avocet.usecases import snapshot_store
from avocet.usecases.dataset_ports import Head
from avocet.usecases.read_snapshot import Snapshot, open_snapshot
from avocet.usecases.snapshot_store import SnapshotStore
from avocet.usecases.verify_dataset import VerifyDataset
from tests.faults.clouds import Cloud
from tests.faults.office import next_fence
from tests.made.bundles import BLUE, GREEN, RED
from tests.made.handmade_snapshots import add_snapshot
from tests.made.photos import BLUISH, GREENISH, REDDISH, jpeg

# Sixteen in earnest; the chain behind that would only be a longer one.
_FOLDED_EVERY = 4

_LOOKS = {RED: REDDISH, GREEN: GREENISH, BLUE: BLUISH}


@dataclass(frozen=True)
class Collection:
    """A dataset, and the head that makes it the current one."""

    snapshot: Snapshot
    head: Head

    @property
    def snapshot_id(self) -> str:
        return self.snapshot.snapshot_id

    def make_current(self) -> None:
        """Let this be the dataset from now on."""
        fence = next_fence()
        learning_wiring.heads().move(replace(self.head, fence=fence))
        SnapshotStore(learning_wiring.clean_objects()).set_current(self.snapshot_id, fence)


def small(here: Cloud) -> Collection:
    """Two snapshots: photos of three species in every split, the second with more test photos."""
    return _kept(here, "small", [*Split, Split.TEST], list(_LOOKS))


def long(here: Cloud) -> Collection:
    """So many snapshots, of a photo each, that compaction has something to fold."""
    return _kept(here, "long", [Split.TRAIN] * (_FOLDED_EVERY + 2), [RED])


def folded_often() -> AbstractContextManager[object]:
    """Let readers and compaction look for a fold at every fourth snapshot."""
    return patch.object(snapshot_store, "FOLDED_EVERY", _FOLDED_EVERY)


def damaged(here: Cloud) -> Collection:
    """Two snapshots; a test photo is not what they say."""
    if "damaged" not in here.kept:
        objects = learning_wiring.clean_objects()
        dataset = _kept(here, "damaged", [Split.TRAIN, Split.TEST], list(_LOOKS))
        shard = dataset.snapshot.shards_of(Split.TEST)[0].key
        whole = objects.get(shard)
        assert whole is not None
        objects.put(shard, whole.replace(b"JFIF", b"JFIX", 1))
    return _kept(here, "damaged", [], [])


def findings() -> tuple[str, ...]:
    """Return what verifying finds wrong with the dataset as it is."""
    verify = VerifyDataset(
        clean_objects=learning_wiring.clean_objects(),
        photos=learning_wiring.dataset_photos(),
        heads=learning_wiring.heads(),
        index=refresh_wiring.index(),
    )
    return verify(lambda *_: None).findings


def _kept(here: Cloud, name: str, splits: list[Split], species: list[str]) -> Collection:
    # Snapshots never change, so one is enough for every trial.
    if name not in here.kept:
        here.kept[name] = _made(splits, species)
    made: Collection = here.kept[name]
    return made


def _made(splits: list[Split], species: list[str]) -> Collection:
    objects, parent = learning_wiring.clean_objects(), NO_PARENT
    for number, split in enumerate(splits):
        # Each of another size: the same look, other bytes.
        photos = [(each, jpeg(_LOOKS[each], width_px=60 + number, height_px=50 + len(splits))) for each in species]
        parent = add_snapshot(objects, photos, parent=parent, split=split)
    snapshot = open_snapshot(objects, parent)
    records, fence = learning_wiring.dataset_photos(), next_fence()
    learning_wiring.heads().claim(fence)
    for row in snapshot.rows.values():
        records.save(
            DatasetPhoto(
                row.photo_id,
                row.source,
                row.species_id,
                f"{row.species_id}/{row.photo_id}.jpg",
                taken_revision=1,
                state=PhotoState.IN_DATASET,
                content_sha256=row.content_sha256,
                phash=row.phash,
                split=row.split,
                group_id=row.group_id,
                dataset_species_id=row.species_id,
                snapshot_id=parent,
                taken_species_id=row.species_id,
                writer_fence=fence,
            )
        )
    refresh_wiring.index().insert([IndexEntry(row.photo_id, row.phash) for row in snapshot.rows.values()], fence)
    return Collection(snapshot, Head(snapshot_id=parent, photos=len(snapshot.rows), species=len(species)))
