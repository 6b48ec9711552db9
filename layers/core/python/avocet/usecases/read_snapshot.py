"""Open a snapshot in one call: its rows, its counts, its photos; erased photos are never handed out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from avocet.domain.dataset import Split, SplitCounts
from avocet.domain.hashing import content_hash
from avocet.domain.shards import unpack_shard
from avocet.domain.snapshots import CorruptSnapshotError, Link, Manifest, Row, Shard, SnapshotNotFoundError, counted
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.snapshot_store import SnapshotStore


@dataclass(frozen=True)
class Snapshot:
    """A snapshot, open for reading.

    Attributes:
        manifest: What it says of itself.
        links: It and its parents, the first snapshot first.
        rows: Its photos by id, without those that were erased since.
        objects: Where its shards lie.
    """

    manifest: Manifest
    links: Sequence[Link]
    rows: Mapping[str, Row]
    objects: Objects

    @property
    def snapshot_id(self) -> str:
        """Its name."""
        return self.manifest.snapshot_id

    @cached_property
    def counts(self) -> Mapping[str, SplitCounts]:
        """Photos of each species by split, without erased ones."""
        return dict(sorted(counted(self.rows.values()).items()))

    def photos(self, split: Split | None = None) -> Iterator[tuple[Row, bytes]]:
        """Yield each photo with its JPEG, shard by shard, every shard read once and in sequence.

        Args:
            split: Only this split; all of them without.

        Raises:
            CorruptSnapshotError: A shard is missing, or a photo is not what its row says.
        """
        for shard in self.shards_of(split):
            yield from self.photos_of_shard(shard.key)

    def shards_of(self, split: Split | None = None) -> tuple[Shard, ...]:
        """Return the shards that may hold photos of a split, of all splits without one."""
        return tuple(shard for link in self.links for shard in link.shards if split is None or shard.split is split)

    def photos_of_shard(self, key: str) -> Iterator[tuple[Row, bytes]]:
        """Yield the photos of one shard that the snapshot holds.

        Raises:
            CorruptSnapshotError: The shard is missing, or a photo is not what its row says.
        """
        data = self.objects.get(key)
        if data is None:
            raise CorruptSnapshotError(f"The shard {key} is missing.")
        for photo_id, jpeg in unpack_shard(data):
            row = self.rows.get(photo_id)
            if row is None:
                continue
            if content_hash(jpeg) != row.content_sha256:
                raise CorruptSnapshotError(f"Photo {photo_id} in {key} is not what the snapshot says.")
            yield row, jpeg


def open_snapshot(objects: Objects, snapshot_id: str | None = None) -> Snapshot:
    """Open a snapshot of the clean bucket, the current one by default.

    Args:
        objects: The clean bucket.
        snapshot_id: Which; None for the current one.

    Raises:
        SnapshotNotFoundError: There is none of that id, or none at all yet.
        CorruptSnapshotError: A part of it is damaged.
    """
    store = SnapshotStore(objects)
    if snapshot_id is None:
        snapshot_id = store.current()
        if snapshot_id is None:
            raise SnapshotNotFoundError("The dataset has no snapshot yet; a refresh makes the first.")
    read, erased = store.read(snapshot_id), store.tombstones()
    rows = {name: row for name, row in read.rows.items() if name not in erased}
    return Snapshot(store.require_manifest(snapshot_id), read.links, rows, objects)
