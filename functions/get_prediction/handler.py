"""GET /predictions/{id}: one's own prediction, and the feedback given on it."""

from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.http import wiring
from avocet.http.bodies import photo_id_in_path
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import caller_of
from avocet.http.views import prediction_answer
from avocet.usecases.get_prediction import GetPrediction


@cache
def _get_prediction() -> GetPrediction:
    return GetPrediction(records=wiring.records(), clock=system.now)


def _answer(request: Request) -> Response:
    caller = caller_of(request.claims)
    record = _get_prediction()(caller.owner_id, photo_id_in_path(request))
    return json_response(200, prediction_answer(record, grown_world_list(), None))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
