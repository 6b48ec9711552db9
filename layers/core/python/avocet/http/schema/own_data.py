"""What one has given, and can have back, in the API's JSON."""

from dataclasses import dataclass, field
from typing import Literal

from avocet.domain.contribution import Feedback
from avocet.domain.whereabouts import Stage
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, PHOTO_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.names import Names
from avocet.http.schema.progress import PendingProgress


@dataclass(frozen=True, slots=True)
class ContributionView:
    """One's own contribution and where it stands."""

    photo_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    prediction_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    feedback: Feedback
    species_id: str | None = field(metadata={"description": "What it is taken to show; null for unknown."})
    names: Names | None
    status: Stage = field(
        metadata={
            "description": (
                "received: the next refresh looks at it; waiting_for_review: a person has to look; waiting_for_species: clean, "
                "and its species has too few photos yet; in_dataset: a snapshot holds it; set_aside: it is not used, for the "
                "reason given; withdrawn: its owner took it back."
            )
        }
    )
    reason: str | None = field(
        metadata={
            "description": (
                "A stable code. While waiting for review: unknown, new-contributor, correction, spot-check, unfamiliar, "
                "champion-disagrees, same-picture-other-species. Set aside: duplicate, rejected, bridges-splits, missing-in-raw, "
                "unreadable-photo, blank-photo, tiny-photo and the like."
            ),
            "examples": ["new-contributor"],
        }
    )
    snapshot_id: str | None = field(metadata={"description": "The first snapshot that held it, while one does."})
    created_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    photo_url: str | None = field(
        metadata={"description": "Link to the photo as it is kept, good for 15 minutes; null once it is withdrawn."}
    )
    progress: PendingProgress | None = field(
        metadata={"description": "Given while the photo waits and its species is pending."}
    )


@dataclass(frozen=True, slots=True)
class ContributionList:
    """A page of one's own contributions, the newest first."""

    items: tuple[ContributionView, ...]
    next: str | None = field(metadata={"description": "Send it as `cursor` for the next page; null on the last."})


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The contribution is taken back."""

    photo_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    status: Literal["withdrawn"] = "withdrawn"


@dataclass(frozen=True, slots=True)
class ExportStatus:
    """Where one's export is."""

    status: Literal["being_made", "ready"]
    url: str | None = field(metadata={"description": "Link to a zip with everything; null while it is being made."})
    expires_at: str | None = field(metadata={"description": "Until when the link works."})
    made_at: str | None
    size_bytes: int | None = field(metadata={"ge": 0})
