"""Re-hash everything and prove the invariants: names, folds, splits, groups, shards, erasures, index. It changes nothing."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from avocet.domain.dataset import Split
from avocet.domain.duplicates import Fingerprint, IndexEntry, pairs_among
from avocet.domain.hashing import CERTAIN_DISTANCE, band_keys, content_hash, distance
from avocet.domain.shards import unpack_shard
from avocet.domain.snapshots import (
    CorruptSnapshotError,
    Fold,
    Manifest,
    Row,
    SnapshotNotFoundError,
    counted,
    fold,
)
from avocet.usecases.dataset_ports import DatasetPhotos, DuplicateIndex, Heads, Objects
from avocet.usecases.snapshot_store import SnapshotStore, folded_key, shards_prefix

# A report is read by people; a damaged bucket would fill megabytes.
MAX_FINDINGS = 100
_INDEX_BATCH = 500

Beat = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found.

    Attributes:
        snapshot_id: The snapshot verified; empty when there is none yet.
        photos: Photos whose bytes were hashed again.
        findings: What is wrong, in sentences; empty when all is well.
    """

    snapshot_id: str
    photos: int
    findings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VerifyDataset:
    """Verifies the current snapshot and all its parents.

    Attributes:
        clean_objects: The clean bucket.
        photos: The dataset's records.
        heads: Keeper of the head.
        index: The duplicate index.
    """

    clean_objects: Objects
    photos: DatasetPhotos
    heads: Heads
    index: DuplicateIndex

    def __call__(self, beat: Beat) -> Verification:
        """Verify; read everything once.

        Raises:
            FencedOutError: The job is another worker's now.
        """
        head = self.heads.read()
        if not head.snapshot_id:
            return Verification("", 0, ())
        store, findings = SnapshotStore(self.clean_objects), list[str]()
        try:
            # All the way back, past every fold: what is to be proven proves nothing.
            chain = store.chain(head.snapshot_id)
            deltas = [store.delta(manifest.link) for manifest in chain]
            rows, wrong_folds = self._folded(store, chain, deltas)
        except (CorruptSnapshotError, SnapshotNotFoundError) as error:
            return Verification(head.snapshot_id, 0, (error.detail,))
        erased = store.tombstones()
        if not head.plan_key and store.current() != head.snapshot_id:
            findings.append("The name of the current snapshot in the bucket is not the head's.")
        findings += _splits(deltas)
        findings += _counts(chain, rows)
        findings += wrong_folds
        findings += _groups(rows)
        hashed, missing = self._shards(chain, rows, erased, beat)
        findings += missing
        findings += self._index_holds(rows, erased)
        findings += self._records_agree(rows, erased)
        return Verification(head.snapshot_id, hashed, tuple(findings[:MAX_FINDINGS]))

    def _folded(
        self, store: SnapshotStore, chain: Sequence[Manifest], deltas: Sequence[Sequence[Row]]
    ) -> tuple[dict[str, Row], list[str]]:
        """Apply every delta in turn, and hold each fold that compaction kept against what came out."""
        rows: dict[str, Row] = {}
        wrong: list[str] = []
        for position, (manifest, delta) in enumerate(zip(chain, deltas, strict=True)):
            fold(rows, delta)
            if self.clean_objects.get(folded_key(manifest.snapshot_id)) is None:
                continue
            links = tuple(each.link for each in chain[: position + 1])
            if store.fold_of(manifest.snapshot_id) != Fold(links, rows):
                wrong.append(f"The fold beside {manifest.snapshot_id} is not what its deltas make.")
        return rows, wrong

    def _shards(
        self, chain: Sequence[Manifest], rows: Mapping[str, Row], erased: frozenset[str], beat: Beat
    ) -> tuple[int, list[str]]:
        wrong: list[str] = []
        seen: dict[str, str] = {}
        shards = [(manifest, shard) for manifest in chain for shard in manifest.shards]
        beat(0, len(shards), "hashing photos again")
        for _, shard in shards:
            beat(1, None, "hashing photos again")
            data = self.clean_objects.get(shard.key)
            if data is None:
                wrong.append(f"The shard {shard.key} is missing.")
                continue
            try:
                members = list(unpack_shard(data))
            except CorruptSnapshotError as error:
                wrong.append(f"{shard.key}: {error.detail}")
                continue
            for photo_id, jpeg in members:
                row = rows.get(photo_id)
                if photo_id in seen:
                    wrong.append(f"Photo {photo_id} lies in two shards.")
                seen[photo_id] = shard.key
                if row is None:
                    continue
                if row.split is not shard.split:
                    wrong.append(f"Photo {photo_id} of {row.split} lies in a shard of {shard.split}.")
                if content_hash(jpeg) != row.content_sha256:
                    wrong.append(f"Photo {photo_id} in {shard.key} is not what the snapshot says.")
        pending = set(SnapshotStore(self.clean_objects).pending_erasures())
        wrong += [f"Photo {each} is in no shard." for each in sorted(rows.keys() - seen.keys() - erased)]
        wrong += [
            f"Photo {each} was erased and lies in {seen[each]}." for each in sorted(erased & seen.keys() - pending)
        ]
        named = {shard.key for _, shard in shards}
        for manifest in chain:
            strays = set(self.clean_objects.keys(shards_prefix(manifest.snapshot_id))) - named
            wrong += [f"The shard {key} belongs to nothing." for key in sorted(strays)]
        return len(seen), wrong

    def _index_holds(self, rows: Mapping[str, Row], erased: frozenset[str]) -> list[str]:
        wrong: list[str] = []
        names = sorted(rows.keys() - erased)
        for start in range(0, len(names), _INDEX_BATCH):
            batch = [rows[name] for name in names[start : start + _INDEX_BATCH]]
            buckets = self.index.lookup(sorted({key for row in batch for key in band_keys(bytes.fromhex(row.phash))}))
            for row in batch:
                entry = IndexEntry(row.photo_id, row.phash)
                held = sum(entry in buckets.get(key, ()) for key in band_keys(bytes.fromhex(row.phash)))
                if not held:
                    wrong.append(f"Photo {row.photo_id} is not in the duplicate index.")
        return wrong

    def _records_agree(self, rows: Mapping[str, Row], erased: frozenset[str]) -> list[str]:
        wrong: list[str] = []
        names = sorted(rows.keys() - erased)
        for start in range(0, len(names), _INDEX_BATCH):
            batch = names[start : start + _INDEX_BATCH]
            records = self.photos.find_many(batch)
            for name in batch:
                record, row = records.get(name), rows[name]
                if record is None:
                    wrong.append(f"Photo {name} has no record.")
                elif (record.split, record.dataset_species_id) != (row.split, row.species_id):
                    wrong.append(f"The record of photo {name} says {record.split}, {record.dataset_species_id}.")
        return wrong


