"""Every operation of the REST API in one table: the source of its OpenAPI description, and of nothing at run time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from avocet.domain.contribution import ContributionStatus, Feedback
from avocet.domain.dataset import PhotoState, Split
from avocet.domain.jobs import JobKind, JobState
from avocet.domain.name_search import MAX_QUERY_LETTERS
from avocet.http.schema import (
    PHOTO_ID_EXAMPLE,
    PHOTO_ID_PATTERN,
    SPECIES_ID_PATTERN,
    TIMESTAMP_EXAMPLE,
    CorrectionRequest,
    DatasetView,
    ErasureTaken,
    FeedbackRequest,
    FeedbackTaken,
    ImportAnswer,
    JobList,
    JobProgress,
    JobRequested,
    JobView,
    KnownPhoto,
    KnownPhotos,
    KnownRequest,
    Lineage,
    Names,
    NamesImported,
    PhotoInDataset,
    PhotoPlaceholder,
    PredictedSpecies,
    PredictionAnswer,
    PredictionOfUpload,
    PublicStats,
    ServiceStatus,
    SnapshotView,
    SpeciesDetail,
    SpeciesFound,
    SpeciesList,
    SplitCount,
    TimingsMs,
    UnresolvedLabel,
    UploadGranted,
    UploadRequest,
)
from avocet.http.species_query import DEFAULT_LIMIT, LANGUAGES, MAX_LIMIT

PHOTO_MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/avif", "application/octet-stream")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value in the path, which is always required, or in the query; ``schema`` is JSON Schema."""

    name: str
    where: Literal["path", "query"]
    description: str
    schema: Mapping[str, Any]
    example: Any
    is_required: bool = False


