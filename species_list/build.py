"""Makes the table that ships in the core layer from the committed sources; same sources, same bytes.

``python -m species_list.build`` rewrites ``layers/core/python/avocet/data/species.sqlite`` and the page's list of which
drawing stands for which family; with ``--check`` it says whether the committed ones are those that the sources make.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from avocet.adapters import name_index_sqlite, world_list_sqlite
from avocet.adapters.name_index_sqlite import ListedName
from avocet.domain.name_kinds import NameKind
from avocet.domain.names import epithet_stem, key
from species_list.update import ListError, read_rows

ABOUT = {
    "list": "AviList: The Global Avian Checklist, v2025",
    "source": "AviList Core Team. 2025. AviList: The Global Avian Checklist, v2025. https://doi.org/10.2173/avilist.v2025",
    "licence": "AviList: CC BY 4.0; read through the birdnames package (MIT). French names and reviews: this project's own.",
    "changes": "Reduced to names, order, family and Avibase ids; genera, families and breeds of the Kaggle set added.",
}
# Offsets of the parts of an SQLite header that say which version wrote the file and how often.
_CHANGE_COUNTER = slice(24, 28)
_VERSION_VALID_FOR = slice(92, 96)
_LIBRARY_VERSION = slice(96, 100)
_PAGE_BYTES = 4096

DRAWINGS = Path(__file__).parents[1] / "web" / "public" / "silhouettes" / "families.json"


class Sources:
    """The committed sources, checked against each other.

    Raises:
        ListError: They contradict each other.
    """

    def __init__(self) -> None:
        self.orders = read_rows("orders.csv")
        self.families = read_rows("families.csv")
        self.changes = {row["species_id"]: row["became"] for row in read_rows("changes.csv")}
        self.labels = read_rows("kaggle_labels.csv")
        self.synonyms = read_rows("synonyms.csv")
        self.french = {row["species_id"]: row["fr"] for row in read_rows("french_names.csv")}
        ids = {row["avibase_id"]: row["species_id"] for row in read_rows("ids.csv")}
        self.species = [row | {"species_id": ids.get(row["avibase_id"], "")} for row in read_rows("avilist.csv")]
        self.others = read_rows("other_taxa.csv")
        self._check(ids)

    def _check(self, ids: dict[str, str]) -> None:
        listed = [row["species_id"] for row in [*self.species, *self.others]]
        known = set(listed)
        families = {row["family"] for row in self.families}
        problems = [
            ("species without an id", [row["en"] for row in self.species if not row["species_id"]]),
            ("ids given twice", sorted({i for i in listed if listed.count(i) > 1}) if len(known) < len(listed) else []),
            ("ids of no species and not in changes.csv", sorted(set(ids.values()) - known - set(self.changes))),
            ("changed into what is not listed", sorted(set(self.changes.values()) - known)),
            ("changed and still listed", sorted(set(self.changes) & known)),
            ("families without names", sorted({row["family"] for row in self.species} - families)),
            (
                "orders without names",
                sorted({row["order"] for row in self.species} - {row["order"] for row in self.orders}),
            ),
            ("French names of nothing", sorted(set(self.french) - known)),
            ("labels of nothing", sorted({row["species_id"] for row in self.labels} - known - {""})),
            ("synonyms of nothing", sorted({row["species_id"] for row in self.synonyms} - known)),
            ("parents that are not listed", sorted({row["parent"] for row in self.others} - known - {""})),
        ]
        found = [f"{what}: {', '.join(which)}" for what, which in problems if which]
        if found:
            raise ListError("; ".join(found))


def build(path: Path, sources: Sources) -> None:
    """Write the table of ``sources`` to ``path``, over whatever is there."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA encoding = 'UTF-8'")
        connection.execute("BEGIN")
        for statement in world_list_sqlite.SCHEMA:
            connection.execute(statement)
        _write_groups(connection, sources)
        _write_taxa(connection, sources)
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    finally:
        connection.close()
    content = bytearray(path.read_bytes())
    for part in (_CHANGE_COUNTER, _VERSION_VALID_FOR, _LIBRARY_VERSION):
        content[part] = bytes(4)
    path.write_bytes(content)


def _write_groups(connection: sqlite3.Connection, sources: Sources) -> None:
    order_of = {row["family"]: row["order"] for row in sources.species}
    connection.executemany("INSERT INTO about VALUES (?, ?)", sorted(ABOUT.items()))
    connection.executemany("INSERT INTO bird_order VALUES (:order, :en, :fr)", sources.orders)
    connection.executemany(
        "INSERT INTO family VALUES (?, ?, ?, ?, ?, ?)",
        (
            (number, row["family"], row["en"], row["fr"], order_of[row["family"]], row["silhouette"])
            for number, row in enumerate(sources.families)
        ),
    )
    connection.executemany("INSERT INTO change VALUES (?, ?)", sorted(sources.changes.items()))
    connection.executemany(
        "INSERT INTO label VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                key(row["label"]),
                row["label"],
                row["scientific_given"].strip(),
                row["species_id"] or None,
                row["named_species_id"] or None,
                row["note"],
            )
            for row in sources.labels
        ),
    )


