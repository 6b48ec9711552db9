"""The banded index of perceptual hashes in the dataset table: one item for each bucket, a few dozen bytes for each photo.

A lookup is 32 keys a photo, a hundred in a request; an insert is 16 items a photo, 99 in a transaction that also checks
that the writer is still the writer. Neither depends on how many photos there are.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from avocet.adapters.dataset_records import put_fenced, read_many
from avocet.domain.duplicates import IndexEntry
from avocet.domain.hashing import band_keys
from avocet.observability import log

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_BUCKET = "bucket#"
_ID_BYTES = 16
_ENTRY_BYTES = _ID_BYTES + 32
# Sixteen bits make 65,536 buckets a band, so ten million photos fill one with 150. A fuller one holds pictures that
# agree in this band for no good reason (night skies, say); they are found through the other fifteen.
MAX_ENTRIES = 256


@dataclass(frozen=True)
class DynamoDuplicateIndex:
    """The buckets."""

    client: "DynamoDBClient"
    table: str

    def lookup(self, keys: Sequence[str]) -> Mapping[str, Sequence[IndexEntry]]:
        """Return the buckets that exist, by key."""
        items = read_many(self.client, self.table, [_BUCKET + key for key in keys])
        return {item["key"]["S"].removeprefix(_BUCKET): _unpacked(item["entries"]["B"]) for item in items}

    def insert(self, entries: Sequence[IndexEntry], fence: int) -> None:
        """Put photos into all their buckets; doing it again changes nothing.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """
        self._change(entries, fence, adds=True)

    def remove(self, entries: Sequence[IndexEntry], fence: int) -> None:
        """Take photos out of all their buckets.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """
        self._change(entries, fence, adds=False)

    def _change(self, entries: Sequence[IndexEntry], fence: int, *, adds: bool) -> None:
        by_bucket: dict[str, dict[str, IndexEntry]] = defaultdict(dict)
        for entry in entries:
            for key in band_keys(bytes.fromhex(entry.phash)):
                by_bucket[key][entry.photo_id] = entry
        before = self.lookup(sorted(by_bucket))
        items: list[dict[str, Any]] = []
        for key, changes in sorted(by_bucket.items()):
            held = {entry.photo_id: entry for entry in before.get(key, ())}
            after = {**held, **changes} if adds else {name: each for name, each in held.items() if name not in changes}
            if len(after) > max(MAX_ENTRIES, len(held)):
                log("bucket_full", level="WARNING", bucket=key, metrics={"DuplicateBucketFull": 1})
                continue
            if after != held:
                items.append(_item(key, after))
        put_fenced(self.client, self.table, items, fence)


def _item(key: str, entries: Mapping[str, IndexEntry]) -> dict[str, Any]:
    packed = b"".join(bytes.fromhex(photo_id) + bytes.fromhex(entries[photo_id].phash) for photo_id in sorted(entries))
    return {"key": {"S": _BUCKET + key}, "entries": {"B": packed}}


def _unpacked(packed: bytes) -> tuple[IndexEntry, ...]:
    return tuple(
        IndexEntry(packed[at : at + _ID_BYTES].hex(), packed[at + _ID_BYTES : at + _ENTRY_BYTES].hex())
        for at in range(0, len(packed), _ENTRY_BYTES)
    )
