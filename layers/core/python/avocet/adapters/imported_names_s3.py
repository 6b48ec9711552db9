"""French names that an admin imported, kept in S3 as one compressed table with its own index, and read with its ETag.

A function looks for a newer one when its last look is a minute old by the wall clock. An outage leaves the names of
the last look standing; without any, the world list's own names are all there is.
"""

import gzip
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from avocet.adapters.name_index_sqlite import ListedName, SqliteNameIndex, write_index
from avocet.domain.name_kinds import NameKind
from avocet.domain.name_search import NameIndex
from avocet.domain.taxonomy import Group, Taxon, WorldList
from avocet.observability import log

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

KEY = "catalogue/names-fr.sqlite.gz"
LOOK_EVERY_S = 60.0

# The columns that the index of names joins with; a name list holds one language only.
_TAXA = "CREATE TABLE taxon (id INTEGER PRIMARY KEY, species_id TEXT NOT NULL UNIQUE, scientific TEXT, en TEXT, fr TEXT NOT NULL)"
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound", "AccessDenied"})
_UNCHANGED = frozenset({"304", "NotModified"})


def table_of(names: Mapping[str, str]) -> bytes:
    """Return the compressed table of French names by species_id; the same names give the same bytes."""
    with _in_memory() as connection:
        connection.execute("BEGIN")
        connection.execute(_TAXA)
        listed = []
        for number, (species_id, name) in enumerate(sorted(names.items())):
            connection.execute("INSERT INTO taxon VALUES (?, ?, NULL, NULL, ?)", (number, species_id, name))
            listed.append(ListedName(number, NameKind.FR, name))
        write_index(connection, listed)
        connection.execute("COMMIT")
        return gzip.compress(connection.serialize(), mtime=0)


class FrenchNames:
    """The names of one such table."""

    def __init__(self, table: bytes) -> None:
        # Several threads may read: SQLite serialises them, and nobody writes.
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.deserialize(gzip.decompress(table))
        self._connection.execute("PRAGMA query_only = ON")
        self.names = SqliteNameIndex(self._connection)

    def of(self, species_ids: Sequence[str]) -> dict[str, str]:
        """Return the names of those that have one."""
        marks = ",".join("?" * len(species_ids))
        rows = self._connection.execute(f"SELECT species_id, fr FROM taxon WHERE species_id IN ({marks})", species_ids)  # noqa: S608
        return dict(rows.fetchall())


@dataclass
class S3ImportedNames:
    """The names in the models bucket.

    Attributes:
        client: Of S3.
        bucket: The models bucket.
        wall_clock_s: Seconds since the epoch.
    """

    client: "S3Client"
    bucket: str
    wall_clock_s: Callable[[], float]
    _names: FrenchNames | None = None
    _tag: str | None = None
    _looked_at_s: float | None = None

    def replace(self, names: Mapping[str, str]) -> None:
        """Store the names by species_id, in place of those imported before."""
        self.client.put_object(Bucket=self.bucket, Key=KEY, Body=table_of(names), ContentType="application/gzip")

    def current(self) -> FrenchNames | None:
        """Return the names imported last; None before the first import."""
        now_s = self.wall_clock_s()
        # A clock set back must not stop us from looking.
        if self._looked_at_s is None or not 0 <= now_s - self._looked_at_s <= LOOK_EVERY_S:
            self._looked_at_s = now_s
            try:
                self._look()
            except (ClientError, BotoCoreError, OSError, EOFError, sqlite3.DatabaseError) as error:
                log("imported_names_unreadable", level="WARNING", reason=type(error).__name__)
        return self._names

    def _look(self) -> None:
        asked: dict[str, Any] = {"Bucket": self.bucket, "Key": KEY}
        if self._tag is not None:
            asked["IfNoneMatch"] = self._tag
        try:
            got = self.client.get_object(**asked)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _UNCHANGED:
                return
            if code in _ABSENT:
                self._names = self._tag = None
                return
            raise
        self._names, self._tag = FrenchNames(got["Body"].read()), got["ETag"]


@dataclass(frozen=True)
class WorldListInFrench:
    """The world list with imported French names where it has none of its own."""

    world_list: WorldList
    imported: Callable[[], FrenchNames | None]

    def find(self, species_id: str) -> Taxon | None:
        """Return the taxon of that id, or the one that holds it since a lump or a renaming."""
        return self.find_many([species_id])[0]

    def find_many(self, species_ids: Sequence[str]) -> list[Taxon | None]:
        """Return the taxa of those ids, in their order."""
        taxa = self.world_list.find_many(species_ids)
        unnamed = [taxon.species_id for taxon in taxa if taxon is not None and taxon.fr is None]
        imported = self.imported() if unnamed else None
        names = imported.of(unnamed) if imported is not None else {}
        return [replace(t, fr=names[t.species_id]) if t is not None and t.species_id in names else t for t in taxa]

    def family(self, scientific: str) -> Group | None:
        """Return the family of that scientific name."""
        return self.world_list.family(scientific)

    def order(self, scientific: str) -> Group | None:
        """Return the order of that scientific name."""
        return self.world_list.order(scientific)

    def indexes(self, own: Sequence[NameIndex]) -> list[NameIndex]:
        """Return every index of names there is; ``own`` are the world list's."""
        imported = self.imported()
        return [*own] if imported is None else [*own, imported.names]


@contextmanager
def _in_memory() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection
