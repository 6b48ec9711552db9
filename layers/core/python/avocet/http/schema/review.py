"""Review of others' photos, and what was decided, in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.audit import AuditAction
from avocet.domain.likeness import Order
from avocet.domain.review import Action, ReviewStatus
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, PHOTO_ID_PATTERN, SPECIES_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.names import Names


@dataclass(frozen=True, slots=True)
class NamedSpecies:
    """A species with its names."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the model thought when the photo came."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names
    score: float = field(metadata={"ge": 0, "le": 1})


@dataclass(frozen=True, slots=True)
class PhotoInReview:
    """A photo to look at; nobody else is shown it until `claimed_until`."""

    photo_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    source: str = field(metadata={"description": "contribution, or the set it was imported from."})
    said: NamedSpecies | None = field(metadata={"description": "What it is said to show; null for unknown."})
    reason: str = field(metadata={"description": "Why a person should look.", "examples": ["new-contributor"]})
    proposed: NamedSpecies | None = field(
        metadata={"description": "What the champion or the same picture says instead."}
    )
    suggestions: tuple[Suggestion, ...]
    voices: int = field(metadata={"ge": 0, "description": "Reviewers who have spoken so far."})
    photo_url: str = field(metadata={"description": "Link to the photo, good for 15 minutes."})
    claimed_until: str | None = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Photos handed out to this reviewer."""

    items: tuple[PhotoInReview, ...]


@dataclass(frozen=True, slots=True)
class LookAlikePhoto:
    """A photo of a species: out of an imported set, or given by somebody who lets it be shown, and reviewed."""

    photo_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    url: str = field(metadata={"format": "uri", "description": "Link to the photo, good for 15 minutes."})
    source: str = field(
        metadata={"description": "`contribution`, or the name of the imported set.", "examples": ["kaggle"]}
    )
    licence: str | None = field(
        metadata={"description": "What its contributor allows; null for imported photos.", "examples": ["CC-BY-4.0"]}
    )


@dataclass(frozen=True, slots=True)
class LookAlikesView:
    """Photos of a species to put beside one that is being reviewed."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN})
    names: Names
    order: Order = field(
        metadata={
            "description": (
                "similarity: the photos a model finds most similar come first; variety: what the photo looks like to a model is "
                "not known, and the photos are such as differ from one another."
            )
        }
    )
    photos: tuple[LookAlikePhoto, ...] = field(metadata={"description": "Six at the most."})


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """What to do with a photo."""

    action: Action = field(
        metadata={
            "description": (
                "accept: it shows what is said; correct: it shows species_id; reject: it is of no use; skip: somebody else shall "
                "look; undo: take back what one said."
            )
        }
    )
    species_id: str | None = field(
        default=None, metadata={"pattern": SPECIES_ID_PATTERN, "description": "For correct only."}
    )


@dataclass(frozen=True, slots=True)
class ReviewTaken:
    """What came of it."""

    photo_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    status: ReviewStatus = field(
        metadata={"description": "decided: the next refresh acts on it; counted: another reviewer has to agree."}
    )
    species_id: str | None = field(metadata={"description": "What the photo counts as; null when it is of no use."})


@dataclass(frozen=True, slots=True)
class AuditView:
    """Something that was decided about others' photos or accounts."""

    at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    actor_id: str
    action: AuditAction | str = field(metadata={"description": "One of these, or a word that came later."})
    subject_id: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class AuditList:
    """The newest decisions, the newest first."""

    items: tuple[AuditView, ...]
