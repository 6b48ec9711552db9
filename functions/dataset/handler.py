"""/admin/dataset, POST /admin/species: what the dataset holds; importing, naming, correcting and erasing imported photos."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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
from avocet.http.grown_list import added_taxa, grown_world_list
from avocet.http.identity import admin_of
from avocet.http.label_views import (
    label_decision,
    label_id_in_path,
    label_list,
    label_view,
    taxon_added,
    taxon_request,
)
from avocet.http.learning_wiring import clean_objects, dataset_photos, heads, jobs, label_cases, raw_objects
from avocet.http.problem import InvalidRequestError
from avocet.http.sync_wiring import sync_records
from avocet.usecases.add_taxon import AddTaxon
from avocet.usecases.correct_label import CorrectImportedLabel
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.import_photos import ImportPhotos
from avocet.usecases.settle_label import SettleLabel
from avocet.usecases.snapshot_store import SnapshotStore

_QUERIES_AT_ONCE = 8


def _resolve(label: str, scientific: str) -> Resolution:
    return resolve(label, scientific, grown_world_list())


@cache
def _import() -> ImportPhotos:
    return ImportPhotos(raw_objects=raw_objects(), photos=dataset_photos(), cases=label_cases(), resolve=_resolve)


@cache
def _labels() -> SettleLabel:
    return SettleLabel(cases=label_cases(), photos=dataset_photos(), world_list=grown_world_list(), count_all=_counts)


def _counts(label_ids: Sequence[str]) -> list[int]:
    # A query each; side by side, so that a set with hundreds of odd labels is listed in time.
    with ThreadPoolExecutor(max_workers=_QUERIES_AT_ONCE) as threads:
        return list(threads.map(dataset_photos().count_labelled, label_ids))


def _answer(request: Request) -> Response:
    admin = admin_of(request.claims)
    match request.method, request.resource:
        case "GET", "/admin/dataset":
            store = SnapshotStore(clean_objects())
            view = dataset_view(heads().read(), store, dataset_photos(), _labels().listed(), sync_records().read())
            return json_response(200, view)
        case "GET", "/admin/dataset/labels":
            return json_response(200, label_list(_labels().listed(), grown_world_list()))
        case "PUT", "/admin/dataset/labels/{id}":
            label = _labels()(label_id_in_path(request), label_decision(request).species_id, admin.owner_id)
            return json_response(200, label_view(label, grown_world_list()))
        case "POST", "/admin/species":
            taxon = AddTaxon(shipped=world_list(), store=added_taxa())(taxon_request(request))
            return json_response(201, taxon_added(taxon))
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
            correct = CorrectImportedLabel(photos=dataset_photos(), world_list=grown_world_list())
            photo = correct(photo_id_in_path(request), correction_request(request).species_id)
            return json_response(200, photo_view(photo))
        case "DELETE", "/admin/dataset/photos/{id}":
            photo_id = photo_id_in_path(request)
            ErasePhotos(clean_objects=clean_objects())([photo_id])
            wish = JobRequest(JobKind.REFRESH, admin.owner_id, correlation_id=request.correlation_id, is_once=True)
            job = jobs().request(wish)
            return json_response(202, erasure_view(photo_id, job))
        case _:
            raise InvalidRequestError("There is no such operation.")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
