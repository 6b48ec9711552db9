"""The shapes of the API's JSON, as plain dataclasses: cheap to import where a prediction waits, and the source of OpenAPI.

Field metadata holds JSON Schema keywords in pydantic's spelling; only ``avocet.http.openapi`` reads it.
"""

from dataclasses import dataclass, field
from typing import Literal

from avocet.domain.contribution import ContributionStatus, Feedback
from avocet.domain.dataset import PhotoState, Split
from avocet.domain.jobs import JobKind, JobState
from avocet.domain.prediction import CoarserRank
from avocet.domain.taxonomy import Rank

PHOTO_ID_PATTERN = "^[0-9a-f]{32}$"
SPECIES_ID_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
TIMESTAMP_EXAMPLE = "2026-11-23T09:30:00.000000+00:00"
PHOTO_ID_EXAMPLE = "5f2b8c1e9a7d4c3fb0e6d1a2c3b4f5e6"


@dataclass(frozen=True, slots=True)
class Names:
    """A taxon's names; a name that nobody has given yet is null."""

    scientific: str = field(metadata={"examples": ["Recurvirostra avosetta"]})
    en: str | None = field(metadata={"examples": ["Pied Avocet"]})
    fr: str | None = field(metadata={"examples": ["Avocette élégante"]})


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A photo that is about to be uploaded."""

    size_bytes: int = field(metadata={"ge": 1, "le": 25 * 1024 * 1024, "description": "Size of the photo."})


@dataclass(frozen=True, slots=True)
class UploadGranted:
    """Leave to upload one photo: post `fields` and then the photo as `file`, as multipart/form-data, to `url`."""

    upload_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    url: str = field(metadata={"examples": ["https://uploads.example.org/"]})
    fields: dict[str, str] = field(metadata={"description": "Form fields to send unchanged, before the file."})
    expires_at: str = field(
        metadata={"description": "Until when the upload may begin.", "examples": [TIMESTAMP_EXAMPLE]}
    )
    max_bytes: int = field(metadata={"ge": 1})


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


@dataclass(frozen=True, slots=True)
class FeedbackRequest:
    """An answer to a prediction."""

    feedback: Feedback = field(metadata={"description": "confirmed: the first species is right."})
    species_id: str | None = field(
        default=None,
        metadata={
            "pattern": SPECIES_ID_PATTERN,
            "description": "The right species, any of the world list; for corrected only.",
            "examples": ["pied-avocet"],
        },
    )


@dataclass(frozen=True, slots=True)
class FeedbackTaken:
    """The feedback is recorded and the photo is in the raw dataset."""

    prediction_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    photo_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    feedback: Feedback
    species_id: str | None
    status: ContributionStatus
    given_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    terms_version: str
    licence: str = field(metadata={"examples": ["CC-BY-4.0"]})


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
    reference_photo: str | None = field(metadata={"description": "Address of a reviewed photo of this very species."})
    placeholder: PhotoPlaceholder
    lookup: dict[str, str] = field(metadata={"description": "Pages about it elsewhere, by the name of the site."})


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


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """Whether birds can be named right now, in plain words."""

    status: Literal["ready", "no-model"]
    message: str
    model_version: str | None
    activity: str = field(
        default="Everything is up to date.", metadata={"description": "What goes on behind the scenes."}
    )


@dataclass(frozen=True, slots=True)
class PublicStats:
    """What people have given so far."""

    contributions: int = field(metadata={"ge": 0, "description": "Photos given with feedback."})
    dataset_photos: int = field(default=0, metadata={"ge": 0, "description": "Photos in the dataset."})
    dataset_species: int = field(default=0, metadata={"ge": 0, "description": "Species that can be learned."})
    dataset_sources: dict[str, int] = field(
        default_factory=dict, metadata={"description": "Photos in the dataset by where they came from."}
    )


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What a photo really shows."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})


@dataclass(frozen=True, slots=True)
class JobRequested:
    """A wish for a job."""

    kind: JobKind
    parameters: dict[str, str] | None = field(
        default=None, metadata={"max_length": 10, "description": "In words of the kind."}
    )


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is."""

    done: int = field(metadata={"ge": 0})
    total: int = field(metadata={"ge": 0, "description": "0 while not known."})
    note: str


