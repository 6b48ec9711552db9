"""GET /status: whether birds can be named right now, what goes on, and how the model does, in plain words."""

from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.objects import S3Objects
from avocet.domain.service_state import LastCheck
from avocet.http import learning_wiring, wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.status_views import status_view
from avocet.http.sync_wiring import sync_records
from avocet.settings import LAST_CHECK_KEY


@cache
def _pointer() -> DynamoChampionPointer:
    wiring.settings().require("models_table")
    return DynamoChampionPointer(dynamodb_client(), wiring.settings().models_table)


def _last_check() -> LastCheck | None:
    wiring.settings().require("models_bucket")
    data = S3Objects(s3_client(), wiring.settings().models_bucket).get(LAST_CHECK_KEY)
    return LastCheck.from_json(data) if data is not None else None


def _answer(_request: Request) -> Response:
    ledger, sync = learning_wiring.ledger().load(), sync_records().read()
    return json_response(200, status_view(_pointer().read(), ledger, sync, _last_check(), system.now()))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
