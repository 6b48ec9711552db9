"""Writes and reads the index of names that search goes through; the world list and a names overlay both carry one.

Lists of numbers are kept as blobs of 16-bit integers, low byte first: one row a word instead of one a pair.
"""

import sqlite3
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from heapq import nlargest
from itertools import pairwise
from typing import NamedTuple

from avocet.domain.name_kinds import NameKind
from avocet.domain.name_search import IndexedName, Word
from avocet.domain.names import fold, grams

SCHEMA = (
    "CREATE TABLE name (id INTEGER PRIMARY KEY, taxon INTEGER NOT NULL, kind INTEGER NOT NULL, text TEXT, words INTEGER NOT NULL)",
    "CREATE TABLE name_key (key TEXT NOT NULL, name INTEGER NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID",
    "CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, names BLOB NOT NULL)",
    "CREATE TABLE word_letters (letters BLOB NOT NULL)",
    "CREATE TABLE gram (gram TEXT PRIMARY KEY, words BLOB NOT NULL) WITHOUT ROWID",
)
_MOST_NUMBERS = 1 << 16
# A name that its taxon's row holds already is not written twice.
_COLUMNS = f"""t.species_id, n.kind, n.words, CASE n.kind
 WHEN {NameKind.EN:d} THEN t.en WHEN {NameKind.FR:d} THEN t.fr WHEN {NameKind.SCIENTIFIC:d} THEN t.scientific ELSE n.text END"""
_AFTER_ANY_LETTER = "\U0010ffff"
_MOST_NEIGHBOURS = 80
_PAIRS_AN_EDIT_BREAKS = 3  # two swapped letters touch three pairs


class ListedName(NamedTuple):
    """One name to index.

    Attributes:
        taxon: Row number of its taxon.
        kind: Number in `NAME_KINDS`.
        text: As it is displayed.
    """

    taxon: int
    kind: int
    text: str


class TooManyNamesError(Exception):
    """The index counts in 16 bits; this list is larger, and the format has to grow first."""


def write_index(connection: sqlite3.Connection, listed: Sequence[ListedName]) -> None:
    """Make and fill the tables of `SCHEMA`; the same names in the same order give the same rows."""
    for statement in SCHEMA:
        connection.execute(statement)
    names_by_word: dict[str, list[int]] = {}
    for number, name in enumerate(listed):
        folded = fold(name.text).split()
        text = name.text if name.kind == NameKind.SYNONYM else None
        connection.execute(
            "INSERT INTO name VALUES (?, ?, ?, ?, ?)", (number, name.taxon, name.kind, text, len(folded))
        )
        connection.execute("INSERT INTO name_key VALUES (?, ?)", ("".join(folded), number))
        # An elided word is found with and without its article: arnauds, darnauds.
        joined = [first + second for first, second in pairwise(folded) if len(first) == 1]
        for word in dict.fromkeys([*folded, *joined]):
            names_by_word.setdefault(word, []).append(number)
    words = sorted(names_by_word)
    if len(listed) > _MOST_NUMBERS or len(words) > _MOST_NUMBERS:
        raise TooManyNamesError(f"{len(listed)} names, {len(words)} words")
    words_by_gram: dict[str, list[int]] = {}
    for number, word in enumerate(words):
        connection.execute("INSERT INTO word VALUES (?, ?, ?)", (number, word, _blob(names_by_word[word])))
        for gram in dict.fromkeys(grams(word)):
            words_by_gram.setdefault(gram, []).append(number)
    connection.execute("INSERT INTO word_letters VALUES (?)", (bytes(min(len(word), 255) for word in words),))
    connection.executemany(
        "INSERT INTO gram VALUES (?, ?)", ((g, _blob(words_by_gram[g])) for g in sorted(words_by_gram))
    )


class SqliteNameIndex:
    """Reads the tables that `write_index` wrote."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def names_keyed(self, beginning: str, most: int) -> list[IndexedName]:
        """Return names whose key begins so, the shortest first."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS}, k.key FROM name_key k JOIN name n ON n.id = k.name JOIN taxon t ON t.id = n.taxon"  # noqa: S608
            " WHERE k.key >= ? AND k.key < ? ORDER BY length(k.key), n.id LIMIT ?",
            (beginning, beginning + _AFTER_ANY_LETTER, most),
        )
        return [IndexedName(*row) for row in rows]

    def names_numbered(self, numbers: Sequence[int]) -> list[IndexedName]:
        """Return the names of these numbers, in the same order."""
        rows = self._connection.execute(
            f"SELECT n.id, {_COLUMNS} FROM name n JOIN taxon t ON t.id = n.taxon WHERE n.id IN ({_marks(numbers)})",  # noqa: S608
            numbers,
        )
        by_number = {row[0]: IndexedName(*row[1:]) for row in rows}
        return [by_number[number] for number in numbers]

    def word(self, text: str) -> Word | None:
        """Return this very word."""
        row = self._connection.execute("SELECT names FROM word WHERE word = ?", (text,)).fetchone()
        return Word(text, _numbers(row[0])) if row else None

    def words_beginning(self, beginning: str) -> list[Word]:
        """Return the words that begin so."""
        rows = self._connection.execute(
            "SELECT word, names FROM word WHERE word >= ? AND word < ?", (beginning, beginning + _AFTER_ANY_LETTER)
        )
        return [Word(word, _numbers(names)) for word, names in rows]

    def words_like(self, word: str, most_edits: int) -> list[Word]:
        """Return words that share enough letter pairs with ``word`` to be within ``most_edits``, the likest first."""
        pairs = list(dict.fromkeys(grams(word)))
        shared: Counter[int] = Counter()
        for (numbers,) in self._connection.execute(f"SELECT words FROM gram WHERE gram IN ({_marks(pairs)})", pairs):  # noqa: S608
            shared.update(_numbers(numbers))
        fewest = max(1, len(pairs) - _PAIRS_AN_EDIT_BREAKS * most_edits)
        letters, shortest = self._word_letters, len(word) - most_edits
        near = [(count, -letters[n], n) for n, count in shared.items() if count >= fewest and letters[n] >= shortest]
        chosen = [number for _, _, number in nlargest(_MOST_NEIGHBOURS, near)]
        rows = self._connection.execute(f"SELECT word, names FROM word WHERE id IN ({_marks(chosen)})", chosen)  # noqa: S608
        return [Word(text, _numbers(names)) for text, names in rows]

    @cached_property
    def _word_letters(self) -> bytes:
        """How many letters each word has, by its number."""
        return bytes(self._connection.execute("SELECT letters FROM word_letters").fetchone()[0])


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _blob(numbers: Iterable[int]) -> bytes:
    packed = array("H", numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _numbers(blob: bytes) -> "array[int]":
    packed = array("H")
    packed.frombytes(blob)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed
