"""Showing a photo, and saying what it shows."""

from avocet.domain.contribution import Feedback
from avocet.http.operations.common import EXPIRED, FAMILY, FOREIGN, MALFORMED, NAMES, PREDICTION_ID, TAKEN
from avocet.http.operations.shape import Operation, Success
from avocet.http.schema.contributing import FeedbackRequest, FeedbackTaken, UploadGranted, UploadRequest
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, TIMESTAMP_EXAMPLE
from avocet.http.schema.names import Names
from avocet.http.schema.predictions import PredictedSpecies, PredictionAnswer, PredictionOfUpload, TimingsMs

_PREDICTION = PredictionAnswer(
    prediction_id=PHOTO_ID_EXAMPLE,
    model_version="starter-1a2b3c4d",
    predictions=(
        PredictedSpecies("pied-avocet", NAMES, 0.94, "species", FAMILY),
        PredictedSpecies(
            "american-avocet",
            Names("Recurvirostra americana", "American Avocet", "Avocette d'Amérique"),
            0.03,
            "species",
            FAMILY,
        ),
        PredictedSpecies(
            "black-winged-stilt",
            Names("Himantopus himantopus", "Black-winged Stilt", "Échasse blanche"),
            0.01,
            "species",
            FAMILY,
        ),
    ),
    coarser=None,
    unfamiliar=False,
    timings_ms=TimingsMs(model=0.01, decode=6.4, infer=14.2, store=11.8, total=33.1),
    expires_at=TIMESTAMP_EXAMPLE,
    feedback=None,
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
            400: MALFORMED,
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
            410: EXPIRED,
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
        problems={404: FOREIGN, 410: EXPIRED},
    ),
    Operation(
        verb="feedback",
        method="post",
        path="/predictions/{id}/feedback",
        summary="Say whether a prediction was right",
        description=(
            "Safe to repeat. Another answer replaces the first until the photo is part of a snapshot. "
            "The photo joins the raw dataset without its metadata, under the licence of the terms accepted."
        ),
        parameters=(PREDICTION_ID,),
        body=(FeedbackRequest, FeedbackRequest(Feedback.CORRECTED, "pied-avocet")),
        successes={
            200: Success(
                description="Recorded, and the photo is in the raw dataset.",
                shape=FeedbackTaken,
                example=TAKEN,
            )
        },
        problems={
            400: MALFORMED,
            403: "`terms-not-accepted`: accept the terms for contributions first.",
            404: FOREIGN,
            409: (
                "`answer-in-progress`, `answer-superseded`, `busy`: another answer is being stored; `in-snapshot`: too late "
                "to change it; `photo-changed`: the upload was overwritten."
            ),
            410: EXPIRED,
            413: "`photo-too-large`: the upload was overwritten by something larger.",
            415: "`unsupported-format`: the upload was overwritten by something else.",
            422: "`invalid-request`, `invalid-feedback`: a value is missing or malformed; `unknown-species`; `unreadable-photo`.",
        },
    ),
)
