"""Finds birds by what somebody typed: part of a name, in any language, any order, with small mistakes; best first.

The index is asked for words, never for all names, so the work grows with what matches and not with the list.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol

from avocet.domain.name_kinds import NameKind
from avocet.domain.names import LINKING_WORDS, Spelling, fold

MAX_QUERY_LETTERS = 100
MAX_QUERY_WORDS = 8
_FORGIVEN_FROM_LETTERS = 3
_FORGIVEN_TWICE_FROM_LETTERS = 7
_BEGINNING_FORGIVEN_FROM_LETTERS = 4
_WORD_PREFIX_FROM_LETTERS = 2
_SHORTEST_HALF_LETTERS = 2
_MOST_KEYED = 300
_MOST_CANDIDATES = 400


_LANGUAGES = frozenset({NameKind.EN, NameKind.FR})


class Tier(IntEnum):
    """How well a name fits, best first."""

    EXACT = 0
    BEGINNING = 1
    WORDS = 2
    MISTYPED = 3
    PARTLY = 4


class IndexedName(NamedTuple):
    """A name in the index.

    Attributes:
        species_id: Whose name it is.
        kind: A `NameKind`.
        words: How many words it has.
        text: As it is displayed.
        key: Folded, without spaces; empty where it was not asked for.
    """

    species_id: str
    kind: int
    words: int
    text: str
    key: str = ""


class Word(NamedTuple):
    """A folded word, and the numbers of the names it occurs in."""

    text: str
    names: "array[int]"


@dataclass(frozen=True, slots=True, order=True)
class Fit:
    """How well a name fits a query; the smallest is the best.

    Attributes:
        tier: A `Tier`.
        edits: Letters to change.
        loose_words: Words of the name that the query does not mention; counted once letters had to change, since then
            it says whether the whole name was meant.
        foreign: Whether the name is of another language than the one asked for; a scientific name never is.
        unlisted: Whether the bird is none of the preferred ones.
        unfinished_words: Words of the query that are only the beginning of a word.
        name_letters: Length of the name.
        text: The name itself, so that equal fits keep one order.
    """

    tier: Tier
    edits: int
    loose_words: int
    foreign: bool
    unlisted: bool
    unfinished_words: int
    name_letters: int
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A bird that was found, by its best fitting name."""

    species_id: str
    name: str
    kind: NameKind
    fit: Fit


class NameIndex(Protocol):
    """An index of names; numbers of names mean something only to the index that gave them."""

    def names_keyed(self, beginning: str, most: int) -> Sequence[IndexedName]:
        """Return names whose key begins so, the shortest first."""

    def names_numbered(self, numbers: Sequence[int]) -> Sequence[IndexedName]:
        """Return the names of these numbers, in the same order."""

    def word(self, text: str) -> Word | None:
        """Return this very word."""

    def words_beginning(self, beginning: str) -> Sequence[Word]:
        """Return the words that begin so."""

    def words_like(self, word: str, most_edits: int) -> Sequence[Word]:
        """Return the words that may be within ``most_edits`` of ``word`` or begin with something that is."""


class _Match(NamedTuple):
    """How one word of a query fits one word of a name; the smallest is the best."""

    edits: int
    unfinished: bool


@dataclass(frozen=True, slots=True)
class Preference:
    """What goes first among names that fit equally well.

    Attributes:
        species_ids: These birds.
        language: `NameKind.EN` or `NameKind.FR`: names of this language.
    """

    species_ids: Collection[str] = ()
    language: NameKind | None = None

    def finds_foreign(self, kind: int) -> bool:
        """Whether a name of that kind is in another language."""
        return self.language is not None and kind in _LANGUAGES and kind != self.language


def search(index: NameIndex, query: str, *, limit: int, preference: Preference = Preference()) -> list[Hit]:
    """Find the birds whose names fit ``query``.

    Args:
        index: Where the names are.
        query: As it was typed; what is beyond `MAX_QUERY_LETTERS` is ignored.
        limit: How many birds to return at most.
        preference: What goes first among equals.

    Returns:
        Each bird once, the best first: the whole name, its beginning, its words, its words mistyped, some of them.
    """
    words = tuple(fold(query[:MAX_QUERY_LETTERS]).split()[:MAX_QUERY_WORDS])
    if not words:
        return []
    best: dict[str, Hit] = {}
    typed = "".join(words)
    for name in index.names_keyed(typed, _MOST_KEYED):
        tier = Tier.EXACT if name.key == typed else Tier.BEGINNING
        _offer(best, name, _fit(name, tier, preference))
    telling = tuple(word for word in words if word not in LINKING_WORDS) or words
    matcher = _Matcher(index, preference)
    matcher.whole_words(best, telling)
    if _settled(best) < limit and not any(hit.fit.tier == Tier.EXACT for hit in best.values()):
        matcher.mistyped(best, telling)
    return sorted(best.values(), key=lambda hit: hit.fit)[:limit]


