"""The body of a prediction: a photo, or the name of one; apart from the other bodies because it needs the decoder."""

from typing import Any

from avocet.domain.contribution import is_photo_id
from avocet.domain.imaging import PhotoError, identify_format
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.predictions import PredictionOfUpload


def prediction_request(request: Request) -> bytes | PredictionOfUpload:
    """Read the body of ``POST /predictions``: a photo by its content, whatever type was declared, or JSON.

    Raises:
        BadRequestError: Declared as JSON, and neither a photo nor a JSON object.
        InvalidRequestError: The upload id is missing or malformed.
        PhotoError: Neither a photo we take nor JSON.
    """
    try:
        identify_format(request.body)
    except PhotoError:
        declared = request.media_type
        if declared != "application/json" and not declared.endswith("+json"):
            raise
        return PredictionOfUpload(_photo_id(json_object(request.body).get("upload_id")))
    return request.body


def _photo_id(value: Any) -> str:
    if not isinstance(value, str) or not is_photo_id(value):
        raise InvalidRequestError("upload_id must be the id that POST /uploads returned.")
    return value
