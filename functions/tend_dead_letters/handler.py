"""/admin/dead-letters: what was given up on, sending it again, throwing it away."""

from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client, lambda_client, sqs_client
from avocet.adapters.dead_letter_queues import Addresses, SqsDeadLetters
from avocet.adapters.reviews import DynamoReviews
from avocet.http import wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.identity import admin_of
from avocet.http.letter_views import letter_list, letter_view
from avocet.http.problem import InvalidRequestError
from avocet.usecases.tend_dead_letters import TendDeadLetters


@cache
def _tend() -> TendDeadLetters:
    settings = wiring.settings()
    settings.require("dead_letter_queues", "dead_letter_senders", "dataset_table")
    addresses = Addresses.of(settings.dead_letter_queues, settings.dead_letter_senders)
    return TendDeadLetters(
        box=SqsDeadLetters(sqs_client(), lambda_client(), addresses),
        trail=DynamoReviews(dynamodb_client(), settings.dataset_table),
        clock=system.now,
    )


def _answer(request: Request) -> Response:
    admin = admin_of(request.claims)
    letter_id = request.path_parameters.get("id", "")
    match request.method, request.resource:
        case "GET", "/admin/dead-letters":
            return json_response(200, letter_list(_tend().list()))
        case "POST", "/admin/dead-letters/{id}":
            return json_response(202, letter_view(_tend().replay(admin.owner_id, letter_id)))
        case "DELETE", "/admin/dead-letters/{id}":
            return json_response(200, letter_view(_tend().discard(admin.owner_id, letter_id)))
        case _:
            raise InvalidRequestError("There is no such operation.")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
