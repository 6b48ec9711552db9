"""Import a list of French names: those of birds that have none yet are shown from now on, all of them are found.

Names that this project gave and reviewed stay as they are; a list cannot take them away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from avocet.domain.labels import NamedTaxa
from avocet.domain.name_list import MAX_LISTED, match_names, read_list
from avocet.domain.taxonomy import WorldList
from avocet.usecases.species_ports import ImportedNames


class NamedWorldList(NamedTaxa, WorldList, Protocol):
    """The world list, and who bears which name."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a list.

    Attributes:
        rows: Birds on the list with a name.
        matched: Birds of the world list that the list names.
        added: Of these, birds that had no French name before.
        unmatched_count: Rows whose bird the world list does not know.
        unmatched: The first of them, by scientific name.
        doubtful_count: Rows for a bird that another row names with more right.
        doubtful: The first of them, by scientific name.
    """

    rows: int
    matched: int
    added: int
    unmatched_count: int
    unmatched: Sequence[str]
    doubtful_count: int
    doubtful: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ImportNames:
    """Replaces the imported names by those of a new list."""

    world_list: NamedWorldList
    imported: ImportedNames

    def __call__(self, data: bytes) -> ImportReport:
        """Read the list, store its names, and tell what became of them.

        Raises:
            UnreadableListError: It is no list of names; the names imported before stay.
        """
        matched = match_names(read_list(data), self.world_list)
        taxa = self.world_list.find_many(list(matched.names))
        self.imported.replace(
            {taxon.species_id: matched.names[taxon.species_id] for taxon in taxa if taxon is not None}
        )
        return ImportReport(
            rows=matched.rows,
            matched=len(matched.names),
            added=sum(taxon is not None and taxon.fr is None for taxon in taxa),
            unmatched_count=len(matched.unmatched),
            unmatched=tuple(matched.unmatched[:MAX_LISTED]),
            doubtful_count=len(matched.doubtful),
            doubtful=tuple(matched.doubtful[:MAX_LISTED]),
        )
