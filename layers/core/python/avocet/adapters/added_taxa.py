"""Taxa that admins added, one item of the dataset table, and the world list with them; an outage leaves the last look standing.

An id that the shipped list does not hold is looked up at once, so that a taxon can be used the moment it was added.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from avocet.adapters.world_list_sqlite import SqliteWorldList
from avocet.domain.added_taxa import AddedTaxa, names_of
from avocet.domain.name_kinds import NameKind
from avocet.domain.taxonomy import Group, LabelReview, Taxon
from avocet.observability import log
from avocet.usecases.ports import StaleRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from avocet.adapters.name_index_sqlite import SqliteNameIndex
    from avocet.domain.name_search import NameIndex

LOOK_EVERY_S = 30.0
_KEY = {"key": {"S": "added-taxa"}}
_TAXA = (
    "CREATE TABLE taxon (id INTEGER PRIMARY KEY, species_id TEXT NOT NULL UNIQUE, scientific TEXT, en TEXT, fr TEXT)"
)


@dataclass(frozen=True)
class DynamoAddedTaxa:
    """The item."""

    client: "DynamoDBClient"
    table: str

    def load(self) -> AddedTaxa:
        """Return them as last saved."""
        item = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True).get("Item")
        if item is None:
            return AddedTaxa()
        return AddedTaxa(tuple(Taxon(**each) for each in json.loads(item["record"]["S"])), int(item["version"]["N"]))

    def save(self, added: AddedTaxa) -> AddedTaxa:
        """Replace the list of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """
        saved = replace(added, version=added.version + 1)
        record = json.dumps([asdict(taxon) for taxon in saved.taxa], ensure_ascii=False)
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**_KEY, "version": {"N": str(saved.version)}, "record": {"S": record}},
                ConditionExpression="#version = :read" if added.version else "attribute_not_exists(#version)",
                ExpressionAttributeNames={"#version": "version"},
                **({"ExpressionAttributeValues": {":read": {"N": str(added.version)}}} if added.version else {}),  # type: ignore[arg-type]
            )
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            # A write whose answer got lost is sent again by the client and meets itself.
            if self.load() != saved:
                raise StaleRecordError(_KEY["key"]["S"]) from error
        return saved


@dataclass
class GrownWorldList:
    """The shipped world list and what was added to it since.

    Attributes:
        shipped: The list.
        load: Returns what was added.
        wall_clock_s: Seconds since the epoch.
    """

    shipped: SqliteWorldList
    load: Callable[[], AddedTaxa]
    wall_clock_s: Callable[[], float]
    _added: AddedTaxa = field(default_factory=AddedTaxa)
    _looked_at_s: float | None = None

    def find(self, species_id: str) -> Taxon | None:
        """Return the taxon of that id, or the one that holds it since a lump or a renaming."""
        return self.shipped.find(species_id) or self._added.find(species_id) or self._look().find(species_id)

    def find_many(self, species_ids: Sequence[str]) -> list[Taxon | None]:
        """Return the taxa of those ids, in their order."""
        found = self.shipped.find_many(species_ids)
        unknown = [name for name, taxon in zip(species_ids, found, strict=True) if taxon is None]
        if any(self._added.find(name) is None for name in unknown):
            # Once for all of them: a list may hold thousands that nobody knows.
            self._look()
        return [taxon or self._added.find(name) for name, taxon in zip(species_ids, found, strict=True)]

    def family(self, scientific: str) -> Group | None:
        """Return the family of that scientific name."""
        return self.shipped.family(scientific)

    def order(self, scientific: str) -> Group | None:
        """Return the order of that scientific name."""
        return self.shipped.order(scientific)

    def named(self, name: str, kinds: Iterable[NameKind]) -> list[Taxon]:
        """Return the taxa that bear exactly ``name``, whatever its case, accents, hyphens and spaces."""
        chosen = frozenset(kinds)
        return [*self.shipped.named(name, chosen), *self._current().named(name, chosen)]

    def with_epithet(self, epithet: str, *, of_subspecies: bool) -> list[Taxon]:
        """Return the species whose epithet, or one of whose subspecies' epithets, has the same stem."""
        return self.shipped.with_epithet(epithet, of_subspecies=of_subspecies)

    def of_genus(self, genus: str) -> list[Taxon]:
        """Return the species of a genus."""
        return self.shipped.of_genus(genus)

    def review_of(self, label: str) -> LabelReview | None:
        """Return what a person decided about a label."""
        return self.shipped.review_of(label)

    @property
    def names(self) -> "NameIndex":
        """Every name of the shipped list, for proposals."""
        return self.shipped.names

    def indexes(self) -> "list[NameIndex]":
        """Return every index of names: the list's, and one of what was added."""
        taxa = self._current().taxa
        return [self.shipped.names, _index_of(taxa)] if taxa else [self.shipped.names]

    def _current(self) -> AddedTaxa:
        # A clock set back must not stop us from looking.
        if self._looked_at_s is None or not 0 <= self.wall_clock_s() - self._looked_at_s <= LOOK_EVERY_S:
            return self._look()
        return self._added

    def _look(self) -> AddedTaxa:
        self._looked_at_s = self.wall_clock_s()
        try:
            self._added = self.load()
        except (ClientError, BotoCoreError) as error:
            log("added_taxa_unreadable", level="WARNING", reason=type(error).__name__)
        return self._added


@lru_cache(maxsize=1)
def _index_of(taxa: tuple[Taxon, ...]) -> "SqliteNameIndex":
    # Here, not above: naming a bird searches nothing.
    from avocet.adapters.name_index_sqlite import ListedName, SqliteNameIndex, write_index

    # Several threads may read: SQLite serialises them, and nobody writes.
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute(_TAXA)
    listed: list[ListedName] = []
    for number, taxon in enumerate(taxa):
        row = (number, taxon.species_id, taxon.scientific, taxon.en, taxon.fr)
        connection.execute("INSERT INTO taxon VALUES (?, ?, ?, ?, ?)", row)
        listed += [ListedName(number, kind, name) for kind, name in names_of(taxon)]
    write_index(connection, listed)
    return SqliteNameIndex(connection)
