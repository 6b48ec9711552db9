"""Tell what is known of one species; refuses an id that the world list does not hold."""

from dataclasses import dataclass

from avocet.domain.species import Learning, SpeciesNotFoundError
from avocet.domain.taxonomy import Group, Taxon, WorldList
from avocet.usecases.dataset_ports import Heads, Standings
from avocet.usecases.species_ports import LearnedSpecies


@dataclass(frozen=True, slots=True)
class KnownSpecies:
    """A taxon with its lineage, and how far the model is with it."""

    taxon: Taxon
    order: Group
    family: Group
    learning: Learning
    missing_photos: int | None


@dataclass(frozen=True, kw_only=True)
class GetSpecies:
    """Looks a species up."""

    world_list: WorldList
    learned: LearnedSpecies
    standings: Standings
    heads: Heads

    def __call__(self, species_id: str) -> KnownSpecies:
        """Return the taxon of that id, or the one that holds it since a lump or a renaming.

        Raises:
            SpeciesNotFoundError: There is none.
        """
        taxon = self.world_list.find(species_id)
        if taxon is None:
            raise SpeciesNotFoundError("Look the species up with GET /species?query=, and use the id it returns.")
        order, family = self.world_list.order(taxon.order), self.world_list.family(taxon.family)
        learning, missing = self._learning(taxon.species_id)
        return KnownSpecies(
            taxon=taxon,
            order=order or Group(taxon.order, "", ""),
            family=family or Group(taxon.family, "", ""),
            learning=learning,
            missing_photos=missing,
        )

    def _learning(self, species_id: str) -> tuple[Learning, int | None]:
        """Return how far the model is with a species, and how many photos it still needs."""
        if species_id in self.learned.current():
            return "trainable", None
        standing = self.standings.find(species_id)
        if standing is not None and standing.is_trainable:
            return "trainable", None
        needed = self.heads.read().needed_photos
        if standing is None or not standing.waiting_photos:
            return "unseen", needed or None
        return "pending", standing.missing_photos(needed)
