"""Where snapshots lie in the clean bucket, and how their parts are put there and read back."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avocet.domain.jobs import FencedOutError
from avocet.domain.snapshots import (
    NO_PARENT,
    CorruptSnapshotError,
    Fold,
    Link,
    Manifest,
    Row,
    SnapshotNotFoundError,
    fold,
    pack_rows,
    snapshot_id,
    unpack_rows,
)
from avocet.settings import WORK_PREFIX
from avocet.usecases.dataset_ports import Objects

_SNAPSHOT_ID = re.compile(r"[0-9a-f]{64}")

CURRENT_KEY = "snapshots/CURRENT"
TOMBSTONES = "tombstones/"
ERASURES = "erasures/"
# A reader goes back at most so many snapshots before it looks for a fold; compaction keeps one at each such depth.
FOLDED_EVERY = 16
WORK = WORK_PREFIX
PLANS = "plans/"


def manifest_key(snapshot: str) -> str:
    """Return where a snapshot's manifest lies."""
    return f"snapshots/{snapshot}/manifest.json"


def delta_key(snapshot: str) -> str:
    """Return where a snapshot's rows lie."""
    return f"snapshots/{snapshot}/delta.jsonl.gz"


def folded_key(snapshot: str) -> str:
    """Return where a snapshot and all its parents lie folded into one, once that was done."""
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

    def delta(self, link: Link) -> tuple[Row, ...]:
        """Return a snapshot's own rows, proven to be what its id promises.

        Raises:
            CorruptSnapshotError: They are missing, damaged, or another snapshot's.
        """
        data = self.objects.get(delta_key(link.snapshot_id))
        if data is None:
            raise CorruptSnapshotError(f"The rows of snapshot {link.snapshot_id} are missing.")
        rows = unpack_rows(data)
        if snapshot_id(link.parent_id, rows) != link.snapshot_id:
            raise CorruptSnapshotError(f"The rows of snapshot {link.snapshot_id} were changed.")
        return rows

    def chain(self, snapshot: str) -> tuple[Manifest, ...]:
        """Return a snapshot's manifest and its parents' all the way back, the first snapshot first.

        Raises:
            SnapshotNotFoundError: One of them is missing.
            CorruptSnapshotError: One of them is not what its child says.
        """
        return tuple(reversed(list(self._back_from(snapshot))))

    def read(self, snapshot: str) -> Fold:
        """Return a snapshot's links and rows; a fold on the way back saves the rest of the way.

        Raises:
            SnapshotNotFoundError: One of its parents is missing.
            CorruptSnapshotError: A part is damaged.
        """
        start, later = Fold((), {}), list[Link]()
        for manifest in self._back_from(snapshot):
            if manifest.depth and manifest.depth % FOLDED_EVERY == 0:
                found = self.fold_of(manifest.snapshot_id)
                if found is not None:
                    start = found
                    break
            later.append(manifest.link)
        rows = dict(start.rows)
        for link in reversed(later):
            fold(rows, self.delta(link))
        return Fold((*start.links, *reversed(later)), rows)

    def fold_of(self, snapshot: str) -> Fold | None:
        """Return what compaction kept beside a snapshot, or None; one that is damaged is as good as none."""
        data = self.objects.get(folded_key(snapshot))
        try:
            return None if data is None else Fold.from_bytes(data)
        except CorruptSnapshotError:
            return None

    def compact(self, snapshot: str) -> str | None:
        """Fold the chain behind a snapshot at the last depth where readers look for it; return the snapshot folded.

        Its id and every object of it stay as they are, and doing it again changes nothing.

        Raises:
            SnapshotNotFoundError: One of its parents is missing.
            CorruptSnapshotError: A part is damaged.
        """
        for manifest in self._back_from(snapshot):
            if manifest.depth == 0:
                return None
            if manifest.depth % FOLDED_EVERY == 0:
                if self.fold_of(manifest.snapshot_id) is not None:
                    return None
                self.objects.put(folded_key(manifest.snapshot_id), self.read(manifest.snapshot_id).to_bytes())
                return manifest.snapshot_id
        return None

    def _back_from(self, snapshot: str) -> Iterator[Manifest]:
        wanted = snapshot
        while wanted != NO_PARENT:
            manifest = self.require_manifest(wanted)
            if manifest.snapshot_id != wanted:
                raise CorruptSnapshotError(f"Snapshot {wanted} lies under another's name.")
            yield manifest
            wanted = manifest.parent_id

    def current(self) -> str | None:
        """Return the id of the current snapshot as the bucket names it, or None before the first."""
        data = self.objects.get(CURRENT_KEY)
        return None if data is None else _snapshot_and_fence(data)[0]

    def set_current(self, snapshot: str, fence: int) -> None:
        """Name the current snapshot, as the writer with that token.

        Raises:
            FencedOutError: A writer with a newer token named one.
        """
        data = f"{snapshot}\n{fence}\n".encode()
        while True:
            found = self.objects.read_tagged(CURRENT_KEY)
            if found is None:
                if self.objects.put_new(CURRENT_KEY, data):
                    return
                continue
            if _snapshot_and_fence(found.data)[1] > fence:
                raise FencedOutError(f"a newer writer than {fence} has named the current snapshot")
            if found.data == data or self.objects.replace(CURRENT_KEY, data, found.tag):
                return

    def tombstones(self) -> frozenset[str]:
        """Return the ids of all erased photos."""
        return frozenset(self._names(TOMBSTONES))

    def pending_erasures(self) -> tuple[str, ...]:
        """Return the ids of photos whose bytes are yet to be removed."""
        return tuple(self._names(ERASURES))

    def _names(self, prefix: str) -> Iterator[str]:
        for key in self.objects.keys(prefix):
            yield key.removeprefix(prefix)


def _snapshot_and_fence(data: bytes) -> tuple[str, int]:
    snapshot, _, fence = data.decode().partition("\n")
    return snapshot, int(fence or 0)


def discard_work(objects: Objects, job_id: str) -> None:
    """Remove a closed job's working files: they hold photos."""
    for key in list(objects.keys(f"{WORK}{job_id}/")):
        objects.purge(key)
