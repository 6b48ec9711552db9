"""Turns a dataset's label into a taxon of the world list, or says that it cannot; it never guesses.

A label comes with an English name, often misspelled, and a scientific one, often outdated and sometimes another bird's.
What only resembles a name is a proposal, and stays one until an admin accepts it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from avocet.domain.name_kinds import NameKind
from avocet.domain.name_search import NameIndex, search
from avocet.domain.names import edits_between, fold, key
from avocet.domain.taxonomy import LabelReview, Taxon

Way = Literal["review", "scientific", "english", "synonym", "moved", "respelled"]

MAX_LABEL_LETTERS = 100
_PROPOSALS = 3
_BINOMIAL_WORDS = 2
_EPITHET_EDITS = 2
_NAME_EDITS = 2
_NAME_EDITS_FROM_LETTERS = 6


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a label stands for.

    Attributes:
        label: As the dataset spells it.
        species_id: The taxon; None when there is none or nobody can say.
        way: How it was found: a person's review, the scientific or English name as it stands, a synonym, the epithet
            in another genus or rank, or a name spelled almost so while the label's other name agrees.
        excluded: Whether a review says that the label is no bird.
        proposals: Ids for an admin to choose from when nothing was found, the likeliest first.
    """

    label: str
    species_id: str | None
    way: Way | None = None
    excluded: bool = False
    proposals: tuple[str, ...] = ()


class NamedTaxa(Protocol):
    """What resolving asks of the world list."""

    def named(self, name: str, kinds: Iterable[NameKind]) -> Sequence[Taxon]:
        """Return the taxa that bear exactly ``name``, whatever its case, accents, hyphens and spaces."""

    def with_epithet(self, epithet: str, *, of_subspecies: bool) -> Sequence[Taxon]:
        """Return the species whose epithet, or one of whose subspecies' epithets, has the same stem."""

    def of_genus(self, genus: str) -> Sequence[Taxon]:
        """Return the species of a genus."""

    def review_of(self, label: str) -> LabelReview | None:
        """Return what a person decided about a label."""

    @property
    def names(self) -> NameIndex:
        """Every name, for proposals."""


def resolve(label: str, scientific: str, taxa: NamedTaxa, *, heed_reviews: bool = True) -> Resolution:
    """Find what ``label`` stands for.

    Args:
        label: As the dataset spells it.
        scientific: The scientific name that comes with it; may be empty, outdated, misspelled or another bird's.
        taxa: The world list.
        heed_reviews: Whether a person's review of this very pair of names goes before the rules, and one of the label
            alone before guesses where no scientific name comes with it.

    Returns:
        The taxon and how it was found; proposals when it was not.
    """
    label_read, given = label[:MAX_LABEL_LETTERS], fold(scientific[:MAX_LABEL_LETTERS])
    review = taxa.review_of(label_read) if heed_reviews else None
    if review is not None and fold(review.scientific_given) == given:
        return Resolution(label, review.species_id, "review", excluded=review.species_id is None)
    english = _only(taxa.named(label_read, [NameKind.EN]))
    stated = _only(taxa.named(given, [NameKind.SCIENTIFIC])) if given else None
    if english is not None and (stated is None or stated.species_id != english.species_id):
        # Two names, two birds: photos are collected by the English one, and the other is copied from a list.
        return Resolution(label, english.species_id, "english")
    if review is not None and not given:
        # A folder with nothing but a name: what was decided about that name is better than what resembles it.
        return Resolution(label, review.species_id, "review", excluded=review.species_id is None)
    if stated is not None:
        return Resolution(label, stated.species_id, "scientific")
    rules: tuple[tuple[Way, Callable[[str, str, NamedTaxa], Taxon | None]], ...] = (
        ("synonym", _synonym),
        ("moved", _moved),
        ("respelled", _respelled),
    )
    for way, rule in rules:
        found = rule(label_read, given, taxa)
        if found is not None:
            return Resolution(label, found.species_id, way)
    return Resolution(label, None, proposals=_proposals(label_read, given, taxa))


