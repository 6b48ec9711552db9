"""Where a contribution stands, as its owner is told: one stage, a reason in a stable code, and the snapshot that holds it.

It refuses nothing and tells nothing of other people: whose photo is the same, or who decided, stays inside.
"""

from dataclasses import dataclass
from enum import StrEnum

from avocet.domain.contribution import PhotoRecord
from avocet.domain.dataset import DatasetPhoto, PhotoState


class Stage(StrEnum):
    """How far a contribution has come."""

    RECEIVED = "received"  # accepted; the next refresh looks at it
    WAITING_FOR_REVIEW = "waiting_for_review"
    WAITING_FOR_SPECIES = "waiting_for_species"  # clean; its species has too few photos yet
    IN_DATASET = "in_dataset"
    SET_ASIDE = "set_aside"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a contribution stands.

    Attributes:
        stage: How far it has come.
        reason: Why it waits or was set aside; empty when there is nothing to say.
        snapshot_id: The first snapshot that held it; empty outside the dataset.
    """

    stage: Stage
    reason: str = ""
    snapshot_id: str = ""


# A photo that would tie two splits together cannot enter, whatever a reviewer says of it.
BRIDGES_SPLITS = "bridges-splits"
_DUPLICATE = "duplicate"


def whereabouts_of(record: PhotoRecord, photo: DatasetPhoto | None) -> Whereabouts:
    """Return where a photo with feedback stands.

    Args:
        record: The photo's record.
        photo: What the dataset knows of it; None before a refresh has acted on it.
    """
    if record.withdrawn_at is not None:
        return Whereabouts(Stage.WITHDRAWN)
    if photo is not None and photo.dataset_species_id is not None:
        # A change of mind is acted on by the next refresh; until then the photo is where it is.
        return Whereabouts(Stage.IN_DATASET, snapshot_id=photo.snapshot_id or "")
    contribution = record.contribution
    if photo is None or contribution is None or not contribution.finished or photo.revision != contribution.revision:
        return Whereabouts(Stage.RECEIVED)
    match photo.state:
        case PhotoState.REVIEW if photo.reason == BRIDGES_SPLITS:
            return Whereabouts(Stage.SET_ASIDE, photo.reason)
        case PhotoState.REVIEW:
            return Whereabouts(Stage.WAITING_FOR_REVIEW, photo.reason)
        case PhotoState.WAITING:
            return Whereabouts(Stage.WAITING_FOR_SPECIES)
        case PhotoState.DUPLICATE:
            return Whereabouts(Stage.SET_ASIDE, _DUPLICATE)
        case PhotoState.REFUSED | PhotoState.UNRESOLVED:
            return Whereabouts(Stage.SET_ASIDE, photo.reason)
        case _:
            return Whereabouts(Stage.RECEIVED)
