"""Species, found and looked at, in the API's JSON."""

from dataclasses import dataclass, field
from typing import Literal

from avocet.domain.taxonomy import Rank
from avocet.http.schema.formats import SPECIES_ID_PATTERN
from avocet.http.schema.names import Names
from avocet.http.schema.progress import PendingProgress


@dataclass(frozen=True, slots=True)
class SpeciesFound:
    """A species that a search found."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names
    rank: Rank
    family: Names | None
    matched: str = field(metadata={"description": "The name that fitted; may be a synonym."})


@dataclass(frozen=True, slots=True)
class SpeciesList:
    """What a search found, best first."""

    species: tuple[SpeciesFound, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a taxon stands; genera have no common names here."""

    order: Names
    family: Names
    genus: Names | None


@dataclass(frozen=True, slots=True)
class PhotoPlaceholder:
    """What to show where there is no reference photo: a drawing for the family, never another bird's photo."""

    family: str = field(metadata={"description": "Scientific name of the family.", "examples": ["Recurvirostridae"]})
    silhouette: str = field(
        metadata={"pattern": "^[a-z]+$", "description": "Name of a drawing: `silhouettes/<name>.svg` of the page."}
    )


@dataclass(frozen=True, slots=True)
class ReferencePhoto:
    """A photo of a species: out of an imported set, or given by somebody who lets it be shown, and reviewed."""

    url: str = field(
        metadata={
            "format": "uri",
            "description": "Link to a JPEG of at most 512 px; it ends after an hour: ask again for another.",
        }
    )
    source: str = field(
        metadata={"description": "`contribution`, or the name of the imported set.", "examples": ["kaggle"]}
    )
    licence: str | None = field(
        metadata={"description": "What its contributor allows; null for imported photos.", "examples": ["CC-BY-4.0"]}
    )


@dataclass(frozen=True, slots=True)
class SpeciesDetail:
    """What is known of one species."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names
    rank: Rank
    family: Names
    lineage: Lineage
    parent_id: str | None = field(metadata={"description": "The species that a subspecies or a breed belongs to."})
    avibase_id: str | None
    learning: Literal["trainable", "pending", "unseen"] = field(
        metadata={"description": "The model names it; photos are being collected; nobody has given one."}
    )
    missing_photos: int | None = field(
        metadata={
            "ge": 0,
            "description": "Photos still missing until the model can learn it; null when none are needed.",
        }
    )
    progress: PendingProgress | None = field(metadata={"description": "Given while the species is pending."})
    reference_photo: ReferencePhoto | None = field(
        metadata={"description": "A photo of this very species; null while there is none that people may be shown."}
    )
    placeholder: PhotoPlaceholder
    lookup: dict[str, str] = field(metadata={"description": "Pages about it elsewhere, by the name of the site."})


MAX_NAMED_SPECIES = 2000


@dataclass(frozen=True, slots=True)
class SpeciesNamesRequest:
    """What are these species called?"""

    species_ids: tuple[str, ...] = field(metadata={"max_length": MAX_NAMED_SPECIES, "examples": [["pied-avocet"]]})


@dataclass(frozen=True, slots=True)
class SpeciesNames:
    """Names of species; those that nobody knows are left out."""

    names: dict[str, Names] = field(metadata={"description": "By the id that was asked for."})


@dataclass(frozen=True, slots=True)
class NamesImported:
    """What became of a list of names."""

    rows: int = field(metadata={"ge": 0, "description": "Birds on the list with a name."})
    matched: int = field(metadata={"ge": 0, "description": "Birds of the world list that it names."})
    added: int = field(metadata={"ge": 0, "description": "Of these, birds that had no name in that language before."})
    unmatched_count: int = field(metadata={"ge": 0, "description": "Rows whose bird the world list does not know."})
    unmatched: tuple[str, ...] = field(metadata={"description": "The first of them, by scientific name."})
    doubtful_count: int = field(
        metadata={"ge": 0, "description": "Rows for a bird that another row names with more right."}
    )
    doubtful: tuple[str, ...] = field(metadata={"description": "The first of them, by scientific name."})
