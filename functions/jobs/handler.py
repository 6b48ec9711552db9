"""GET and POST /admin/jobs, GET /admin/jobs/{id}: what runs, what waits for whom, and asking for more."""

from typing import Any

from avocet.domain.jobs import Request as JobRequest
from avocet.http import wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.identity import admin_of
from avocet.http.job_views import job_list, job_request, job_view
from avocet.http.learning_wiring import jobs, ledger

_HISTORY = 50


def _answer(request: Request) -> Response:
    admin = admin_of(request.claims)
    if request.method == "POST":
        kind, parameters = job_request(request)
        job = jobs().request(JobRequest(kind, admin.owner_id, parameters))
        return json_response(202, job_view(job))
    if job_id := request.path_parameters.get("id"):
        return json_response(200, job_view(jobs().find(job_id)))
    # Whoever looks finds the dead, even where no schedule runs.
    jobs().sweep()
    return json_response(200, job_list(jobs().active(), ledger().history(_HISTORY)))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
