"""Snapshots: what they hold, how they are named, written and folded. It refuses bytes that are not what their name says.

A snapshot is its parent's id and one delta: rows sorted by photo, as canonical JSON lines. Its id is the hash of both,
so the same history always has the same name, and nobody can change a snapshot without changing its name.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar

from avocet.domain.dataset import Split, SplitCounts
from avocet.domain.errors import AvocetError

SCHEMA = 1
# What the first snapshot has in place of a parent.
NO_PARENT = ""


class SnapshotNotFoundError(AvocetError):
    """There is no snapshot of that id."""

    code: ClassVar[str] = "no-snapshot"
    title: ClassVar[str] = "There is no such snapshot"


class CorruptSnapshotError(AvocetError):
    """A snapshot's bytes are not what its id promises."""

    code: ClassVar[str] = "corrupt-snapshot"
    title: ClassVar[str] = "The snapshot is damaged"


class Change(StrEnum):
    """What a row does."""

    ADD = "add"
    RELABEL = "relabel"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a delta.

    Attributes:
        change: What happens to the photo.
        photo_id: Which photo.
        species_id: What it shows from now on; what it showed, when it is removed.
        split: Its split, the same in every row about it.
        group_id: Its duplicate group.
        content_sha256: Of its cleaned JPEG.
        phash: Its perceptual hash, hexadecimal.
        source: Where it came from.
    """

    change: Change
    photo_id: str
    species_id: str
    split: Split
    group_id: str
    content_sha256: str
    phash: str
    source: str

    def to_line(self) -> str:
        """Return the row as canonical JSON: sorted keys, no spaces, ASCII only."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str) -> "Row":
        """Read a row back.

        Raises:
            CorruptSnapshotError: It is not a row.
        """
        try:
            values: dict[str, Any] = json.loads(line)
            values["change"], values["split"] = Change(values["change"]), Split(values["split"])
            return cls(**values)
        except (ValueError, TypeError, KeyError) as error:
            raise CorruptSnapshotError("A line of the delta is not a row.") from error


@dataclass(frozen=True, slots=True)
class Shard:
    """A tar of the photos that a snapshot added to one split, in the order of their ids.

    Attributes:
        key: Where it lies in the clean bucket.
        split: The split it belongs to.
        photos: How many it held when it was written; an erasure takes photos out.
        first_photo_id: The first of them.
        last_photo_id: The last of them.
    """

    key: str
    split: Split
    photos: int
    first_photo_id: str
    last_photo_id: str


@dataclass(frozen=True, slots=True)
class Link:
    """A snapshot as a part of a longer chain: what reading its photos needs of it.

    Attributes:
        snapshot_id: Which.
        parent_id: The snapshot before it; ``NO_PARENT`` for the first.
        depth: Snapshots before it.
        shards: Where the photos it added lie.
    """

    snapshot_id: str
    parent_id: str
    depth: int
    shards: Sequence[Shard]


