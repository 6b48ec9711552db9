"""Taxa outside the world list that admins added. It refuses what the list holds already and what has no place in it."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar, get_args

from avocet.domain.errors import AvocetError
from avocet.domain.name_kinds import NameKind
from avocet.domain.names import key, slug
from avocet.domain.taxonomy import Rank, Taxon

MAX_NAME_LETTERS = 100
# All of them are one item of a table, which takes 400 KB.
MAX_ADDED = 1_000
RANKS: tuple[str, ...] = get_args(Rank)
_SCIENTIFIC = re.compile(r"[A-Z][a-z-]+( [a-z-]+){0,3}")
_WITH_PARENT = frozenset({"subspecies", "breed"})


class InvalidTaxonError(AvocetError):
    """Names, rank or place will not do."""

    code: ClassVar[str] = "invalid-taxon"
    title: ClassVar[str] = "That cannot be added to the world list"


class TaxonExistsError(AvocetError):
    """There is such a taxon already."""

    code: ClassVar[str] = "taxon-exists"
    title: ClassVar[str] = "The world list holds that already"


@dataclass(frozen=True, slots=True)
class AddedTaxa:
    """Every taxon that was added, in order, and how often the list was saved."""

    taxa: tuple[Taxon, ...] = ()
    version: int = 0

    def find(self, species_id: str) -> Taxon | None:
        """Return the taxon of that id."""
        return next((taxon for taxon in self.taxa if taxon.species_id == species_id), None)

    def named(self, name: str, kinds: frozenset[NameKind]) -> list[Taxon]:
        """Return the taxa that bear exactly ``name``, whatever its case, accents, hyphens and spaces."""
        wanted = key(name)
        return [
            taxon for taxon in self.taxa if any(key(text) == wanted for kind, text in names_of(taxon) if kind in kinds)
        ]

    def with_taxon(self, taxon: Taxon) -> "AddedTaxa":
        """Return the list with one more.

        Raises:
            InvalidTaxonError: There are too many.
        """
        if len(self.taxa) >= MAX_ADDED:
            raise InvalidTaxonError(f"At most {MAX_ADDED} taxa can be added; extend the list itself in species_list/.")
        return replace(self, taxa=(*self.taxa, taxon))


def names_of(taxon: Taxon) -> list[tuple[NameKind, str]]:
    """Return a taxon's names and their kinds."""
    names = [(NameKind.EN, taxon.en), (NameKind.SCIENTIFIC, taxon.scientific)]
    return [*names, (NameKind.FR, taxon.fr)] if taxon.fr else names


def new_taxon(
    *, scientific: str, en: str, fr: str | None, rank: str, family: str, order: str, parent_id: str | None
) -> Taxon:
    """Return a taxon whose id is made of its English name.

    Raises:
        InvalidTaxonError: A name is missing, too long or of another form, or the rank and the parent do not fit.
    """
    scientific, en, fr = " ".join(scientific.split()), " ".join(en.split()), " ".join((fr or "").split()) or None
    if any(len(name) > MAX_NAME_LETTERS for name in (scientific, en, fr or "")):
        raise InvalidTaxonError(f"A name has at most {MAX_NAME_LETTERS} letters.")
    if not _SCIENTIFIC.fullmatch(scientific):
        raise InvalidTaxonError("A scientific name is written like Recurvirostra avosetta.")
    if not slug(en):
        raise InvalidTaxonError("The English name needs letters; the id is made of them.")
    if rank not in RANKS:
        raise InvalidTaxonError(f"rank must be one of {', '.join(RANKS)}.")
    if (parent_id is not None) != (rank in _WITH_PARENT):
        raise InvalidTaxonError(
            "A subspecies or a breed needs parent_id, the species it belongs to; nothing else has one."
        )
    words = scientific.split()
    if rank == "species" and len(words) == 1:
        raise InvalidTaxonError("A species' scientific name has two words; for a single word say rank genus or family.")
    genus = None if rank == "family" else words[0]
    return Taxon(slug(en), scientific, en, fr, rank, order, family, genus, None, parent_id)  # type: ignore[arg-type]
