"""Find species by what somebody typed; reads the world list and what the model knows, changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from avocet.domain.name_kinds import NameKind
from avocet.domain.name_search import Hit, NameIndex, Preference, search
from avocet.domain.taxonomy import Taxon, WorldList
from avocet.usecases.species_ports import LearnedSpecies


@dataclass(frozen=True, slots=True)
class FoundSpecies:
    """A taxon and the name by which it was found."""

    taxon: Taxon
    matched: str


@dataclass(frozen=True, kw_only=True)
class SearchSpecies:
    """Searches every index of names there is and merges what they find.

    Attributes:
        world_list: The taxa.
        indexes: Their names; more than one once names were imported.
        learned: What the model knows goes first among equals.
    """

    world_list: WorldList
    indexes: Sequence[NameIndex]
    learned: LearnedSpecies

    def __call__(self, query: str, *, limit: int, language: NameKind | None = None) -> list[FoundSpecies]:
        """Return at most ``limit`` species, the best first."""
        preference = Preference(self.learned.current(), language)
        best: dict[str, Hit] = {}
        for index in self.indexes:
            for hit in search(index, query, limit=limit, preference=preference):
                held = best.get(hit.species_id)
                if held is None or hit.fit < held.fit:
                    best[hit.species_id] = hit
        hits = sorted(best.values(), key=lambda hit: hit.fit)[:limit]
        taxa = self.world_list.find_many([hit.species_id for hit in hits])
        return [FoundSpecies(taxon, hit.name) for hit, taxon in zip(hits, taxa, strict=True) if taxon is not None]
