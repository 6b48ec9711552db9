"""A prediction in the API's JSON, asked for and answered."""

from dataclasses import dataclass, field

from avocet.domain.contribution import ContributionStatus, Feedback
from avocet.domain.prediction import CoarserRank
from avocet.domain.taxonomy import Rank
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, PHOTO_ID_PATTERN, SPECIES_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.names import Names


@dataclass(frozen=True, slots=True)
class PredictionOfUpload:
    """Names an upload to identify."""

    upload_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})


@dataclass(frozen=True, slots=True)
class PredictedSpecies:
    """One of the three likeliest species."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names
    score: float = field(metadata={"ge": 0, "le": 1, "description": "Calibrated probability."})
    rank: Rank = field(metadata={"description": "Some of the model's labels name a genus, a family or a breed."})
    family: Names | None


@dataclass(frozen=True, slots=True)
class CoarserName:
    """A genus or family that the model is surer of than of any one species."""

    rank: CoarserRank
    name: str = field(metadata={"description": "Its scientific name."})
    names: Names
    score: float = field(metadata={"ge": 0, "le": 1, "description": "Sum of its members' probabilities."})


@dataclass(frozen=True, slots=True)
class TimingsMs:
    """Where the time went, in milliseconds of wall clock inside the function."""

    model: float = field(metadata={"ge": 0, "description": "Looking up the champion; loading it where it had changed."})
    decode: float = field(metadata={"ge": 0, "description": "From the photo's bytes to the model's input."})
    infer: float = field(metadata={"ge": 0, "description": "The model."})
    store: float = field(metadata={"ge": 0, "description": "Waiting for storage, beyond what ran beside the model."})
    total: float = field(metadata={"ge": 0, "description": "From the event's arrival to the answer."})


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    """The feedback on a prediction, as it stands."""

    feedback: Feedback
    species_id: str | None
    status: ContributionStatus = field(
        metadata={"description": "pending: being stored; received: in the raw dataset; review: waiting for a reviewer."}
    )


@dataclass(frozen=True, slots=True)
class PredictionAnswer:
    """What the model says about a photo."""

    prediction_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    model_version: str = field(metadata={"examples": ["starter-1a2b3c4d"]})
    predictions: tuple[PredictedSpecies, ...] = field(
        metadata={"min_length": 1, "max_length": 3, "description": "The likeliest species, best first."}
    )
    coarser: CoarserName | None = field(metadata={"description": "Offered when no species is sure."})
    unfamiliar: bool = field(metadata={"description": "The photo shows nothing the model knows."})
    timings_ms: TimingsMs | None = field(metadata={"description": "Null when the prediction was made earlier."})
    expires_at: str = field(
        metadata={"description": "Until when feedback is taken, if none was given.", "examples": [TIMESTAMP_EXAMPLE]}
    )
    feedback: FeedbackGiven | None
