"""A list of names to import: reads it, and finds whose names they are; refuses what is no such list, keeps what it can.

The list is a CSV file with a heading: a scientific name, an English one, and the names to import. The IOC multilingual
sheet and lists made of it come in this form or are turned into it by the command line.
"""

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from avocet.domain.errors import AvocetError
from avocet.domain.labels import NamedTaxa, resolve
from avocet.domain.name_kinds import NameKind
from avocet.domain.taxonomy import Taxon

MAX_BYTES = 4_000_000
MAX_ROWS = 40_000
MAX_NAME_LETTERS = 100
MAX_LISTED = 200
_HEADINGS = {
    "scientific": ("scientific", "scientific_name", "scientific name", "ioc scientific name"),
    "english": ("english", "english_name", "english name", "en"),
    "french": ("french", "french_name", "french name", "fr"),
}


class UnreadableListError(AvocetError):
    """The file is no list of names."""

    code: ClassVar[str] = "unreadable-list"
    title: ClassVar[str] = "That is not a list of names"


class ListTooLargeError(AvocetError):
    """The file is larger than any list of the world's birds."""

    code: ClassVar[str] = "list-too-large"
    title: ClassVar[str] = "That list is too large"


@dataclass(frozen=True, slots=True)
class ListedBird:
    """One row of the list."""

    scientific: str
    english: str
    name: str


@dataclass(frozen=True, slots=True)
class MatchedNames:
    """Whose names the list holds.

    Attributes:
        rows: Birds on the list with a name.
        names: Name by species_id.
        unmatched: Scientific names on the list that the world list does not know.
        doubtful: Scientific names of rows whose bird another row names with more right: splits and lumps, mostly.
    """

    rows: int
    names: Mapping[str, str]
    unmatched: Sequence[str]
    doubtful: Sequence[str]


def read_list(data: bytes) -> list[ListedBird]:
    """Return the birds of the list that have a name in it.

    Raises:
        ListTooLargeError: It has more than `MAX_BYTES` or `MAX_ROWS`.
        UnreadableListError: It is not text in UTF-8, has no heading that we know, or names no bird.
    """
    if len(data) > MAX_BYTES:
        raise ListTooLargeError(
            f"Send at most {MAX_BYTES // 1_000_000} MB: only the columns scientific, english, french."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableListError("Save the list as CSV in UTF-8.") from error
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        places = _places(next(lines, []))
        birds = []
        for number, row in enumerate(lines, 1):
            if number > MAX_ROWS:
                raise ListTooLargeError(f"Send at most {MAX_ROWS} rows.")
            scientific, english, name = (_cell(row, places[column]) for column in _HEADINGS)
            if scientific and name:
                birds.append(ListedBird(scientific, english, name))
    except csv.Error as error:
        raise UnreadableListError(f"The list is no CSV: {error}.") from error
    if not birds:
        raise UnreadableListError("The list names no bird.")
    return birds


def match_names(birds: Sequence[ListedBird], taxa: NamedTaxa) -> MatchedNames:
    """Find whose names these are: by the scientific name as it stands first, then as a label would be resolved."""
    names: dict[str, str] = {}
    unmatched, doubtful, later = [], [], []
    for bird in birds:
        taxon = _bearer(bird, taxa)
        if taxon is None:
            later.append(bird)
        elif names.setdefault(taxon.species_id, bird.name) != bird.name:
            doubtful.append(bird.scientific)
    for bird in later:
        species_id = resolve(bird.english, bird.scientific, taxa, heed_reviews=False).species_id
        if species_id is None:
            unmatched.append(bird.scientific)
        elif names.setdefault(species_id, bird.name) != bird.name:
            doubtful.append(bird.scientific)
    return MatchedNames(len(birds), names, unmatched, doubtful)


def _bearer(bird: ListedBird, taxa: NamedTaxa) -> Taxon | None:
    bearers = [taxon for taxon in taxa.named(bird.scientific, [NameKind.SCIENTIFIC]) if taxon.rank == "species"]
    return bearers[0] if len(bearers) == 1 else None


def _places(heading: Sequence[str]) -> dict[str, int]:
    found = {cell.strip().casefold(): place for place, cell in enumerate(heading)}
    places = {column: next((found[name] for name in names if name in found), -1) for column, names in _HEADINGS.items()}
    missing = [column for column in ("scientific", "french") if places[column] < 0]
    if missing:
        raise UnreadableListError(
            "The first row must name the columns: scientific, english, french. Missing: " + ", ".join(missing) + "."
        )
    return places


def _cell(row: Sequence[str], place: int) -> str:
    if not 0 <= place < len(row):
        return ""
    text = unicodedata.normalize("NFC", " ".join(row[place].split()))
    printable = "".join(letter for letter in text if letter.isprintable())
    return printable if len(printable) <= MAX_NAME_LETTERS else ""
