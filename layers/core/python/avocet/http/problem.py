"""Errors as RFC 9457 problems: which class answers with which status; anything unnamed is a 500 without a word inside."""

import json
from typing import ClassVar

from avocet.domain.contribution import (
    AnswerInProgressError,
    InSnapshotError,
    InvalidAnswerError,
    PhotoChangedError,
    PhotoExpiredError,
    PhotoMissingError,
    PhotoNotFoundError,
    UnknownSpeciesError,
)
from avocet.domain.errors import AvocetError
from avocet.domain.terms import TermsNotAcceptedError


class BadRequestError(AvocetError):
    """The request is not in the form that the API takes."""

    code: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request could not be read"


class InvalidRequestError(AvocetError):
    """The request can be read, but a value in it is not allowed."""

    code: ClassVar[str] = "invalid-request"
    title: ClassVar[str] = "A value in the request is not valid"


class UnauthenticatedError(AvocetError):
    """Nobody is signed in."""

    code: ClassVar[str] = "unauthenticated"
    title: ClassVar[str] = "Sign in first"


class NotAdminError(AvocetError):
    """Somebody who is no admin asks for what only admins may do."""

    code: ClassVar[str] = "admins-only"
    title: ClassVar[str] = "Only admins may do that"


class InternalError(AvocetError):
    """Something broke on our side."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"


# By code, so that a class can be mapped without being imported: naming imaging's or the model's errors by class
# would pull their modules into functions that never touch a photo.
_STATUS_BY_CODE = {
    BadRequestError.code: 400,
    UnauthenticatedError.code: 401,
    TermsNotAcceptedError.code: 403,
    NotAdminError.code: 403,
    PhotoNotFoundError.code: 404,
    "species-not-found": 404,
    PhotoMissingError.code: 409,
    PhotoChangedError.code: 409,
    InSnapshotError.code: 409,
    AnswerInProgressError.code: 409,
    "busy": 409,
    "no-job": 404,
    "no-such-model": 404,
    "no-evaluation": 404,
    "no-challenger": 409,
    "already-champion": 409,
    "champion-moved": 409,
    "nothing-to-roll-back": 409,
    "bundle-refused": 422,
    "no-account": 404,
    "last-admin": 409,
    "no-letter": 404,
    "not-replayable": 409,
    "not-discardable": 409,
    "account-exists": 409,
    "address-unverified": 409,
    "address-unconfirmed": 409,
    "claimed-by-another": 409,
    "not-in-review": 409,
    "invalid-review": 422,
    "no-snapshot": 404,
    "no-label": 404,
    "label-in-use": 409,
    "taxon-exists": 409,
    "invalid-taxon": 422,
    "no-report": 404,
    "job-kind-unavailable": 409,
    "nothing-to-train-on": 409,
    "not-cancellable": 409,
    "unknown-recipe": 422,
    "unusable-training": 422,
    "too-many-jobs": 429,
    "invalid-batch": 422,
    "invalid-source": 422,
    "batch-too-large": 413,
    "answer-superseded": 409,
    PhotoExpiredError.code: 410,
    "photo-too-large": 413,
    "unsupported-format": 415,
    "list-too-large": 413,
    InvalidRequestError.code: 422,
    "unreadable-list": 422,
    InvalidAnswerError.code: 422,
    UnknownSpeciesError.code: 422,
    "photo-refused": 422,
    "unreadable-photo": 422,
    "photo-too-small": 422,
    "animated-photo": 422,
    InternalError.code: 500,
    "no-model": 503,
}


def status_of(error: AvocetError) -> int:
    """Return the HTTP status of an error; a base class answers for its unnamed children."""
    for kind in type(error).__mro__:
        status = _STATUS_BY_CODE.get(getattr(kind, "code", ""))
        if status is not None:
            return status
    return 500


def problem_body(error: AvocetError, correlation_id: str) -> str:
    """Return the problem document of ``error``."""
    return json.dumps(
        {
            "type": f"/problems/{error.code}",
            "title": error.title,
            "status": status_of(error),
            "detail": error.detail,
            "instance": correlation_id,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def retry_after_s(error: AvocetError) -> int | None:
    """Return when trying again makes sense, where the error knows."""
    seconds = getattr(error, "retry_after_s", None)
    return int(seconds) if seconds is not None else None
