"""/admin/models: which versions there are, how they compare, and who of them serves."""

import time
from functools import cache
from pathlib import Path
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client
from avocet.adapters.shadow_book import DynamoShadowBook
from avocet.domain.models import AlreadyChampionError, ModelNotFoundError
from avocet.domain.shadow import Sample
from avocet.http import wiring
from avocet.http.confusion_views import (
    SHOWN_PHOTOS,
    asked_cell,
    asked_evaluation,
    cell_of,
    confusion_view,
    judged_photos,
)
from avocet.http.curve_views import model_curve
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import admin_of
from avocet.http.learning_wiring import dataset_photos, heads, notifier
from avocet.http.model_views import (
    model_detail,
    model_list,
    promotion_request,
    rollback_request,
    tenure_view,
    version_named,
)
from avocet.http.model_wiring import aliases, bundles, evaluations, learning_curves, registry
from avocet.http.people_wiring import photo_links
from avocet.http.problem import InvalidRequestError
from avocet.usecases.choose_champion import ChooseChampion
from avocet.usecases.ports import Classifier

_HISTORY = 50


def _load(folder: Path) -> Classifier:
    # Not at the top: only a promotion opens a model.
    from avocet.adapters.onnx import load_bundle

    return load_bundle(folder, grown_world_list())


@cache
def _choose() -> ChooseChampion:
    return ChooseChampion(
        registry=registry(),
        aliases=aliases(),
        bundles=bundles(),
        load=_load,
        world_list=grown_world_list(),
        notifier=notifier(),
        clock=system.now,
    )


def _answer(request: Request) -> Response:
    admin = admin_of(request.claims)
    match request.method, request.resource:
        case "GET", "/admin/models":
            return json_response(200, model_list(registry().list(), aliases().read(), aliases().history(_HISTORY)))
        case "GET", "/admin/models/comparison":
            return _comparison(request)
        case "GET", "/admin/models/{version}":
            return _one(request.path_parameters.get("version", ""))
        case "GET", "/admin/models/{version}/confusion":
            return _confusion(request)
        case "GET", "/admin/models/{version}/learning-curve":
            version = _version(request)
            return json_response(200, model_curve(version, learning_curves().find(version)))
        case "GET", "/admin/models/{version}/shadow":
            return _shadow(request)
        case "GET", "/admin/models/{version}/photos":
            return _photos(request)
        case "GET", "/admin/models/champion":
            return _one("champion")
        case "PUT", "/admin/models/champion":
            asked = promotion_request(request)
            tenure = _choose().promote(
                asked.version, chosen_by=admin.owner_id, reason=asked.reason, asked_as=request.correlation_id
            )
            return json_response(200, tenure_view(tenure))
        case "POST", "/admin/models/rollback":
            wish = rollback_request(request)
            tenure = _choose().roll_back(
                wish.leaving_revision,
                chosen_by=admin.owner_id,
                reason=wish.reason,
                asked_as=request.correlation_id,
            )
            return json_response(200, tenure_view(tenure))
        case _:
            raise InvalidRequestError("There is no such operation.")


def _one(named: str) -> Response:
    known = aliases().read()
    version = version_named(named, known)
    model = registry().find(version)
    if model is None:
        raise ModelNotFoundError("Check the version; GET /admin/models lists them all.")
    scored = [evaluations().require(version, *where) for where in evaluations().snapshots_of(version)]
    return json_response(200, model_detail(model, known, aliases().history(_HISTORY), scored))


def _version(request: Request) -> str:
    version = version_named(request.path_parameters.get("version", ""), aliases().read())
    if registry().find(version) is None:
        raise ModelNotFoundError("Check the version; GET /admin/models lists them all.")
    return version


def _confusion(request: Request) -> Response:
    version = _version(request)
    stored = evaluations().require(version, *asked_evaluation(request))
    return json_response(200, confusion_view(stored, grown_world_list()))


def _photos(request: Request) -> Response:
    version = _version(request)
    outcomes = evaluations().outcomes(version, *asked_evaluation(request))
    cell = cell_of(outcomes, *asked_cell(request))
    known = dataset_photos().find_many([each.photo_id for each in cell[:SHOWN_PHOTOS]])
    return json_response(200, judged_photos(cell, known, photo_links()))


def _shadow(request: Request) -> Response:
    # Not at the top: only this and comparisons need the arithmetic.
    from avocet.http.shadow_views import shadow_view

    version, settings = _version(request), wiring.settings()
    settings.require("photos_table")
    book = DynamoShadowBook(dynamodb_client(), settings.photos_table)
    champions = dict.fromkeys(tenure.version for tenure in aliases().history(_HISTORY) if tenure.version != version)
    view = shadow_view(
        version,
        aliases().read(),
        [*champions],
        book,
        sample=Sample.of(settings.shadow_sample),
        world_list=grown_world_list(),
        now=system.now(),
    )
    return json_response(200, view)


def _comparison(request: Request) -> Response:
    # Not at the top: only this needs the arithmetic.
    from avocet.http.comparison_views import comparison_view
    from avocet.usecases.compare_models import CompareModels
    from avocet.usecases.time_models import TimeModels

    known = aliases().read()
    champion, version = (
        version_named("champion", known),
        version_named(request.query.get("version", "challenger"), known),
    )
    if champion == version:
        raise AlreadyChampionError("Name another version to compare the champion with.")
    compare = CompareModels(registry=registry(), evaluations=evaluations())
    compared = compare(champion, version, current_snapshot_id=heads().read().snapshot_id)
    timed = TimeModels(bundles=bundles(), load=_load, stopwatch_s=time.perf_counter)
    return json_response(200, comparison_view(compared, known, timed(champion, version)))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
