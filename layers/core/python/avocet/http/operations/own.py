"""What is a person's own: their photos, their data, their account."""

from avocet.domain.contribution import Feedback
from avocet.domain.whereabouts import Stage
from avocet.http.operations.common import CURSOR, EXPIRED, FOREIGN, MALFORMED, NAMES, PREDICTION_ID, TAKEN, limit
from avocet.http.operations.shape import Operation, Success
from avocet.http.schema.contributing import CorrectionRequest, FeedbackTaken, TermsAcceptance, TermsAccepted
from avocet.http.schema.erasure import ErasureBegun, ErasureRequest
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, TIMESTAMP_EXAMPLE
from avocet.http.schema.own_data import ContributionList, ContributionView, ExportStatus, Withdrawn
from avocet.http.schema.progress import PendingProgress

OPERATIONS: tuple[Operation, ...] = (
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
                example=TAKEN,
            )
        },
        problems={
            400: MALFORMED,
            404: FOREIGN,
            409: "`answer-in-progress`, `answer-superseded`, `busy`, `photo-changed`: try again.",
            410: EXPIRED,
            413: "`photo-too-large`: the upload was overwritten by something larger.",
            415: "`unsupported-format`: the upload was overwritten by something else.",
            422: "`invalid-request`; `unknown-species`; `unreadable-photo`.",
        },
    ),
    Operation(
        verb="me",
        name="list_own_contributions",
        method="get",
        path="/me/contributions",
        summary="One's own contributions and where each stands",
        description=(
            "The newest first. Another answer is given with the feedback operation before a snapshot holds the photo, and with the "
            "correction operation after."
        ),
        parameters=(CURSOR, limit("contributions")),
        successes={
            200: Success(
                description="A page of them.",
                shape=ContributionList,
                example=ContributionList(
                    (
                        ContributionView(
                            photo_id=PHOTO_ID_EXAMPLE,
                            prediction_id=PHOTO_ID_EXAMPLE,
                            feedback=Feedback.CORRECTED,
                            species_id="pied-avocet",
                            names=NAMES,
                            status=Stage.WAITING_FOR_SPECIES,
                            reason=None,
                            snapshot_id=None,
                            created_at=TIMESTAMP_EXAMPLE,
                            photo_url="https://raw.example.org/pied-avocet/photo.jpg?X-Amz-Signature=0",
                            progress=PendingProgress(12, 30),
                        ),
                    ),
                    None,
                ),
            )
        },
        problems={422: "`invalid-request`: cursor or limit is not allowed."},
    ),
    Operation(
        verb="me",
        name="withdraw_contribution",
        method="delete",
        path="/me/contributions/{id}",
        summary="Take a contribution back",
        description=(
            "Safe to repeat. Nobody is shown the photo from now on. It leaves the raw dataset at once, and snapshots that hold it "
            "with the refresh that this starts."
        ),
        parameters=(PREDICTION_ID,),
        successes={
            200: Success(description="Withdrawn.", shape=Withdrawn, example=Withdrawn(PHOTO_ID_EXAMPLE)),
        },
        problems={
            404: "`not-found`: no such photo, somebody else's, or no feedback was given on it.",
            409: "`answer-in-progress`, `busy`: an answer is being stored; try again.",
            429: "`too-many-jobs`: it is withdrawn, but removing it from snapshots has to be asked for again.",
        },
    ),
    Operation(
        verb="me",
        name="export_own_data",
        method="get",
        path="/me/export",
        summary="Everything that is kept about oneself",
        description=(
            "The first request begins to make the archive; ask again until it is ready. An archive is handed out for an hour, then a "
            "new one is made."
        ),
        successes={
            200: Success(
                description="It is ready.",
                shape=ExportStatus,
                example=ExportStatus(
                    "ready", "https://exports.example.org/export.zip", TIMESTAMP_EXAMPLE, TIMESTAMP_EXAMPLE, 1_234_567
                ),
            ),
            202: Success(
                description="It is being made.",
                shape=ExportStatus,
                example=ExportStatus("being_made", None, None, None, None),
            ),
        },
    ),
    Operation(
        verb="me",
        name="accept_terms",
        method="put",
        path="/me/terms",
        summary="Accept the terms of contribution",
        description=(
            "For whoever was invited and so never saw them at a sign-up. Doing it again changes nothing, and keeps the first acceptance's time."
        ),
        body=(TermsAcceptance, TermsAcceptance("2026-11")),
        successes={
            200: Success(
                description="Accepted.",
                shape=TermsAccepted,
                example=TermsAccepted("2026-11", "CC-BY-4.0", TIMESTAMP_EXAMPLE),
            )
        },
        problems={
            400: MALFORMED,
            403: "`terms-not-accepted`: no such terms are on offer.",
            404: "`no-account`: the account is gone or shut.",
            422: "`invalid-request`: the version is missing.",
        },
    ),
    Operation(
        verb="me",
        name="erase_me",
        method="delete",
        path="/me",
        summary="Erase oneself",
        description=(
            "Every photo in every version, every record, and the account. It cannot be undone. The account is shut at once; the rest "
            "goes within minutes, and from snapshots with the refresh that this starts."
        ),
        body=(ErasureRequest, ErasureRequest("erase-everything")),
        successes={202: Success(description="Begun.", shape=ErasureBegun, example=ErasureBegun())},
        problems={
            400: MALFORMED,
            404: "`no-account`: the account is gone already.",
            409: "`last-admin`: make somebody else an admin first.",
            422: "`invalid-request`: the confirmation is missing.",
        },
    ),
)
