"""Where snapshots lie in the clean bucket, and how their parts are put there and read back."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avocet.domain.snapshots import (
    NO_PARENT,
    CorruptSnapshotError,
    Manifest,
    Row,
    SnapshotNotFoundError,
    fold,
    pack_rows,
    snapshot_id,
    unpack_rows,
)
from avocet.usecases.dataset_ports import Objects

_SNAPSHOT_ID = re.compile(r"[0-9a-f]{64}")

CURRENT_KEY = "snapshots/CURRENT"
TOMBSTONES = "tombstones/"
ERASURES = "erasures/"
WORK = "work/"
PLANS = "plans/"


def manifest_key(snapshot: str) -> str:
    """Return where a snapshot's manifest lies."""
    return f"snapshots/{snapshot}/manifest.json"


def delta_key(snapshot: str) -> str:
    """Return where a snapshot's rows lie."""
    return f"snapshots/{snapshot}/delta.jsonl.gz"


def folded_key(snapshot: str) -> str:
    """Return where all rows of a snapshot and its parents lie folded into one, once it was compacted."""
    return f"snapshots/{snapshot}/folded.jsonl.gz"


def shards_prefix(snapshot: str) -> str:
    """Return what the keys of a snapshot's shards begin with."""
    return f"shards/{snapshot}/"


@dataclass(frozen=True)
class SnapshotStore:
    """Snapshots in a bucket."""

    objects: Objects

    def manifest(self, snapshot: str) -> Manifest | None:
        """Return a snapshot's manifest, or None when there is none.

        Raises:
            CorruptSnapshotError: It cannot be read.
        """
        data = self.objects.get(manifest_key(snapshot))
        return None if data is None else Manifest.from_json(data)

    def require_manifest(self, snapshot: str) -> Manifest:
        """Return a snapshot's manifest.

        Raises:
            SnapshotNotFoundError: There is none.
            CorruptSnapshotError: It cannot be read.
        """
        # What people type never becomes a path.
        manifest = self.manifest(snapshot) if _SNAPSHOT_ID.fullmatch(snapshot) else None
        if manifest is None:
            raise SnapshotNotFoundError(f"There is no snapshot {snapshot[:64]!r}.")
        return manifest

    def put_delta(self, snapshot: str, rows: Sequence[Row]) -> None:
        """Store a snapshot's rows; its name makes them immutable."""
        self.objects.put_new(delta_key(snapshot), pack_rows(rows))

    def delta(self, manifest: Manifest) -> tuple[Row, ...]:
        """Return a snapshot's own rows, proven to be what its id promises.

        Raises:
            CorruptSnapshotError: They are missing, damaged, or another snapshot's.
        """
        data = self.objects.get(delta_key(manifest.snapshot_id))
        if data is None:
            raise CorruptSnapshotError(f"The rows of snapshot {manifest.snapshot_id} are missing.")
        rows = unpack_rows(data)
        if snapshot_id(manifest.parent_id, rows) != manifest.snapshot_id:
            raise CorruptSnapshotError(f"The rows of snapshot {manifest.snapshot_id} were changed.")
        return rows

    def chain(self, snapshot: str) -> tuple[Manifest, ...]:
        """Return a snapshot's manifest and its parents', the first snapshot first.

        Raises:
            SnapshotNotFoundError: One of them is missing.
            CorruptSnapshotError: One of them is not what its child says.
        """
        manifests: list[Manifest] = []
        wanted = snapshot
        while wanted != NO_PARENT:
            manifest = self.require_manifest(wanted)
            if manifest.snapshot_id != wanted:
                raise CorruptSnapshotError(f"Snapshot {wanted} lies under another's name.")
            manifests.append(manifest)
            wanted = manifest.parent_id
        return tuple(reversed(manifests))

    def rows(self, chain: Sequence[Manifest]) -> dict[str, Row]:
        """Fold a chain into the photos that its last snapshot holds, by id; compacted ones save the way back.

        Raises:
            CorruptSnapshotError: A part is damaged.
        """
        start, folded = 0, dict[str, Row]()
        for position in range(len(chain) - 1, -1, -1):
            data = self.objects.get(folded_key(chain[position].snapshot_id)) if position else None
            if data is not None:
                folded = {row.photo_id: row for row in unpack_rows(data)}
                start = position + 1
                break
        for manifest in chain[start:]:
            fold(folded, self.delta(manifest))
        return folded

    def compact(self, snapshot: str) -> None:
        """Keep a snapshot's rows folded into one, so that readers need not walk all the way back."""
        rows = self.rows(self.chain(snapshot))
        self.objects.put_new(folded_key(snapshot), pack_rows(rows[photo_id] for photo_id in sorted(rows)))

    def tombstones(self) -> frozenset[str]:
        """Return the ids of all erased photos."""
        return frozenset(self._names(TOMBSTONES))

    def pending_erasures(self) -> tuple[str, ...]:
        """Return the ids of photos whose bytes are yet to be removed."""
        return tuple(self._names(ERASURES))

    def _names(self, prefix: str) -> Iterator[str]:
        for key in self.objects.keys(prefix):
            yield key.removeprefix(prefix)


def discard_work(objects: Objects, job_id: str) -> None:
    """Remove a closed job's working files: they hold photos."""
    for key in list(objects.keys(f"{WORK}{job_id}/")):
        objects.purge(key)
