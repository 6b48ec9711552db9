"""Every operation of the REST API in one table: the source of its OpenAPI description, and of nothing at run time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from avocet.domain.contribution import ContributionStatus, Feedback
from avocet.domain.name_search import MAX_QUERY_LETTERS
from avocet.http.schema import (
    PHOTO_ID_EXAMPLE,
    PHOTO_ID_PATTERN,
    SPECIES_ID_PATTERN,
    TIMESTAMP_EXAMPLE,
    FeedbackRequest,
    FeedbackTaken,
    Lineage,
    Names,
    NamesImported,
    PhotoPlaceholder,
    PredictedSpecies,
    PredictionAnswer,
    PredictionOfUpload,
    PublicStats,
    ServiceStatus,
    SpeciesDetail,
    SpeciesFound,
    SpeciesList,
    TimingsMs,
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
                    learning="unseen",
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
                example=ServiceStatus("ready", "Birds can be named.", "starter-1a2b3c4d"),
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
        successes={200: Success(description="The counts.", shape=PublicStats, example=PublicStats(1234))},
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
