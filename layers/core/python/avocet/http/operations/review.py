"""Review, and the record of what admins did."""

from avocet.domain.likeness import Order
from avocet.domain.review import Action, ReviewStatus
from avocet.http.operations.common import MALFORMED, NAMES, PHOTO_IN_DATASET, limit
from avocet.http.operations.shape import Operation, Parameter, Success
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, SPECIES_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.review import (
    AuditList,
    AuditView,
    LookAlikePhoto,
    LookAlikesView,
    NamedSpecies,
    PhotoInReview,
    ReviewQueue,
    ReviewRequest,
    ReviewTaken,
    Suggestion,
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="review",
        name="photos_in_review",
        method="get",
        path="/admin/review",
        summary="Photos to look at",
        description=(
            "For admins and reviewers. Hands out photos that were set aside; nobody else is shown them for ten minutes, and asking again "
            "hands out the same."
        ),
        parameters=(limit("photos"),),
        successes={
            200: Success(
                description="The photos; none when nothing waits.",
                shape=ReviewQueue,
                example=ReviewQueue(
                    (
                        PhotoInReview(
                            photo_id=PHOTO_ID_EXAMPLE,
                            source="contribution",
                            said=NamedSpecies("pied-avocet", NAMES),
                            reason="new-contributor",
                            proposed=None,
                            suggestions=(Suggestion("pied-avocet", NAMES, 0.61),),
                            voices=0,
                            photo_url="https://raw.example.org/pied-avocet/photo.jpg?X-Amz-Signature=0",
                            claimed_until=TIMESTAMP_EXAMPLE,
                        ),
                    )
                ),
            )
        },
        problems={403: "`admins-only`: the caller is neither.", 422: "`invalid-request`: limit is not allowed."},
    ),
    Operation(
        verb="review",
        name="look_alikes",
        method="get",
        path="/admin/review/{id}/look-alikes",
        summary="Photos of a species beside a photo",
        description=(
            "For admins and reviewers. Up to six photos of a species out of the current snapshot, to compare with one that waits "
            "for a review. Only photos that people may be shown are among them, with where they come from and their licence."
        ),
        parameters=(
            PHOTO_IN_DATASET,
            Parameter(
                name="species",
                where="query",
                description="Which species.",
                is_required=True,
                schema={"type": "string", "pattern": SPECIES_ID_PATTERN},
                example="pied-avocet",
            ),
        ),
        successes={
            200: Success(
                description="The photos; none where the dataset holds none.",
                shape=LookAlikesView,
                example=LookAlikesView(
                    "pied-avocet",
                    NAMES,
                    Order.VARIETY,
                    (
                        LookAlikePhoto(
                            "0b3f6d2e9c8a4f1d8e7c6b5a49382716",
                            "https://raw.example.org/pied-avocet/other.jpg?X-Amz-Signature=0",
                            "contribution",
                            "CC-BY-4.0",
                        ),
                    ),
                ),
            )
        },
        problems={
            403: "`admins-only`: the caller is neither.",
            404: "`not-found`: no photo of that id waits for a review.",
            422: "`invalid-request`: species is missing or malformed; `unknown-species`.",
        },
    ),
    Operation(
        verb="review",
        name="review_photo",
        method="post",
        path="/admin/review/{id}",
        summary="Say what a photo shows",
        description=(
            "For admins, whose word decides, and reviewers, of whom two have to agree or one with the photo's owner. Safe to repeat. "
            "The next refresh acts on what was decided."
        ),
        parameters=(PHOTO_IN_DATASET,),
        body=(ReviewRequest, ReviewRequest(Action.CORRECT, "pied-avocet")),
        successes={
            200: Success(
                description="Taken.",
                shape=ReviewTaken,
                example=ReviewTaken(PHOTO_ID_EXAMPLE, ReviewStatus.DECIDED, "pied-avocet"),
            )
        },
        problems={
            400: MALFORMED,
            403: "`admins-only`: the caller is neither.",
            404: "`not-found`: there is no such photo, or its owner took it back.",
            409: (
                "`claimed-by-another`: somebody else is looking; `not-in-review`: it was decided meanwhile, or there is nothing to undo; "
                "`answer-in-progress`, `answer-superseded`, `busy`: try again."
            ),
            410: "`upload-expired`: the photo is gone.",
            422: "`invalid-request`; `invalid-review`: the action does not fit the photo; `unknown-species`.",
        },
    ),
    Operation(
        verb="review",
        name="audit_trail",
        method="get",
        path="/admin/audit",
        summary="What was decided about others' photos and accounts",
        description="The newest first. For admins.",
        parameters=(limit("entries"),),
        successes={
            200: Success(
                description="The newest entries.",
                shape=AuditList,
                example=AuditList(
                    (AuditView(TIMESTAMP_EXAMPLE, "admin", "accept", PHOTO_ID_EXAMPLE, {"said": "pied-avocet"}),)
                ),
            )
        },
        problems={403: "`admins-only`: the caller is no admin.", 422: "`invalid-request`: limit is not allowed."},
    ),
)
