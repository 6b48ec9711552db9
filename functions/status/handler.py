"""GET /status: whether birds can be named right now, in plain words."""

from functools import cache
from typing import Any

from avocet.adapters.aws import dynamodb_client
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.domain.jobs import sentence
from avocet.http import learning_wiring, wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.schema import ServiceStatus


@cache
def _pointer() -> DynamoChampionPointer:
    wiring.settings().require("models_table")
    return DynamoChampionPointer(dynamodb_client(), wiring.settings().models_table)


def _answer(_request: Request) -> Response:
    champion, activity = _pointer().read(), sentence(learning_wiring.ledger().load())
    status = (
        ServiceStatus("ready", "Birds can be named.", champion, activity)
        if champion
        else ServiceStatus("no-model", "No model is in service yet, so no bird can be named.", None, activity)
    )
    return json_response(200, status)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
