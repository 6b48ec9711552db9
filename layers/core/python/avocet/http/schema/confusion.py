"""What a version takes for what, down to the photos, in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.dataset import Split
from avocet.http.schema.names import Names


@dataclass(frozen=True, slots=True)
class JudgedSpecies:
    """A species that a model was asked about, or answered."""

    species_id: str
    names: Names
    family: Names


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The photos whose answer was scored within one fifteenth of 0-1."""

    photos: int
    mean_score: float
    right_ratio: float = field(
        metadata={"description": "Share of the answers that were right; a calibrated model's mean score."}
    )


@dataclass(frozen=True, slots=True)
class ConfusionView:
    """Which species a version took for which, and how much its scores are worth."""

    version: str
    snapshot_id: str
    split: Split
    photos: int
    species: tuple[JudgedSpecies, ...]
    matrix: dict[str, dict[str, int]] = field(
        metadata={"description": "Photos by what they show, then by the answer; what never happened is absent."}
    )
    bins: tuple[CalibrationBin, ...] = field(metadata={"description": "By rising score; empty ones are left out."})


@dataclass(frozen=True, slots=True)
class JudgedPhoto:
    """A photo and what a version said of it."""

    photo_id: str
    species_id: str
    answer: str
    score: float
    url: str = field(metadata={"description": "Link to the photo, good for 15 minutes."})


@dataclass(frozen=True, slots=True)
class JudgedPhotos:
    """Photos of a species, those that the version was surest about first."""

    items: tuple[JudgedPhoto, ...]
    more: int = field(metadata={"description": "How many there are beyond these."})
