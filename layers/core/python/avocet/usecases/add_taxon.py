"""Add a taxon outside the world list, so that photos of it have a name; refuses what the list holds already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from avocet.domain.added_taxa import AddedTaxa, InvalidTaxonError, TaxonExistsError, names_of, new_taxon
from avocet.domain.name_kinds import NameKind
from avocet.domain.taxonomy import Taxon, WorldList
from avocet.usecases.contention import ATTEMPTS, BusyRecordError
from avocet.usecases.ports import StaleRecordError


class NamedList(WorldList, Protocol):
    """The world list, asked for names too."""

    def named(self, name: str, kinds: Iterable[NameKind]) -> Sequence[Taxon]:
        """Return the taxa that bear exactly ``name``, whatever its case, accents, hyphens and spaces."""

    def family_member(self, family: str) -> Taxon | None:
        """Return some taxon of the family of that scientific name, or None when there is no such family."""


class AddedTaxaStore(Protocol):
    """Keeper of the taxa that were added."""

    def load(self) -> AddedTaxa:
        """Return them as last saved."""

    def save(self, added: AddedTaxa) -> AddedTaxa:
        """Replace the list of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """


@dataclass(frozen=True, slots=True)
class TaxonWanted:
    """A taxon as an admin describes it."""

    scientific: str
    en: str
    family: str
    rank: str = "species"
    fr: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AddTaxon:
    """Adds taxa.

    Attributes:
        shipped: The world list without what was added.
        store: What was added.
    """

    shipped: NamedList
    store: AddedTaxaStore

    def __call__(self, wanted: TaxonWanted) -> Taxon:
        """Add a taxon and return it with its id; asking again for the very same one changes nothing.

        Raises:
            InvalidTaxonError: Names, rank, family or parent will not do.
            TaxonExistsError: Another taxon has one of the names.
            BusyRecordError: Somebody else adds taxa this very moment.
        """
        family = self._family_of(wanted)
        if wanted.parent_id is not None and self.shipped.find(wanted.parent_id) is None:
            raise InvalidTaxonError("There is no species with the id in parent_id. Find one with GET /species.")
        taxon = new_taxon(
            scientific=wanted.scientific,
            en=wanted.en,
            fr=wanted.fr,
            rank=wanted.rank,
            family=family.family,
            order=family.order,
            parent_id=wanted.parent_id,
        )
        for _ in range(ATTEMPTS):
            added = self.store.load()
            if (before := added.find(taxon.species_id)) == taxon:
                return taxon
            self._refuse_known(taxon, before, added)
            try:
                self.store.save(added.with_taxon(taxon))
            except StaleRecordError:
                continue
            return taxon
        raise BusyRecordError("Try again in a moment.")

    def _family_of(self, wanted: TaxonWanted) -> Taxon:
        """Return any bird of the family: it says which order the family belongs to."""
        example = self.shipped.family_member(wanted.family.strip().capitalize())
        if example is None:
            raise InvalidTaxonError(
                "family must be a family of the world list by its scientific name, like Recurvirostridae."
            )
        return example

    def _refuse_known(self, taxon: Taxon, before: Taxon | None, added: AddedTaxa) -> None:
        known = before or self.shipped.find(taxon.species_id)
        for kind, name in names_of(taxon):
            # Breeds and subspecies may share their species' scientific name.
            if kind is NameKind.SCIENTIFIC and taxon.parent_id is not None:
                continue
            bearers = [*self.shipped.named(name, [kind]), *added.named(name, frozenset({kind}))]
            known = known or next(iter(bearers), None)
        if known is not None:
            raise TaxonExistsError(f"It is {known.species_id}: {known.en} ({known.scientific}), a {known.rank}.")
