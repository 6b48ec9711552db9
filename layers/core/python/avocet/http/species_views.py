"""Species as the API shows them."""

from collections.abc import Sequence
from dataclasses import asdict

from avocet.domain.species import lookup_links
from avocet.domain.taxonomy import Group, Taxon, WorldList
from avocet.http.schema.names import Names
from avocet.http.schema.progress import PendingProgress
from avocet.http.schema.species import (
    Lineage,
    NamesImported,
    PhotoPlaceholder,
    ReferencePhoto,
    SpeciesDetail,
    SpeciesFound,
    SpeciesList,
    SpeciesNames,
)
from avocet.usecases.get_species import KnownSpecies, ShownPhoto
from avocet.usecases.import_names import ImportReport
from avocet.usecases.search_species import FoundSpecies


def species_list(found: list[FoundSpecies], world_list: WorldList) -> SpeciesList:
    """Show what a search found."""
    return SpeciesList(tuple(_found(species, world_list) for species in found))


def species_detail(known: KnownSpecies) -> SpeciesDetail:
    """Show what is known of one species."""
    taxon = known.taxon
    return SpeciesDetail(
        species_id=taxon.species_id,
        names=_taxon_names(taxon),
        rank=taxon.rank,
        family=_group_names(known.family),
        lineage=Lineage(
            order=_group_names(known.order),
            family=_group_names(known.family),
            genus=Names(taxon.genus, None, None) if taxon.genus else None,
        ),
        parent_id=taxon.parent_id,
        avibase_id=taxon.avibase_id,
        learning=known.learning,
        missing_photos=known.missing_photos,
        progress=PendingProgress(*known.progress) if known.progress else None,
        reference_photo=_reference_photo(known.reference_photo),
        placeholder=PhotoPlaceholder(taxon.family, known.family.silhouette),
        lookup=lookup_links(taxon),
    )


def species_names(species_ids: Sequence[str], world_list: WorldList) -> SpeciesNames:
    """Show what species are called."""
    found = zip(species_ids, world_list.find_many(species_ids), strict=True)
    return SpeciesNames({asked: _taxon_names(taxon) for asked, taxon in found if taxon is not None})


def names_imported(report: ImportReport) -> NamesImported:
    """Show what became of a list of names."""
    return NamesImported(**asdict(report))


def _found(species: FoundSpecies, world_list: WorldList) -> SpeciesFound:
    taxon = species.taxon
    family = world_list.family(taxon.family)
    return SpeciesFound(
        species_id=taxon.species_id,
        names=_taxon_names(taxon),
        rank=taxon.rank,
        family=_group_names(family) if family else None,
        matched=species.matched,
    )


def _reference_photo(shown: ShownPhoto | None) -> ReferencePhoto | None:
    return ReferencePhoto(shown.url, shown.source, shown.licence) if shown else None


def _taxon_names(taxon: Taxon) -> Names:
    return Names(taxon.scientific, taxon.en, taxon.fr)


def _group_names(group: Group) -> Names:
    return Names(group.scientific, group.en or None, group.fr or None)
