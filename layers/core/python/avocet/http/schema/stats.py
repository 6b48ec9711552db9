"""The open numbers in the API's JSON."""

from dataclasses import dataclass, field

from avocet.http.schema.formats import SPECIES_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.names import Names


@dataclass(frozen=True, slots=True)
class GrowthOfDay:
    """The dataset at the end of a day on which it changed."""

    day: str = field(metadata={"examples": ["2026-11-25"]})
    photos: int = field(metadata={"ge": 0})
    species: int = field(metadata={"ge": 0, "description": "Species that can be learned."})
    sources: dict[str, int] = field(metadata={"description": "Photos by where they came from."})


@dataclass(frozen=True, slots=True)
class SpeciesCount:
    """A species and its photos in the dataset."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names
    photos: int = field(metadata={"ge": 0})


@dataclass(frozen=True, slots=True)
class PendingSpecies:
    """A species that the model cannot learn yet."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names
    photos: int = field(metadata={"ge": 0, "description": "Clean photos that wait."})
    needed: int = field(metadata={"ge": 1, "description": "Clean photos that make it trainable."})


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """How good a model version was found; null where it was not measured."""

    model_version: str
    registered_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    accuracy: float | None = field(metadata={"ge": 0, "le": 1, "description": "Share named right at first."})
    top3: float | None = field(metadata={"ge": 0, "le": 1, "description": "Share with the right name among three."})
    macro_f1: float | None = field(metadata={"ge": 0, "le": 1})
    is_champion: bool = field(metadata={"description": "Whether it serves now."})


@dataclass(frozen=True, slots=True)
class AnswersOfWeek:
    """What people first answered in a week, each photo once."""

    week: str = field(metadata={"description": "Its Monday.", "examples": ["2026-11-23"]})
    confirmed: int = field(metadata={"ge": 0})
    corrected: int = field(metadata={"ge": 0})
    unknown: int = field(metadata={"ge": 0})


@dataclass(frozen=True, slots=True)
class PublicStats:
    """What people have given so far, and what became of it."""

    contributions: int = field(metadata={"ge": 0, "description": "Photos given with feedback."})
    dataset_photos: int = field(default=0, metadata={"ge": 0, "description": "Photos in the dataset."})
    dataset_species: int = field(default=0, metadata={"ge": 0, "description": "Species that can be learned."})
    dataset_sources: dict[str, int] = field(
        default_factory=dict, metadata={"description": "Photos in the dataset by where they came from."}
    )
    growth: tuple[GrowthOfDay, ...] = field(default=(), metadata={"description": "The oldest first."})
    largest_species: tuple[SpeciesCount, ...] = field(
        default=(), metadata={"description": "The species with the most photos in the dataset."}
    )
    pending_species: tuple[PendingSpecies, ...] = field(
        default=(), metadata={"description": "Species that miss the fewest photos until the model can learn them."}
    )
    models: tuple[ModelFigures, ...] = field(default=(), metadata={"description": "The oldest first."})
    answers: tuple[AnswersOfWeek, ...] = field(default=(), metadata={"description": "Week by week, the oldest first."})