@dataclass(frozen=True, slots=True)
class JobView:
    """One piece of work."""

    job_id: str
    kind: JobKind
    state: JobState
    requested_by: str
    requested_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    waits_for: tuple[str, ...] = field(metadata={"description": "Ids of the jobs it waits for."})
    started_at: str | None
    finished_at: str | None
    attempt: int = field(metadata={"ge": 0})
    progress: JobProgress
    reason: str | None = field(metadata={"description": "Why it failed."})
    parameters: dict[str, str]
    result: dict[str, str]


@dataclass(frozen=True, slots=True)
class JobList:
    """The active jobs in their order, then the closed ones, newest first."""

    message: str = field(metadata={"description": "In plain words."})
    jobs: tuple[JobView, ...]


@dataclass(frozen=True, slots=True)
class SplitCount:
    """Photos of a species by split."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A snapshot without its rows."""

    snapshot_id: str
    parent_id: str | None
    depth: int = field(metadata={"ge": 0, "description": "Snapshots before it."})
    photos: int = field(metadata={"ge": 0})
    changes: dict[str, int] = field(metadata={"description": "Rows it added, relabelled and removed."})
    species: dict[str, SplitCount]


@dataclass(frozen=True, slots=True)
class DatasetView:
    """Where the dataset stands."""

    snapshot: SnapshotView | None
    needed_photos: int = field(metadata={"ge": 0, "description": "Clean photos that make a species trainable."})
    sources: dict[str, int] = field(metadata={"description": "Photos in the snapshot by where they came from."})
    in_review: int = field(
        metadata={"ge": 0, "description": "Photos set aside for a person to look at; 500 stands for more."}
    )
    unresolved: dict[str, int] = field(metadata={"description": "Labels that name no species yet, with their photos."})
    is_being_written: bool


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo that is about to be imported."""

    label: str
    sha256: str = field(metadata={"pattern": "^[0-9a-f]{64}$", "examples": ["0" * 64]})


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """Which of these photos are here already?"""

    source: str = field(metadata={"examples": ["kaggle"]})
    photos: tuple[KnownPhoto, ...] = field(metadata={"max_length": 2000})


@dataclass(frozen=True, slots=True)
class KnownPhotos:
    """For each photo asked about, whether it is here."""

    known: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class UnresolvedLabel:
    """A label that names no species yet; its photos are kept."""

    label: str
    proposals: tuple[str, ...] = field(metadata={"description": "Ids of species it may mean."})


@dataclass(frozen=True, slots=True)
class RefusedPhoto:
    """A photo that cannot be used."""

    name: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImportAnswer:
    """What became of a batch."""

    taken: int = field(metadata={"ge": 0})
    known: int = field(metadata={"ge": 0, "description": "They were here already."})
    unresolved: tuple[UnresolvedLabel, ...]
    left_out: dict[str, int] = field(metadata={"description": "Labels that are no birds, with their photos."})
    refused: tuple[RefusedPhoto, ...]


@dataclass(frozen=True, slots=True)
class PhotoInDataset:
    """What the dataset knows of a photo."""

    photo_id: str
    source: str
    species_id: str | None
    label: str | None
    state: PhotoState
    reason: str | None
    split: Split | None
    snapshot_id: str | None


@dataclass(frozen=True, slots=True)
class ErasureTaken:
    """Nobody is shown the photo from now on; the job removes every byte of it."""

    photo_id: str
    job_id: str


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """Why a request was not carried out (RFC 9457)."""

    type: str = field(metadata={"examples": ["/problems/upload-expired"], "description": "Stable name of the problem."})
    title: str = field(metadata={"examples": ["The photo has expired"]})
    detail: str = field(metadata={"description": "What to do about it.", "examples": ["Send the photo again."]})
    instance: str = field(metadata={"description": "Correlation id of this request; quote it when asking for help."})
    status: int | None = field(
        default=None,
        metadata={"ge": 400, "le": 599, "description": "The HTTP status; the gateway's own refusals may leave it out."},
    )
