"""Write a snapshot: shards, delta and, last of all, the manifest that names them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from avocet.domain.dataset import Split
from avocet.domain.refreshing import Decision
from avocet.domain.shards import SHARD_BYTES, pack_shard, unpack_shard
from avocet.domain.snapshots import NO_PARENT, Change, Manifest, Row, Shard
from avocet.usecases.apply_commit import CommitPlan
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.refresh_work import Beat, Run, staged_key
from avocet.usecases.snapshot_store import SnapshotStore, manifest_key, shards_prefix


@dataclass(frozen=True, kw_only=True)
class WriteSnapshot:
    """The writer of snapshots.

    Attributes:
        clean_objects: The clean bucket.
        shard_bytes: A shard is closed when it holds so much.
    """

    clean_objects: Objects
    shard_bytes: int = SHARD_BYTES

    @property
    def _store(self) -> SnapshotStore:
        return SnapshotStore(self.clean_objects)

    def write(
        self,
        run: Run,
        plan: CommitPlan,
        rows: Sequence[Row],
        decision: Decision,
        batch_keys: Sequence[str],
        kept: Mapping[str, bytes],
        beat: Beat,
    ) -> None:
        """Put every object of the plan's snapshot in place, its manifest last; ``kept`` holds bytes that are in no batch.

        Raises:
            FencedOutError: The work is another's now.
        """
        if self._store.manifest(plan.snapshot_id) is not None:
            # An earlier attempt came this far; a manifest is only ever written after everything it names.
            return
        parent = self._store.manifest(plan.parent_id) if plan.parent_id != NO_PARENT else None
        added = {row.photo_id: row for row in rows if row.change is Change.ADD}
        photos = self._bytes_of(added, batch_keys, kept)
        shards = self._write_shards(run, plan.snapshot_id, added, photos, beat)
        self._store.put_delta(plan.snapshot_id, rows)
        manifest = Manifest(
            snapshot_id=plan.snapshot_id,
            parent_id=plan.parent_id,
            depth=parent.depth + 1 if parent else 0,
            species=decision.species,
            changes={change.value: sum(row.change is change for row in rows) for change in Change},
            shards=tuple(shards),
        )
        self.clean_objects.put_new(manifest_key(plan.snapshot_id), manifest.to_json())

    def _bytes_of(
        self, added: Mapping[str, Row], batch_keys: Sequence[str], kept: Mapping[str, bytes]
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of added photos in the order of their ids, holding one batch in memory at a time."""
        awakened = sorted((photo_id for photo_id in kept if photo_id in added), reverse=True)
        for key in batch_keys:
            staged = self.clean_objects.get(staged_key(key)) or b""
            for photo_id, data in unpack_shard(staged):
                while awakened and awakened[-1] < photo_id:
                    yield awakened[-1], kept[awakened.pop()]
                if photo_id in added:
                    yield photo_id, data
        while awakened:
            yield awakened[-1], kept[awakened.pop()]

    def _write_shards(
        self, run: Run, snapshot: str, added: Mapping[str, Row], photos: Iterable[tuple[str, bytes]], beat: Beat
    ) -> list[Shard]:
        shards: list[Shard] = []
        open_shards: dict[Split, list[tuple[str, bytes]]] = defaultdict(list)

        def close(split: Split) -> None:
            beat(0, None, "writing the snapshot")
            members = open_shards.pop(split)
            number = sum(shard.split is split for shard in shards)
            # The token keeps a writer that was given up from ever touching a shard that counts.
            key = f"{shards_prefix(snapshot)}{run.fence}-{split}-{number:05d}.tar"
            self.clean_objects.put(key, pack_shard(members))
            shards.append(Shard(key, split, len(members), members[0][0], members[-1][0]))

        for photo_id, data in photos:
            split = added[photo_id].split
            open_shards[split].append((photo_id, data))
            if sum(len(each) for _, each in open_shards[split]) >= self.shard_bytes:
                close(split)
        for split in sorted(open_shards):
            close(split)
        return sorted(shards, key=lambda shard: shard.key)