def _write_taxa(connection: sqlite3.Connection, sources: Sources) -> None:
    family_numbers = {row["family"]: number for number, row in enumerate(sources.families)}
    family_of_genus = {row["scientific"].split()[0]: row["family"] for row in sources.species}
    rows: list[tuple[str, str, str, str | None, str, int, str | None, str | None, str | None]] = []
    epithets: list[tuple[str, int, int]] = []
    for row in sources.species:
        genus, epithet = row["scientific"].split()
        number = len(rows)
        epithets.append((epithet_stem(epithet), 0, number))
        epithets.extend((stem, 1, number) for stem in dict.fromkeys(epithet_stem(e) for e in row["subspecies"].split()))
        rows.append(
            (
                row["species_id"],
                row["scientific"],
                row["en"],
                sources.french.get(row["species_id"]),
                "species",
                family_numbers[row["family"]],
                genus,
                row["avibase_id"],
                None,
            )
        )
    for row in sources.others:
        is_family = row["rank"] == "family"
        genus = row["scientific"].split()[0]
        family = row["scientific"] if is_family else family_of_genus[genus]
        rows.append(
            (
                row["species_id"],
                row["scientific"],
                row["en"],
                row["fr"] or None,
                row["rank"],
                family_numbers[family],
                None if is_family else genus,
                None,
                row["parent"] or None,
            )
        )
    connection.executemany(
        "INSERT INTO taxon VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ((i, *row) for i, row in enumerate(rows))
    )
    connection.executemany("INSERT INTO epithet VALUES (?, ?, ?)", epithets)
    number_of = {row[0]: number for number, row in enumerate(rows)}
    name_index_sqlite.write_index(connection, list(_names(rows, sources.synonyms, number_of)))


def _names(
    rows: Iterable[tuple[str, str, str, str | None, str, int, str | None, str | None, str | None]],
    synonyms: Iterable[dict[str, str]],
    number_of: dict[str, int],
) -> Iterable[ListedName]:
    for number, (_, scientific, en, fr, *_rest) in enumerate(rows):
        yield ListedName(number, NameKind.EN, en)
        if fr:
            yield ListedName(number, NameKind.FR, fr)
        yield ListedName(number, NameKind.SCIENTIFIC, scientific)
    for row in synonyms:
        yield ListedName(number_of[row["species_id"]], NameKind.SYNONYM, row["name"])


def drawings_text(sources: Sources) -> str:
    """Return the JSON that tells the page which drawing stands for a family."""
    drawings = {row["family"]: row["silhouette"] for row in sources.families}
    return json.dumps(drawings, indent=0, sort_keys=True) + "\n"


def check_ids(published: Path, built: Path) -> None:
    """Compare the ids of two tables.

    Raises:
        ListError: An id of ``published`` names another bird in ``built``, or none, and no change accounts for it.
    """
    before = world_list_sqlite.SqliteWorldList(published)
    after = world_list_sqlite.SqliteWorldList(built)
    moved = []
    for taxon in before.all_taxa():
        now = after.find(taxon.species_id)
        if now is None or (now.species_id == taxon.species_id and now.avibase_id != taxon.avibase_id):
            moved.append(taxon.species_id)
    if moved:
        raise ListError("ids that vanished or changed hands (record them in changes.csv): " + ", ".join(moved))


def main() -> int:
    """Build the table, or check the committed one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail when the committed table is out of date"
    )
    options = parser.parse_args()
    shipped = world_list_sqlite.PATH
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / shipped.name
        try:
            sources = Sources()
            build(built, sources)
            if shipped.exists():
                check_ids(shipped, built)
        except ListError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        if options.check:
            current = (
                shipped.exists()
                and shipped.read_bytes() == built.read_bytes()
                and DRAWINGS.exists()
                and DRAWINGS.read_text(encoding="utf-8") == drawings_text(sources)
            )
            sys.stdout.write("up to date\n" if current else "out of date: run python -m species_list.build\n")
            return 0 if current else 1
        shipped.parent.mkdir(exist_ok=True)
        shipped.write_bytes(built.read_bytes())
        DRAWINGS.write_text(drawings_text(sources), encoding="utf-8")
    sys.stdout.write(f"{shipped.name}: {shipped.stat().st_size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
