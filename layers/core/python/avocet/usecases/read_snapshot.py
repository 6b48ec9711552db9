"""Open a snapshot in one call: its rows, its counts, its photos; erased photos are never handed out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from avocet.domain.dataset import Split, SplitCounts
from avocet.domain.hashing import content_hash
from avocet.domain.shards import unpack_shard
from avocet.domain.snapshots import CorruptSnapshotError, Manifest, Row, SnapshotNotFoundError, counted
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.snapshot_store import CURRENT_KEY, SnapshotStore


@dataclass(frozen=True)
class Snapshot:
    """A snapshot, open for reading.

    Attributes:
        manifest: What it says of itself.
        chain: Its manifest and its parents', the first snapshot first.
        rows: Its photos by id, without those that were erased since.
        objects: Where its shards lie.
    """

    manifest: Manifest
    chain: tuple[Manifest, ...]
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
        for manifest in self.chain:
            for shard in manifest.shards:
                if split is None or shard.split is split:
                    yield from self._photos_of(shard.key)

    def _photos_of(self, key: str) -> Iterator[tuple[Row, bytes]]:
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
    if snapshot_id is None:
        current = objects.get(CURRENT_KEY)
        if current is None:
            raise SnapshotNotFoundError("The dataset has no snapshot yet; a refresh makes the first.")
        snapshot_id = current.decode()
    store = SnapshotStore(objects)
    chain = store.chain(snapshot_id)
    rows, erased = store.rows(chain), store.tombstones()
    return Snapshot(chain[-1], chain, {name: row for name, row in rows.items() if name not in erased}, objects)