@dataclass(frozen=True, kw_only=True)
class Success:
    """An answer of the 2xx kind; ``example`` is an instance of ``shape``. No shape: any JSON object."""

    description: str
    shape: type | None = None
    example: Any = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method on one path.

    Attributes:
        verb: The function's folder, and the operation id unless ``name`` is given.
        name: The operation id, where one function answers several operations.
        method: Lower case.
        path: With parameters in braces.
        summary: One line.
        description: What a client should know.
        successes: Answers of the 2xx kind, by status.
        problems: For each status that this operation itself may answer with, the codes and when they occur.
        parameters: In path and query.
        body: Shape of the JSON body, with an example.
        takes_photo: Whether the body may be a photo instead.
        takes_zip: Whether the body is a zip.
        takes_csv: Whether the body is a list in CSV.
        is_public: Whether it answers without a token.
    """

    verb: str
    name: str = ""
    method: str
    path: str
    summary: str
    description: str
    successes: Mapping[int, Success]
    problems: Mapping[int, str] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    body: tuple[type, Any] | None = None
    takes_photo: bool = False
    takes_zip: bool = False
    takes_csv: bool = False
    is_public: bool = False


PREDICTION_ID = Parameter(
    name="id",
    where="path",
    description="The id of the prediction, which is the id of its photo too.",
    schema={"type": "string", "pattern": PHOTO_ID_PATTERN},
    example=PHOTO_ID_EXAMPLE,
)

_NAMES = Names("Recurvirostra avosetta", "Pied Avocet", "Avocette élégante")
_FAMILY = Names("Recurvirostridae", "Stilts, Avocets", "Recurvirostridés")
_PREDICTION = PredictionAnswer(
    prediction_id=PHOTO_ID_EXAMPLE,
    model_version="starter-1a2b3c4d",
    predictions=(
        PredictedSpecies("pied-avocet", _NAMES, 0.94, "species", _FAMILY),
        PredictedSpecies(
            "american-avocet",
            Names("Recurvirostra americana", "American Avocet", "Avocette d'Amérique"),
            0.03,
            "species",
            _FAMILY,
        ),
        PredictedSpecies(
            "black-winged-stilt",
            Names("Himantopus himantopus", "Black-winged Stilt", "Échasse blanche"),
            0.01,
            "species",
            _FAMILY,
        ),
    ),
    coarser=None,
    unfamiliar=False,
    timings_ms=TimingsMs(model=0.01, decode=6.4, infer=14.2, store=11.8, total=33.1),
    expires_at=TIMESTAMP_EXAMPLE,
    feedback=None,
)
_MALFORMED = "`bad-request`: the body is not a JSON object."
_FOREIGN = "`not-found`: no such photo, or somebody else's."
_EXPIRED = "`upload-expired`: more than 24 hours went by without feedback."

_JOB_ID = Parameter(
    name="id",
    where="path",
    description="The id of the job.",
    schema={"type": "string"},
    example=PHOTO_ID_EXAMPLE,
)
_PHOTO_IN_DATASET = Parameter(
    name="id",
    where="path",
    description="The id of the photo.",
    schema={"type": "string", "pattern": PHOTO_ID_PATTERN},
    example=PHOTO_ID_EXAMPLE,
)
_JOB = JobView(
    job_id=PHOTO_ID_EXAMPLE,
    kind=JobKind.REFRESH,
    state=JobState.RUNNING,
    requested_by="5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f",
    requested_at=TIMESTAMP_EXAMPLE,
    waits_for=(),
    started_at=TIMESTAMP_EXAMPLE,
    finished_at=None,
    attempt=1,
    progress=JobProgress(50, 100, "cleaning photos"),
    reason=None,
    parameters={},
    result={},
)
_SNAPSHOT = SnapshotView(
    snapshot_id="0" * 64,
    parent_id=None,
    depth=0,
    photos=30,
    changes={"add": 30, "relabel": 0, "remove": 0},
    species={"pied-avocet": SplitCount(20, 5, 5)},
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="upload",
        method="post",
        path="/uploads",
        summary="Get leave to upload a photo",
        description="For photos over 4 MB, up to 25 MB. Post the photo to the address returned, then ask for a prediction of it.",
        body=(UploadRequest, UploadRequest(3_500_000)),
        successes={
            201: Success(
                description="Leave to upload one photo.",
                shape=UploadGranted,
                example=UploadGranted(
                    upload_id=PHOTO_ID_EXAMPLE,
                    url="https://uploads.example.org/",
                    fields={"key": f"photos/{PHOTO_ID_EXAMPLE}", "policy": "eyJleHBpcmF0aW9uIjogIiJ9"},
                    expires_at=TIMESTAMP_EXAMPLE,
                    max_bytes=26_214_400,
                ),
            )
        },
        problems={
            400: _MALFORMED,
            413: "`photo-too-large`: over 25 MB.",
            422: "`invalid-request`: size_bytes is no positive whole number.",
        },
    ),
    Operation(
        verb="predict",
        method="post",
        path="/predictions",
        summary="Name the bird on a photo",
        description=(
            "The body is the photo itself, up to 4 MB, recognised by its content whatever type is declared: JPEG, PNG, WebP, "
            "HEIC or AVIF, one frame, up to 50 megapixels. Or it is JSON that names an upload."
        ),
        body=(PredictionOfUpload, PredictionOfUpload(PHOTO_ID_EXAMPLE)),
        takes_photo=True,
        successes={
            200: Success(
                description="What was said about this upload before.", shape=PredictionAnswer, example=_PREDICTION
            ),
            201: Success(
                description="What the model says; photo and prediction are stored.",
                shape=PredictionAnswer,
                example=_PREDICTION,
            ),
        },
        problems={
            400: "`bad-request`: declared as JSON, and it is none.",
            404: "`not-found`: no such upload, or somebody else's.",
            409: "`photo-missing`: nothing has been uploaded yet.",
            410: _EXPIRED,
            413: "`photo-too-large`: too many bytes or pixels.",
            415: "`unsupported-format`: not a kind of photo we take.",
            422: "`unreadable-photo`, `photo-too-small`, `animated-photo`; `invalid-request`: upload_id is malformed.",
            503: "`no-model`: no model is in service.",
        },
    ),
    Operation(
        verb="get_prediction",
        method="get",
        path="/predictions/{id}",
        summary="Read a prediction of one's own",
        description="With the feedback given on it, as it stands.",
        parameters=(PREDICTION_ID,),
        successes={
            200: Success(
                description="The prediction; `timings_ms` is null.", shape=PredictionAnswer, example=_PREDICTION
            )
        },
        problems={404: _FOREIGN, 410: _EXPIRED},
    ),
    Operation(
        verb="feedback",
        method="post",
        path="/predictions/{id}/feedback",
        summary="Say whether a prediction was right",
        description=(
            "Safe to repeat. Another answer replaces the first until the photo is part of a snapshot. "
            "The photo joins the raw dataset without its metadata, under the licence accepted at sign-up."
        ),
        parameters=(PREDICTION_ID,),
        body=(FeedbackRequest, FeedbackRequest(Feedback.CORRECTED, "pied-avocet")),
        successes={
            200: Success(
                description="Recorded, and the photo is in the raw dataset.",
                shape=FeedbackTaken,
                example=FeedbackTaken(
                    prediction_id=PHOTO_ID_EXAMPLE,
                    photo_id=PHOTO_ID_EXAMPLE,
                    feedback=Feedback.CORRECTED,
                    species_id="pied-avocet",
                    status=ContributionStatus.RECEIVED,
                    given_at=TIMESTAMP_EXAMPLE,
                    terms_version="2026-11",
                    licence="CC-BY-4.0",
                ),
            )
        },
        problems={
            400: _MALFORMED,
            403: "`terms-not-accepted`: accept the terms for contributions first.",
            404: _FOREIGN,
            409: (
                "`answer-in-progress`, `answer-superseded`, `busy`: another answer is being stored; `in-snapshot`: too late "
                "to change it; `photo-changed`: the upload was overwritten."
            ),
            410: _EXPIRED,
            413: "`photo-too-large`: the upload was overwritten by something larger.",
            415: "`unsupported-format`: the upload was overwritten by something else.",
            422: "`invalid-request`, `invalid-feedback`: a value is missing or malformed; `unknown-species`; `unreadable-photo`.",
        },
    ),
    Operation(
        verb="species",
        method="get",
        path="/species",
        summary="Find a bird by name",
        description=(
            "English, French or scientific, as far as it was typed; accents, case, hyphens, the order of the words and small "
            "mistakes do not matter. The best comes first; what the model knows goes before what it does not."
        ),
        parameters=(
            Parameter(
                name="query",
                where="query",
                is_required=True,
                description="What was typed.",
                schema={"type": "string", "minLength": 1, "maxLength": MAX_QUERY_LETTERS, "pattern": "\\S"},
                example="avocette",
            ),
            Parameter(
                name="lang",
                where="query",
                description="Whose names go first among equals.",
                schema={"type": "string", "enum": sorted(LANGUAGES)},
                example="fr",
            ),
            Parameter(
                name="limit",
                where="query",
                description="How many to return at most.",
                schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                example=DEFAULT_LIMIT,
            ),
        ),
        is_public=True,
        successes={
            200: Success(
                description="The birds found; none is an answer too.",
                shape=SpeciesList,
                example=SpeciesList((SpeciesFound("pied-avocet", _NAMES, "species", _FAMILY, "Avocette élégante"),)),
            )
        },
        problems={422: "`invalid-request`: a parameter is missing or not allowed."},
    ),
    Operation(
        verb="species",
        name="one_species",
        method="get",
        path="/species/{id}",
        summary="What is known of one bird",
        description="An id that was given up answers with the taxon that holds it now.",
        parameters=(
            Parameter(
                name="id",
                where="path",
                description="The id of the species.",
                schema={"type": "string", "pattern": SPECIES_ID_PATTERN},
                example="pied-avocet",
            ),
        ),
        is_public=True,
        successes={
            200: Success(
                description="The species.",
                shape=SpeciesDetail,
                example=SpeciesDetail(
                    species_id="pied-avocet",
                    names=_NAMES,
                    rank="species",
                    family=_FAMILY,
                    lineage=Lineage(
                        order=Names("Charadriiformes", "Shorebirds, Gulls and Auks", "Limicoles, goélands et alcidés"),
                        family=_FAMILY,
                        genus=Names("Recurvirostra", None, None),
                    ),
                    parent_id=None,
                    avibase_id="avibase-C73ED2F5",
                    learning="pending",
                    missing_photos=18,
                    reference_photo=None,
                    placeholder=PhotoPlaceholder("Recurvirostridae", "shorebird"),
                    lookup={"Wikipedia": "https://en.wikipedia.org/wiki/Recurvirostra_avosetta"},
                ),
            )
        },
        problems={404: "`species-not-found`: the world list holds no such id."},
    ),
    Operation(
        verb="import_names",
        method="put",
        path="/admin/species/names",
        summary="Import a list of names",
        description=(
            "For admins. The body is CSV in UTF-8; its first row names the columns: scientific, english, and the language's. Birds "
            "without a name in that language show the list's from then on (within a minute); every name of the list can be found. "
            "A new list takes the place of the one before."
        ),
        parameters=(
            Parameter(
                name="lang",
                where="query",
                is_required=True,
                description="The language of the names.",
                schema={"type": "string", "enum": ["fr"]},
                example="fr",
            ),
        ),
        takes_csv=True,
        successes={
            200: Success(
                description="What became of the list.",
                shape=NamesImported,
                example=NamesImported(9613, 9601, 9105, 0, (), 12, ("Porphyrio madagascariensis",)),
            )
        },
        problems={
            403: "`admins-only`: the caller is no admin.",
            413: "`list-too-large`: the file is larger than any list of birds.",
            422: "`invalid-request`: lang is missing or not allowed; `unreadable-list`: the body is no such list.",
        },
    ),
    Operation(
        verb="status",
        method="get",
        path="/status",
        summary="Whether birds can be named right now",
        description="In plain words.",
        is_public=True,
        successes={
            200: Success(
                description="The state of the service.",
                shape=ServiceStatus,
                example=ServiceStatus("ready", "Birds can be named.", "starter-1a2b3c4d", "Everything is up to date."),
            )
        },
    ),
    Operation(
        verb="stats",
        method="get",
        path="/stats",
        summary="What people have given so far",
        description="Counted as feedback is finished, each photo once.",
        is_public=True,
        successes={
            200: Success(
                description="The counts.",
                shape=PublicStats,
                example=PublicStats(1234, 2096, 523, {"contribution": 120, "kaggle": 1976}),
            )
        },
    ),
    Operation(
        verb="correction",
        method="post",
        path="/contributions/{id}/correction",
        summary="Say what one's own photo really shows",
        description="Taken even when a snapshot holds the photo; the next one then says otherwise, and its split stays.",
        parameters=(PREDICTION_ID,),
        body=(CorrectionRequest, CorrectionRequest("pied-avocet")),
        successes={
            200: Success(
                description="Recorded.",
                shape=FeedbackTaken,
                example=FeedbackTaken(
                    prediction_id=PHOTO_ID_EXAMPLE,
                    photo_id=PHOTO_ID_EXAMPLE,
                    feedback=Feedback.CORRECTED,
                    species_id="pied-avocet",
                    status=ContributionStatus.RECEIVED,
                    given_at=TIMESTAMP_EXAMPLE,
                    terms_version="2026-11",
                    licence="CC-BY-4.0",
                ),
            )
        },
        problems={
            400: _MALFORMED,
            404: _FOREIGN,
            409: "`answer-in-progress`, `answer-superseded`, `busy`, `photo-changed`: try again.",
            410: _EXPIRED,
            413: "`photo-too-large`: the upload was overwritten by something larger.",
            415: "`unsupported-format`: the upload was overwritten by something else.",
            422: "`invalid-request`; `unknown-species`; `unreadable-photo`.",
        },
    ),
    Operation(
        verb="jobs",
        name="list_jobs",
        method="get",
        path="/admin/jobs",
        summary="What runs, what waits for whom, what was done",
        description="For admins.",
        successes={
            200: Success(description="The jobs.", shape=JobList, example=JobList("Everything is up to date.", (_JOB,)))
        },
        problems={409: "`busy`: too many jobs change at once."},
    ),
    Operation(
        verb="jobs",
        name="start_job",
        method="post",
        path="/admin/jobs",
        summary="Ask for a job",
        description="The same work that is still queued is joined. For admins.",
        body=(JobRequested, JobRequested(JobKind.VERIFY)),
        successes={202: Success(description="It runs, or waits for its turn.", shape=JobView, example=_JOB)},
        problems={
            400: _MALFORMED,
            409: "`job-kind-unavailable`: this deployment cannot do that; `busy`.",
            422: "`invalid-request`: a value is missing or malformed.",
            429: "`too-many-jobs`: the queue is full.",
        },
    ),
    Operation(
        verb="jobs",
        name="one_job",
        method="get",
        path="/admin/jobs/{id}",
        summary="How far a job is",
        description="For admins.",
        parameters=(_JOB_ID,),
        successes={200: Success(description="The job.", shape=JobView, example=_JOB)},
        problems={404: "`no-job`: there is none of that id."},
    ),
    Operation(
        verb="dataset",
        name="show_dataset",
        method="get",
        path="/admin/dataset",
        summary="Where the dataset stands",
        description="For admins.",
        successes={
            200: Success(
                description="The current snapshot and what waits.",
                shape=DatasetView,
                example=DatasetView(_SNAPSHOT, 30, {"kaggle": 30}, 0, {}, is_being_written=False),
            )
        },
    ),
    Operation(
        verb="dataset",
        name="show_snapshot",
        method="get",
        path="/admin/dataset/snapshots/{id}",
        summary="One snapshot",
        description="For admins.",
        parameters=(
            Parameter(
                name="id",
                where="path",
                description="The id of the snapshot.",
                schema={"type": "string", "pattern": "^[0-9a-f]{64}$"},
                example="0" * 64,
            ),
        ),
        successes={200: Success(description="The snapshot.", shape=SnapshotView, example=_SNAPSHOT)},
        problems={404: "`no-snapshot`: there is none of that id."},
    ),
    Operation(
        verb="dataset",
        name="known_photos",
        method="post",
        path="/admin/dataset/known",
        summary="Which photos are here already",
        description="So that an import that was cut short sends only what is missing. For admins.",
        body=(KnownRequest, KnownRequest("kaggle", (KnownPhoto("GREAT TIT", "0" * 64),))),
        successes={200: Success(description="In the order asked.", shape=KnownPhotos, example=KnownPhotos((False,)))},
        problems={400: _MALFORMED, 422: "`invalid-request`, `invalid-source`: a value is missing or malformed."},
    ),
    Operation(
        verb="dataset",
        name="import_photos",
        method="post",
        path="/admin/dataset/photos",
        summary="Import labelled photos",
        description=(
            "The body is a zip: numbered files and a `manifest.json` that says of each its file, name, label and scientific "
            "name. Up to 500 photos and 4 MB. Sending it again changes nothing. For admins."
        ),
        parameters=(
            Parameter(
                name="source",
                where="query",
                is_required=True,
                description="Which set the photos are from.",
                schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,39}$"},
                example="kaggle",
            ),
        ),
        takes_zip=True,
        successes={
            200: Success(
                description="What became of each.",
                shape=ImportAnswer,
                example=ImportAnswer(1, 0, (UnresolvedLabel("ODD BIRD", ("great-tit",)),), {}, ()),
            )
        },
        problems={
            413: "`batch-too-large`: it unpacks to more than 64 MB.",
            422: "`invalid-batch`, `invalid-source`, `invalid-request`.",
        },
    ),
    Operation(
        verb="dataset",
        name="correct_imported_photo",
        method="post",
        path="/admin/dataset/photos/{id}/correction",
        summary="Say what an imported photo really shows",
        description="The next refresh acts on it; the photo keeps its split. For admins.",
        parameters=(_PHOTO_IN_DATASET,),
        body=(CorrectionRequest, CorrectionRequest("pied-avocet")),
        successes={
            200: Success(
                description="Noted.",
                shape=PhotoInDataset,
                example=PhotoInDataset(
                    PHOTO_ID_EXAMPLE, "kaggle", "pied-avocet", "AVOCET", PhotoState.NEW, None, Split.TRAIN, "0" * 64
                ),
            )
        },
        problems={
            400: _MALFORMED,
            404: "`not-found`: no imported photo has that id.",
            409: "`busy`: too many changes at once.",
            422: "`invalid-request`; `unknown-species`.",
        },
    ),
    Operation(
        verb="dataset",
        name="erase_photo",
        method="delete",
        path="/admin/dataset/photos/{id}",
        summary="Erase a photo for good",
        description="No reader hands it out from now on; the refresh that this starts removes every byte. For admins.",
        parameters=(_PHOTO_IN_DATASET,),
        successes={
            202: Success(
                description="Taken.", shape=ErasureTaken, example=ErasureTaken(PHOTO_ID_EXAMPLE, PHOTO_ID_EXAMPLE)
            )
        },
        problems={404: "`not-found`: no photo can have that id.", 409: "`busy`.", 429: "`too-many-jobs`."},
    ),
    Operation(
        verb="openapi",
        method="get",
        path="/openapi.json",
        summary="This description",
        description="OpenAPI 3.1.",
        is_public=True,
        successes={200: Success(description="An OpenAPI document.")},
    ),
)
