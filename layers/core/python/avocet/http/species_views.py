"""Species as the API shows them."""

from dataclasses import asdict

from avocet.domain.species import lookup_links
from avocet.domain.taxonomy import Group, Taxon, WorldList
from avocet.http.schema import Lineage, Names, NamesImported, PhotoPlaceholder, SpeciesDetail, SpeciesFound, SpeciesList
from avocet.usecases.get_species import KnownSpecies
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
        reference_photo=None,
        placeholder=PhotoPlaceholder(taxon.family, known.family.silhouette),
        lookup=lookup_links(taxon),
    )


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


def _taxon_names(taxon: Taxon) -> Names:
    return Names(taxon.scientific, taxon.en, taxon.fr)


def _group_names(group: Group) -> Names:
    return Names(group.scientific, group.en or None, group.fr or None)
