"""What clients may send, checked by hand so that no validation library sits on the cold path; each refusal says why."""

import re

from avocet.domain.contribution import Feedback, PhotoNotFoundError, is_photo_id
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.contributing import CorrectionRequest, FeedbackRequest, TermsAcceptance, UploadRequest
from avocet.http.schema.formats import SPECIES_ID_PATTERN

_SPECIES_ID = re.compile(SPECIES_ID_PATTERN)
_LONGEST_TERMS_VERSION = 32
_KINDS = ", ".join(kind.value for kind in Feedback)


def photo_id_in_path(request: Request) -> str:
    """Return the id in the path.

    Raises:
        PhotoNotFoundError: It cannot be one of ours.
    """
    photo_id = request.path_parameters.get("id", "")
    if not is_photo_id(photo_id):
        raise PhotoNotFoundError("Check the id; only your own photos can be seen.")
    return photo_id


def upload_request(request: Request) -> UploadRequest:
    """Read the body of ``POST /uploads``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: The size is missing or no positive whole number.
    """
    size_bytes = json_object(request.body).get("size_bytes")
    if isinstance(size_bytes, float) and size_bytes.is_integer():
        size_bytes = int(size_bytes)  # JSON Schema counts 1.0 as a whole number
    if not isinstance(size_bytes, int) or isinstance(size_bytes, bool) or size_bytes < 1:
        raise InvalidRequestError("size_bytes must be a positive whole number.")
    return UploadRequest(size_bytes)


def feedback_request(request: Request) -> FeedbackRequest:
    """Read the body of ``POST /predictions/{id}/feedback``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: A value is missing or malformed.
    """
    body = json_object(request.body)
    kind, species_id = body.get("feedback"), body.get("species_id")
    if not isinstance(kind, str) or kind not in set(Feedback):
        raise InvalidRequestError(f"feedback must be one of {_KINDS}.")
    if species_id is not None and not (isinstance(species_id, str) and _SPECIES_ID.fullmatch(species_id)):
        raise InvalidRequestError("species_id must be an id that GET /species returns.")
    return FeedbackRequest(Feedback(kind), species_id)


def terms_acceptance(request: Request) -> TermsAcceptance:
    """Read the body of ``PUT /me/terms``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: The version is missing or no text of a version's length.
    """
    version = json_object(request.body).get("terms_version")
    if not isinstance(version, str) or not 0 < len(version) <= _LONGEST_TERMS_VERSION:
        raise InvalidRequestError("terms_version must be a version of the terms, such as 2026-11.")
    return TermsAcceptance(version)


def correction_request(request: Request) -> CorrectionRequest:
    """Read the body of a correction.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: The species is missing or malformed.
    """
    species_id = json_object(request.body).get("species_id")
    if not isinstance(species_id, str) or not _SPECIES_ID.fullmatch(species_id):
        raise InvalidRequestError("species_id must be an id that GET /species returns.")
    return CorrectionRequest(species_id)