def _splits(deltas: Sequence[Sequence[Row]]) -> list[str]:
    first: dict[str, Split] = {}
    return [
        f"Photo {row.photo_id} changed its split."
        for delta in deltas
        for row in delta
        if first.setdefault(row.photo_id, row.split) is not row.split
    ]


def _counts(chain: Sequence[Manifest], rows: Mapping[str, Row]) -> list[str]:
    said = {name: counts for name, counts in chain[-1].species.items() if counts.total}
    wrong = [] if said == counted(rows.values()) else ["The counts in the manifest are not its rows'."]
    for before, after in pairwise(chain):
        lost = before.species.keys() - after.species.keys()
        wrong += [f"The species {name} was trainable and is no more." for name in sorted(lost)]
    return wrong


def _groups(rows: Mapping[str, Row]) -> list[str]:
    wrong: list[str] = []
    splits: dict[str, set[Split]] = defaultdict(set)
    for row in rows.values():
        splits[row.group_id].add(row.split)
    wrong += [
        f"The duplicate group {group} lies in {len(held)} splits." for group, held in splits.items() if len(held) > 1
    ]
    pairs = pairs_among([Fingerprint(row.photo_id, row.phash, row.phash) for row in rows.values()])
    for photo_id, others in pairs.items():
        for other in others:
            apart = distance(bytes.fromhex(rows[photo_id].phash), bytes.fromhex(rows[other].phash))
            if photo_id < other and apart <= CERTAIN_DISTANCE and rows[photo_id].split is not rows[other].split:
                wrong.append(f"Near-duplicates {photo_id} and {other} lie in two splits.")
    return wrong
