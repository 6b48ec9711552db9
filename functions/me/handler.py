"""/me: one's own contributions, taking one back, the terms they are given under, exporting everything, erasing oneself."""

from typing import Any

from avocet.adapters import system
from avocet.http import people_wiring, wiring
from avocet.http.bodies import photo_id_in_path, terms_acceptance
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import caller_of
from avocet.http.me_views import (
    contribution_list,
    export_status,
    page_limit,
    page_mark,
    require_confirmation,
    terms_accepted,
)
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.erasure import ErasureBegun
from avocet.http.schema.own_data import Withdrawn

_EXPORT_LINK_S = 900


def _answer(request: Request) -> Response:
    owner_id = caller_of(request.claims).owner_id
    match request.method, request.resource:
        case "GET", "/me/contributions":
            limit, after = page_limit(request), page_mark(request)
            page = people_wiring.list_contributions()(owner_id, limit=limit, after=after)
            return json_response(200, contribution_list(page, grown_world_list()))
        case "DELETE", "/me/contributions/{id}":
            record = people_wiring.withdraw_contribution()(owner_id, photo_id_in_path(request))
            return json_response(200, Withdrawn(record.photo_id))
        case "GET", "/me/export":
            return _export(owner_id)
        case "PUT", "/me/terms":
            asked = terms_acceptance(request)
            return json_response(200, terms_accepted(people_wiring.accept_terms_later()(owner_id, asked.terms_version)))
        case "DELETE", "/me":
            require_confirmation(request)
            people_wiring.ask_for_erasure()(owner_id)
            return json_response(202, ErasureBegun())
        case _:
            raise InvalidRequestError("There is no such operation.")


def _export(owner_id: str) -> Response:
    ready = people_wiring.ask_for_export()(owner_id)
    url = ""
    if ready is not None:
        url = people_wiring.export_links().link_to(ready.key, lifetime_s=_EXPORT_LINK_S, save_as="avocet-export.zip")
    status = export_status(ready, url, now=system.now(), lifetime_s=_EXPORT_LINK_S)
    return json_response(200 if ready else 202, status)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
