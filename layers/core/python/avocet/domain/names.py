"""How bird names are written, folded and compared; no list of names lives here, and nothing is looked up."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
# Typewriter, typographic, prime, and the letters that Hawaiian and Polynesian names are written with.
_APOSTROPHES = re.compile("['\u2019\u2018`\u00b4\u02bc\u02bb\u2032]")
_ELISION = re.compile(r"\b([dl])'(?=\w)")
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")
_GENDER = re.compile(r"(?:us|um|is|er|os|on|ii|a|e|i)$")
_GREEK_VOWEL = re.compile("ae|oe")

# Words that tie a name together and tell no bird from another.
LINKING_WORDS = frozenset(
    {"a", "and", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "of", "s", "the"}
)

# Ends and beginnings count as letters, so that the first letter of a short word weighs something.
_EDGE = "\x01"


def fold(text: str) -> str:
    """Return ``text`` in plain lower-case letters: no accents, no hyphens, one space between words.

    The possessive of ``Anna's`` melts into its word (``annas``), the elision of ``d'Abeillé`` stands alone
    (``d abeille``), because that is how people type them. Grey is always grey.
    """
    lowered = _APOSTROPHES.sub("'", text.casefold()).translate(_LIGATURES)
    lowered = _ELISION.sub(r"\1 ", lowered).replace("'", "").replace(".", "")
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(letter))
    return " ".join(_one_spelling(word) for word in _NOT_A_LETTER.sub(" ", plain).split())


def _one_spelling(word: str) -> str:
    if word.startswith("gray"):
        return "grey" + word[4:]
    return word.replace("coloured", "colored")


def key(text: str) -> str:
    """Return what is left of ``text`` when case, accents, hyphens, apostrophes and spaces no longer matter."""
    return fold(text).replace(" ", "")


def slug(text: str) -> str:
    """Return ``text`` as a readable identifier: ``Anna's Hummingbird`` gives ``annas-hummingbird``."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).replace(".", ""))
    return _NOT_A_LETTER.sub("-", "".join(c for c in plain if not unicodedata.combining(c)).lower()).strip("-")


def epithet_stem(epithet: str) -> str:
    """Return ``epithet`` without what changes when a species moves to another genus or is spelled the old way."""
    plain = _GREEK_VOWEL.sub("e", epithet.casefold())
    return _GENDER.sub("", plain) or plain


def grams(word: str, *, whole: bool = True) -> list[str]:
    """Return the letter pairs of ``word`` with its start, and its end too when the word is ``whole``."""
    edged = _EDGE + word + (_EDGE if whole else "")
    return [edged[i : i + 2] for i in range(len(edged) - 1)]


def edits_between(one: str, other: str, *, most: int) -> int | None:
    """Count insertions, deletions, substitutions and swaps of neighbours that turn ``one`` into ``other``.

    Returns:
        The count, or None when it is more than ``most``.

    Source:
        Optimal string alignment distance.
    """
    if abs(len(one) - len(other)) > most:
        return None
    one, other = _beyond_common_beginning(one, other)
    row = _edits_to_each_beginning(one, other, most=most)
    return row[-1] if row and row[-1] <= most else None


def edits_to_a_beginning(start: str, word: str, *, most: int) -> int | None:
    """Count the edits that turn ``start`` into some beginning of ``word``; None when more than ``most``."""
    start, word = _beyond_common_beginning(start, word[: len(start) + most])
    row = _edits_to_each_beginning(start, word, most=most)
    fewest = min(row, default=most + 1)
    return fewest if fewest <= most else None


def _beyond_common_beginning(one: str, other: str) -> tuple[str, str]:
    same = 0
    for letter, facing in zip(one, other, strict=False):
        if letter != facing:
            break
        same += 1
    return one[same:], other[same:]


def _edits_to_each_beginning(one: str, other: str, *, most: int) -> list[int]:
    """Return the edits from ``one`` to ``other[:j]`` for each j; nothing when all of them are more than ``most``."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        above, row_above = row, before
        row = [i + 1]
        for j, facing in enumerate(other):
            cost = min(above[j + 1] + 1, row[j] + 1, above[j] + (letter != facing))
            if i and j and letter == other[j - 1] and one[i - 1] == facing:
                cost = min(cost, row_above[j - 1] + 1)
            row.append(cost)
        if min(row) > most:
            return []
        before = above
    return row