@dataclass(frozen=True, slots=True)
class Fold:
    """A whole chain in one object: every link, and the rows that come out at its end. Derived; it has no say in any id.

    Attributes:
        links: The first snapshot first.
        rows: The photos that the last one holds, by id.
    """

    links: Sequence[Link]
    rows: Mapping[str, Row]

    def to_bytes(self) -> bytes:
        """Return the fold as stored: the links in the first line, a row in each other one, gzipped."""
        links = json.dumps([asdict(link) for link in self.links], separators=(",", ":"))
        lines = (self.rows[photo_id].to_line() + "\n" for photo_id in sorted(self.rows))
        return gzip.compress((links + "\n" + "".join(lines)).encode(), mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Fold":
        """Read a fold back.

        Raises:
            CorruptSnapshotError: It is damaged.
        """
        try:
            first, *lines = gzip.decompress(data).decode().splitlines()
            links = tuple(
                Link(
                    **{
                        **link,
                        "shards": tuple(Shard(**{**each, "split": Split(each["split"])}) for each in link["shards"]),
                    }
                )
                for link in json.loads(first)
            )
        except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
            raise CorruptSnapshotError("The fold cannot be read.") from error
        rows = [Row.from_line(line) for line in lines]
        return cls(links, {row.photo_id: row for row in rows})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself without its rows.

    Attributes:
        snapshot_id: Hash of the parent's id and the rows.
        parent_id: The snapshot before it; ``NO_PARENT`` for the first.
        depth: Snapshots before it.
        species: Photos of each trainable species, by split, parents included.
        changes: Rows of each kind in this delta.
        shards: Where the photos it added lie.
    """

    snapshot_id: str
    parent_id: str
    depth: int
    species: Mapping[str, SplitCounts]
    changes: Mapping[str, int]
    shards: Sequence[Shard]

    @property
    def link(self) -> Link:
        """The snapshot as a part of a chain."""
        return Link(self.snapshot_id, self.parent_id, self.depth, tuple(self.shards))

    @property
    def photos(self) -> int:
        """Photos in the snapshot, parents included."""
        return sum(counts.total for counts in self.species.values())

    def to_json(self) -> bytes:
        """Return the manifest as stored."""
        values = {
            "schema": SCHEMA,
            "snapshot_id": self.snapshot_id,
            "parent_id": self.parent_id,
            "depth": self.depth,
            "photos": self.photos,
            "species": {name: asdict(counts) for name, counts in sorted(self.species.items())},
            "changes": dict(sorted(self.changes.items())),
            "shards": [asdict(shard) for shard in self.shards],
        }
        return json.dumps(values, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Read a manifest back.

        Raises:
            CorruptSnapshotError: It is not a manifest of this schema.
        """
        try:
            values = json.loads(data)
            if values["schema"] != SCHEMA:
                raise CorruptSnapshotError(f"The manifest has schema {values['schema']}, not {SCHEMA}.")
            return cls(
                snapshot_id=values["snapshot_id"],
                parent_id=values["parent_id"],
                depth=values["depth"],
                species={name: SplitCounts(**counts) for name, counts in values["species"].items()},
                changes=values["changes"],
                shards=tuple(Shard(**{**shard, "split": Split(shard["split"])}) for shard in values["shards"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptSnapshotError("The manifest cannot be read.") from error


def snapshot_id(parent_id: str, rows: Sequence[Row]) -> str:
    """Return the name of the snapshot that ``rows`` make out of its parent: 64 hexadecimal digits."""
    digest = hashlib.sha256(parent_id.encode() + b"\n")
    for row in rows:
        digest.update(row.to_line().encode() + b"\n")
    return digest.hexdigest()


def pack_rows(rows: Iterable[Row]) -> bytes:
    """Return rows as gzipped JSON lines; the same rows give the same bytes."""
    return gzip.compress("".join(row.to_line() + "\n" for row in rows).encode(), mtime=0)


def unpack_rows(data: bytes) -> tuple[Row, ...]:
    """Read packed rows back.

    Raises:
        CorruptSnapshotError: They are damaged.
    """
    try:
        text = gzip.decompress(data).decode()
    except (OSError, EOFError, ValueError) as error:
        raise CorruptSnapshotError("The rows cannot be unpacked.") from error
    return tuple(Row.from_line(line) for line in text.splitlines())


def fold(rows: dict[str, Row], delta: Iterable[Row]) -> None:
    """Apply a delta to ``rows``, the photos in the dataset by id, in place.

    Raises:
        CorruptSnapshotError: A row adds what is there, changes what is not, or moves a photo to another split.
    """
    for row in delta:
        before = rows.get(row.photo_id)
        if (row.change is Change.ADD) == (before is not None):
            raise CorruptSnapshotError(f"Row {row.change} does not fit photo {row.photo_id}.")
        if before is not None and before.split is not row.split:
            raise CorruptSnapshotError(f"Photo {row.photo_id} changes its split.")
        if row.change is Change.REMOVE:
            del rows[row.photo_id]
        else:
            rows[row.photo_id] = row


def counted(rows: Iterable[Row]) -> dict[str, SplitCounts]:
    """Count photos by species and split."""
    counts: dict[str, SplitCounts] = {}
    for row in rows:
        counts[row.species_id] = counts.get(row.species_id, SplitCounts()).plus(row.split, 1)
    return counts
