"""POST /uploads: leave to upload one photo of up to 25 MB."""

from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.http import wiring
from avocet.http.bodies import upload_request
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.identity import caller_of
from avocet.http.schema.contributing import UploadGranted
from avocet.http.views import timestamp
from avocet.usecases.request_upload import MAX_UPLOAD_BYTES, RequestUpload


@cache
def _request_upload() -> RequestUpload:
    return RequestUpload(records=wiring.records(), originals=wiring.originals(), clock=system.now, new_id=system.new_id)


def _answer(request: Request) -> Response:
    caller = caller_of(request.claims)
    record, grant = _request_upload()(caller.owner_id, size_bytes=upload_request(request).size_bytes)
    granted = UploadGranted(
        upload_id=record.photo_id,
        url=grant.url,
        fields=dict(grant.fields),
        expires_at=timestamp(grant.expires_at),
        max_bytes=MAX_UPLOAD_BYTES,
    )
    return json_response(201, granted)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