def _synonym(label: str, given: str, taxa: NamedTaxa) -> Taxon | None:
    """Look among other names in use; the scientific one first, a trinomial by its species too."""
    binomial = " ".join(given.split()[:_BINOMIAL_WORDS])
    for name, kinds in (
        (given, [NameKind.SYNONYM]),
        (binomial, [NameKind.SCIENTIFIC, NameKind.SYNONYM]),
        (label, [NameKind.SYNONYM]),
        (_plural(label), [NameKind.EN]),
    ):
        found = _only(taxa.named(name, kinds)) if name else None
        if found is not None:
            return found
    return None


def _moved(label: str, given: str, taxa: NamedTaxa) -> Taxon | None:
    """Follow the epithet: into a subspecies of the same genus, another ending, another genus of the family."""
    words = given.split()
    if len(words) < _BINOMIAL_WORDS:
        return None
    genus, epithet = words[0], words[1]
    species = taxa.with_epithet(epithet, of_subspecies=False)
    lumped = taxa.with_epithet(epithet, of_subspecies=True)
    families = {taxon.family for taxon in taxa.of_genus(genus)}
    for candidates in (
        [taxon for taxon in species if _is_genus(taxon, genus)],
        [taxon for taxon in lumped if _is_genus(taxon, genus)],
        [taxon for taxon in species if taxon.family in families],
        _sharing_a_word(label, species),
        species,
    ):
        found = _only(candidates)
        if found is not None and (candidates is not species or _sounds_like(label, found)):
            return found
    return None


def _respelled(label: str, given: str, taxa: NamedTaxa) -> Taxon | None:
    """Accept an epithet spelled almost so in its own genus, or a mistyped name whose other name agrees."""
    words = given.split()
    if len(words) >= _BINOMIAL_WORDS:
        near = [
            taxon
            for taxon in taxa.of_genus(words[0])
            if edits_between(words[1], fold(taxon.scientific).split()[-1], most=_EPITHET_EDITS) is not None
        ]
        found = _only(near) or _only(_sharing_a_word(label, near))
        if found is not None:
            return found
        return _only(
            [taxon for taxon in taxa.with_epithet(words[1], of_subspecies=False) if _sounds_like(label, taxon)]
        )
    return None


def _proposals(label: str, given: str, taxa: NamedTaxa) -> tuple[str, ...]:
    hits = [*search(taxa.names, label, limit=_PROPOSALS), *search(taxa.names, given, limit=_PROPOSALS)]
    ranked = sorted(hits, key=lambda hit: hit.fit)
    return tuple(dict.fromkeys(hit.species_id for hit in ranked))[:_PROPOSALS]


def _only(taxa: Collection[Taxon]) -> Taxon | None:
    """Return the one taxon that is meant, None when there are several; a species goes before its breeds."""
    species = [taxon for taxon in taxa if taxon.rank == "species"] if len(taxa) > 1 else taxa
    return next(iter(species)) if len(species) == 1 else None


def _is_genus(taxon: Taxon, genus: str) -> bool:
    return taxon.genus is not None and taxon.genus.casefold() == genus


def _sharing_a_word(label: str, taxa: Iterable[Taxon]) -> list[Taxon]:
    """Keep the taxa whose English name ends on a word of ``label``: the kind of bird."""
    words = set(fold(label).split())
    return [taxon for taxon in taxa if fold(taxon.en).split()[-1] in words]


def _sounds_like(label: str, taxon: Taxon) -> bool:
    typed = key(label)
    most = _NAME_EDITS if len(typed) >= _NAME_EDITS_FROM_LETTERS else 1
    return edits_between(typed, key(taxon.en), most=most) is not None


def _plural(label: str) -> str:
    """Return ``label`` as the world list names a group: Bird of Paradise, Birds-of-paradise."""
    words = fold(label).split()
    return " ".join([words[0] + "s", *words[1:]]) if len(words) > 1 else " ".join(words) + "s"
