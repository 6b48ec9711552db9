"""PUT /admin/species/names: import a list of French names, for admins."""

from typing import Any

from avocet.adapters.world_list_sqlite import world_list
from avocet.http import wiring
from avocet.http.catalogue import imported_names
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.identity import admin_of
from avocet.http.problem import InvalidRequestError
from avocet.http.species_views import names_imported
from avocet.usecases.import_names import ImportNames


def _answer(request: Request) -> Response:
    admin_of(request.claims)
    if request.query.get("lang") != "fr":
        raise InvalidRequestError("lang must be fr: French is the only language whose names can be imported.")
    report = ImportNames(world_list=world_list(), imported=imported_names())(request.body)
    return json_response(200, names_imported(report))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
