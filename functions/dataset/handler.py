"""/admin/dataset: what the dataset holds, importing photos into it, correcting and erasing imported ones."""

from functools import cache
from typing import Any

from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.imports import unpack_batch
from avocet.domain.jobs import JobKind
from avocet.domain.jobs import Request as JobRequest
from avocet.domain.labels import Resolution, resolve
from avocet.http import wiring
from avocet.http.bodies import correction_request, photo_id_in_path
from avocet.http.dataset_views import (
    dataset_view,
    erasure_view,
    import_view,
    known_request,
    known_view,
    photo_view,
    snapshot_view,
    source_in_query,
)
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.identity import admin_of
from avocet.http.learning_wiring import clean_objects, dataset_photos, heads, jobs, raw_objects
from avocet.http.problem import InvalidRequestError
from avocet.usecases.correct_label import CorrectImportedLabel
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.import_photos import ImportPhotos
from avocet.usecases.snapshot_store import SnapshotStore

_UNRESOLVED = 500


def _resolve(label: str, scientific: str) -> Resolution:
    return resolve(label, scientific, world_list())


@cache
def _import() -> ImportPhotos:
    return ImportPhotos(raw_objects=raw_objects(), photos=dataset_photos(), resolve=_resolve)


def _answer(request: Request) -> Response:
    admin = admin_of(request.claims)
    match request.method, request.resource:
        case "GET", "/admin/dataset":
            return json_response(200, dataset_view(heads().read(), SnapshotStore(clean_objects()), dataset_photos()))
        case "GET", "/admin/dataset/snapshots/{id}":
            snapshot = request.path_parameters.get("id", "")
            return json_response(200, snapshot_view(SnapshotStore(clean_objects()).require_manifest(snapshot)))
        case "POST", "/admin/dataset/known":
            asked = known_request(request)
            return json_response(200, known_view(_import().known(asked.source, asked.photos)))
        case "POST", "/admin/dataset/photos":
            report = _import()(source_in_query(request), unpack_batch(request.body))
            return json_response(200, import_view(report))
        case "POST", "/admin/dataset/photos/{id}/correction":
            correct = CorrectImportedLabel(photos=dataset_photos(), world_list=world_list())
            photo = correct(photo_id_in_path(request), correction_request(request).species_id)
            return json_response(200, photo_view(photo))
        case "DELETE", "/admin/dataset/photos/{id}":
            photo_id = photo_id_in_path(request)
            ErasePhotos(clean_objects=clean_objects())([photo_id])
            job = jobs().request(JobRequest(JobKind.REFRESH, admin.owner_id))
            return json_response(202, erasure_view(photo_id, job))
        case _:
            raise InvalidRequestError("There is no such operation.")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
