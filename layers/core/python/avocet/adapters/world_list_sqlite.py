"""Reads the world list out of the table that ships beside this package; the file is opened as immutable, never written."""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from avocet.domain.name_kinds import NameKind
from avocet.domain.names import epithet_stem, key
from avocet.domain.taxonomy import Group, LabelReview, Taxon

if TYPE_CHECKING:
    from avocet.adapters.name_index_sqlite import SqliteNameIndex

PATH = Path(__file__).parents[1] / "data" / "species.sqlite"

SCHEMA = (
    "CREATE TABLE about (subject TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE bird_order (scientific TEXT PRIMARY KEY, en TEXT NOT NULL, fr TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE family (id INTEGER PRIMARY KEY, scientific TEXT NOT NULL, en TEXT NOT NULL, fr TEXT NOT NULL,"
    " bird_order TEXT NOT NULL, silhouette TEXT NOT NULL)",
    "CREATE TABLE taxon (id INTEGER PRIMARY KEY, species_id TEXT NOT NULL UNIQUE, scientific TEXT NOT NULL, en TEXT NOT NULL,"
    " fr TEXT, rank TEXT NOT NULL, family INTEGER NOT NULL, genus TEXT, avibase_id TEXT, parent_id TEXT)",
    "CREATE TABLE change (species_id TEXT PRIMARY KEY, became TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE epithet (stem TEXT NOT NULL, of_subspecies INTEGER NOT NULL, taxon INTEGER NOT NULL,"
    " PRIMARY KEY (stem, of_subspecies, taxon)) WITHOUT ROWID",
    "CREATE TABLE label (key TEXT PRIMARY KEY, label TEXT NOT NULL, scientific_given TEXT NOT NULL, species_id TEXT,"
    " named_species_id TEXT, note TEXT NOT NULL) WITHOUT ROWID",
)
_TAXA = """
SELECT t.species_id, t.scientific, t.en, t.fr, t.rank, f.bird_order, f.scientific, t.genus, t.avibase_id, t.parent_id
FROM taxon t JOIN family f ON f.id = t.family
"""


class SqliteWorldList:
    """The world list; one connection, kept for as long as the process lives."""

    def __init__(self, path: Path = PATH) -> None:
        # Several threads may read: SQLite serialises them, and nobody writes.
        self._connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        # The system keeps the file's pages anyway; SQLite's own copies would fill 2 MB of each process, and save no time.
        self._connection.execute("PRAGMA cache_size = -400")

    def find(self, species_id: str) -> Taxon | None:
        """Return the taxon of that id, or the one that holds it since a lump or a renaming."""
        return self._one("t.species_id = ?", species_id) or self._one(
            "t.species_id = (SELECT became FROM change WHERE species_id = ?)", species_id
        )

    def find_many(self, species_ids: Sequence[str]) -> list[Taxon | None]:
        """Return the taxa of those ids, in their order."""
        held = {
            taxon.species_id: taxon for taxon in self._some(f"t.species_id IN ({_marks(species_ids)})", species_ids)
        }
        return [held.get(species_id) or self.find(species_id) for species_id in species_ids]

    def all_taxa(self) -> list[Taxon]:
        """Return every taxon, in taxonomic order; for tools, not for requests."""
        return self._some("1 ORDER BY t.id", ())

    def family(self, scientific: str) -> Group | None:
        """Return the family of that scientific name."""
        return self._families.get(scientific)

    def family_member(self, family: str) -> Taxon | None:
        """Return some taxon of the family of that scientific name, or None when there is no such family."""
        return self._one("f.scientific = ? LIMIT 1", family)

    def order(self, scientific: str) -> Group | None:
        """Return the order of that scientific name."""
        row = self._connection.execute(
            "SELECT scientific, en, fr FROM bird_order WHERE scientific = ?", (scientific,)
        ).fetchone()
        return Group(*row) if row else None

    def named(self, name: str, kinds: Iterable[NameKind]) -> list[Taxon]:
        """Return the taxa that bear exactly ``name``, whatever its case, accents, hyphens and spaces."""
        chosen = tuple(kinds)
        condition = (
            "t.id IN (SELECT n.taxon FROM name_key k JOIN name n ON n.id = k.name"  # noqa: S608
            f" WHERE k.key = ? AND n.kind IN ({_marks(chosen)})) ORDER BY t.id"
        )
        return self._some(condition, (key(name), *(int(kind) for kind in chosen)))

    def with_epithet(self, epithet: str, *, of_subspecies: bool) -> list[Taxon]:
        """Return the species whose epithet, or one of whose subspecies' epithets, has the same stem."""
        condition = "t.id IN (SELECT taxon FROM epithet WHERE stem = ? AND of_subspecies = ?) ORDER BY t.id"
        return self._some(condition, (epithet_stem(epithet), int(of_subspecies)))

    def of_genus(self, genus: str) -> list[Taxon]:
        """Return the species of a genus, whatever its case."""
        return self._some("t.genus = ? AND t.rank = 'species' ORDER BY t.id", (genus.strip().capitalize(),))

    def review_of(self, label: str) -> LabelReview | None:
        """Return what a person decided about a label of the Kaggle set."""
        row = self._connection.execute(
            "SELECT label, scientific_given, species_id, named_species_id, note FROM label WHERE key = ?", (key(label),)
        ).fetchone()
        return LabelReview(*row) if row else None

    def reviews(self) -> list[LabelReview]:
        """Return every decision about the labels of the Kaggle set, in the order of the labels."""
        rows = self._connection.execute(
            "SELECT label, scientific_given, species_id, named_species_id, note FROM label ORDER BY label"
        )
        return [LabelReview(*row) for row in rows]

    def about(self) -> dict[str, str]:
        """Return where the list comes from and under which licence."""
        return dict(self._connection.execute("SELECT subject, text FROM about").fetchall())

    @cached_property
    def names(self) -> "SqliteNameIndex":
        """The index of every name."""
        # Here, not above: naming a bird searches nothing.
        from avocet.adapters.name_index_sqlite import SqliteNameIndex

        return SqliteNameIndex(self._connection)

    @cached_property
    def _families(self) -> dict[str, Group]:
        rows = self._connection.execute("SELECT scientific, en, fr, silhouette FROM family")
        return {row[0]: Group(*row) for row in rows}

    def _one(self, condition: str, value: str) -> Taxon | None:
        row = self._connection.execute(f"{_TAXA} WHERE {condition}", (value,)).fetchone()
        return Taxon(*row) if row else None

    def _some(self, condition: str, values: Sequence[object]) -> list[Taxon]:
        return [Taxon(*row) for row in self._connection.execute(f"{_TAXA} WHERE {condition}", values)]


@cache
def world_list() -> SqliteWorldList:
    """Return the world list of this process."""
    return SqliteWorldList()


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
