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


class Spelling:
    """A word as typed, ready to be compared with many others.

    Counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment), one column of the
    table at a time in the bits of an integer.

    Source:
        H. Hyyrö, A bit-vector algorithm for computing Levenshtein and Damerau edit distances, 2003.
    """

    def __init__(self, word: str) -> None:
        self._letters = len(word)
        self._all = (1 << len(word)) - 1
        self._last = 1 << (len(word) - 1) if word else 0
        self._places: dict[str, int] = {}
        for place, letter in enumerate(word):
            self._places[letter] = self._places.get(letter, 0) | 1 << place

    def edits_to(self, other: str, *, most: int) -> int | None:
        """Return how many edits make ``other`` of the word; None when more than ``most``."""
        if abs(len(other) - self._letters) > most:
            return None
        edits = self._edits(other)[-1]
        return edits if edits <= most else None

    def edits_to_a_beginning(self, other: str, *, most: int) -> int | None:
        """Return how many edits make some beginning of ``other`` of the word; None when more than ``most``."""
        edits = min(self._edits(other[: self._letters + most]))
        return edits if edits <= most else None

    def _edits(self, other: str) -> list[int]:
        """Return the edits to each beginning of ``other``, the empty one first."""
        edits = self._letters
        counts = [edits]
        if not edits:
            return list(range(len(other) + 1))
        everything, last, places = self._all, self._last, self._places
        grows, shrinks, same, before = everything, 0, 0, 0
        for letter in other:
            here = places.get(letter, 0)
            swapped = ((~same & here) << 1) & before
            same = (((here & grows) + grows) ^ grows) | here | shrinks | swapped
            more = shrinks | ~(same | grows)
            fewer = same & grows
            edits += bool(more & last) - bool(fewer & last)
            counts.append(edits)
            more = more << 1 | 1
            fewer <<= 1
            grows = (fewer | ~(same | more)) & everything
            shrinks = more & same & everything
            before = here
        return counts


def edits_between(one: str, other: str, *, most: int) -> int | None:
    """Return how many edits make ``other`` of ``one``, as `Spelling` counts them; None when more than ``most``."""
    return Spelling(one).edits_to(other, most=most)