class _Matcher:
    """Finds names by their words."""

    def __init__(self, index: NameIndex, preference: Preference) -> None:
        self._index = index
        self._preference = preference

    def whole_words(self, best: dict[str, Hit], words: tuple[str, ...]) -> None:
        """Offer the names in which every word of the query is a word or begins one, cut differently if need be."""
        if len(words) == 1 and len(words[0]) < _WORD_PREFIX_FROM_LETTERS:
            return
        begun = [self._begun(word) for word in words]
        self._offer_common(best, begun, Tier.WORDS)
        if all(begun):
            return
        for i, matches in enumerate(begun):
            if not matches:
                for first, second in self._halves(words[i], slip=0):
                    self._offer_common(best, [*begun[:i], first, second, *begun[i + 1 :]], Tier.WORDS)

    def mistyped(self, best: dict[str, Hit], words: tuple[str, ...]) -> None:
        """Offer names for which letters of the query have to change, words be joined, or one be left out."""
        # Most often the mistake is in the words that are none; looking into all of them costs several times as much.
        complete = [len(words) > 1 and self._index.word(word) is not None for word in words]
        matches = [self._begun(w) if is_word else self._forgiven(w) for w, is_word in zip(words, complete, strict=True)]
        self._offer_common(best, matches, Tier.MISTYPED)
        if best:
            return
        matches = [self._forgiven(word) for word in words]
        self._offer_common(best, matches, Tier.MISTYPED)
        for i in range(len(words) - 1):
            joined = self._forgiven(words[i] + words[i + 1])
            self._offer_common(best, [*matches[:i], joined, *matches[i + 2 :]], Tier.MISTYPED)
        for i, match in enumerate(matches):
            if not match:
                for first, second in self._halves(words[i], slip=1):
                    self._offer_common(best, [*matches[:i], first, second, *matches[i + 1 :]], Tier.MISTYPED)
        if len(words) > 1 and not best:
            for i in range(len(words)):
                self._offer_common(best, [*matches[:i], *matches[i + 1 :]], Tier.PARTLY)

    def _halves(self, word: str, *, slip: int) -> Iterator[tuple[dict[int, _Match], dict[int, _Match]]]:
        """Yield the ways in which ``word`` is two words run together, the first of them complete.

        Args:
            word: As typed.
            slip: How many letters were typed where the space belongs.
        """
        for cut in range(_SHORTEST_HALF_LETTERS, len(word) - slip - _SHORTEST_HALF_LETTERS + 1):
            first = self._index.word(word[:cut])
            if first is not None:
                yield dict.fromkeys(first.names, _Match(slip, unfinished=False)), self._begun(word[cut + slip :])

    def _begun(self, word: str) -> dict[int, _Match]:
        found: dict[int, _Match] = {}
        for begun in self._index.words_beginning(word):
            _note(found, begun.names, _Match(0, unfinished=begun.text != word))
        return found

    def _forgiven(self, word: str) -> dict[int, _Match]:
        found = self._begun(word) if len(word) >= _WORD_PREFIX_FROM_LETTERS else {}
        most = _edits_forgiven(word)
        if not most:
            return found
        spelling = Spelling(word)
        for near in self._index.words_like(word, most):
            edits = spelling.edits_to(near.text, most=most)
            if edits is not None:
                _note(found, near.names, _Match(edits, unfinished=False))
            elif len(word) >= _BEGINNING_FORGIVEN_FROM_LETTERS and len(near.text) > len(word):
                edits = spelling.edits_to_a_beginning(near.text, most=1)
                if edits is not None:
                    _note(found, near.names, _Match(edits, unfinished=True))
        return found

    def _offer_common(self, best: dict[str, Hit], matches: list[dict[int, _Match]], tier: Tier) -> None:
        """Offer the names that all of ``matches`` hold."""
        rarest, *others = sorted(matches, key=len)
        common = [number for number in rarest if all(number in other for other in others)]
        costs = {
            number: (sum(match[number].edits for match in matches), sum(match[number].unfinished for match in matches))
            for number in common
        }
        chosen = sorted(common, key=lambda number: (costs[number], number))[:_MOST_CANDIDATES]
        for number, name in zip(chosen, self._index.names_numbered(chosen), strict=True):
            edits, unfinished = costs[number]
            fit = _fit(
                name, tier, self._preference, edits=edits, unfinished=unfinished, loose=name.words - len(matches)
            )
            _offer(best, name, fit)


def _fit(
    name: IndexedName, tier: Tier, preference: Preference, *, edits: int = 0, unfinished: int = 0, loose: int = 0
) -> Fit:
    return Fit(
        tier=tier,
        edits=edits,
        loose_words=max(loose, 0) if tier > Tier.WORDS else 0,
        foreign=preference.finds_foreign(name.kind),
        unlisted=name.species_id not in preference.species_ids,
        unfinished_words=unfinished,
        name_letters=len(name.text),
        text=name.text,
    )


def _offer(best: dict[str, Hit], name: IndexedName, fit: Fit) -> None:
    held = best.get(name.species_id)
    if held is None or fit < held.fit:
        best[name.species_id] = Hit(name.species_id, name.text, NameKind(name.kind), fit)


def _note(found: dict[int, _Match], numbers: Iterable[int], match: _Match) -> None:
    for number in numbers:
        held = found.get(number)
        if held is None or match < held:
            found[number] = match


def _settled(best: dict[str, Hit]) -> int:
    """Count the birds found without changing a letter."""
    return sum(hit.fit.tier <= Tier.WORDS for hit in best.values())


def _edits_forgiven(word: str) -> int:
    if len(word) < _FORGIVEN_FROM_LETTERS:
        return 0
    return 1 if len(word) < _FORGIVEN_TWICE_FROM_LETTERS else 2
