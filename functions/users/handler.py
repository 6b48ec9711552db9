"""/admin/users, /admin/notifications: who takes part, in which role and how trusted, and who is told what."""

from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client
from avocet.adapters.reviews import DynamoReviews
from avocet.domain.roles import Role
from avocet.http import people_wiring, wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.identity import admin_of
from avocet.http.me_views import page_limit
from avocet.http.notification_views import notification_choice, notifications_view
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.erasure import ErasureBegun
from avocet.http.user_views import invitation, trust_view, user_change, user_cursor, user_list, user_view
from avocet.usecases.manage_accounts import ManageAccounts
from avocet.usecases.tell_trust import TellTrust


@cache
def _reviews() -> DynamoReviews:
    wiring.settings().require("dataset_table")
    return DynamoReviews(dynamodb_client(), wiring.settings().dataset_table)


@cache
def _manage() -> ManageAccounts:
    return ManageAccounts(
        accounts=people_wiring.accounts(),
        erasures=people_wiring.ask_for_erasure(),
        notifications=people_wiring.stop_notifications(),
        trail=_reviews(),
        clock=system.now,
    )


@cache
def _tell_trust() -> TellTrust:
    return TellTrust(accounts=people_wiring.accounts(), trust=wiring.trust_book(), reviews=_reviews(), trail=_reviews())


def _answer(request: Request) -> Response:
    admin = admin_of(request.claims)
    owner_id = request.path_parameters.get("id", "")
    match request.method, request.resource:
        case "GET", "/admin/users":
            return _page(request)
        case "POST", "/admin/users":
            asked = invitation(request)
            account = _manage().invite(admin.owner_id, asked.email, asked.role or Role.USER)
            return json_response(201, user_view(account))
        case "PATCH", "/admin/users/{id}":
            wanted = user_change(request)
            changed = _manage().change(admin.owner_id, owner_id, role=wanted.role, is_enabled=wanted.is_enabled)
            return json_response(200, user_view(changed))
        case "DELETE", "/admin/users/{id}":
            _manage().erase(admin.owner_id, owner_id)
            return json_response(202, ErasureBegun())
        case "GET", "/admin/users/{id}/trust":
            return json_response(200, trust_view(owner_id, _tell_trust()(owner_id)))
        case "GET", "/admin/notifications":
            return json_response(200, notifications_view(people_wiring.choose_notifications().read(admin.owner_id)))
        case "PUT", "/admin/notifications":
            choice = notification_choice(request)
            chosen = people_wiring.choose_notifications().choose(admin.owner_id, choice)
            return json_response(200, notifications_view(chosen))
        case _:
            raise InvalidRequestError("There is no such operation.")


def _page(request: Request) -> Response:
    limit, cursor = page_limit(request), user_cursor(request)
    try:
        page = _manage().page(limit, cursor)
    except ValueError as error:
        raise InvalidRequestError("cursor must be what the page before answered as next.") from error
    return json_response(200, user_list(page))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
