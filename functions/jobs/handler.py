"""/admin/jobs: what runs and what waits for whom, asking for more, one job's log and learning curve, and cancelling."""

from collections.abc import Mapping
from typing import Any

from avocet.domain.jobs import JobKind, JobState
from avocet.domain.jobs import Request as JobRequest
from avocet.domain.training import recipe_in, require_enough
from avocet.http import wiring
from avocet.http.curve_views import job_curve
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.identity import admin_of
from avocet.http.job_views import job_list, job_log, job_request, job_view
from avocet.http.learning_wiring import heads, jobs, ledger, triggers
from avocet.http.training_wiring import cancel_job, follow_trainings, launcher, recipes
from avocet.usecases.train import curve_of, log_of

_HISTORY = 50


_CHANGES_THE_DATASET = frozenset({JobKind.SYNC, JobKind.REFRESH})


def _refuse_hopeless(parameters: Mapping[str, str]) -> None:
    """Refuse a training that could not learn anything, unless a refresh before it may change that."""
    recipe_in(parameters, recipes())
    if not any(job.kind in _CHANGES_THE_DATASET for job in jobs().active().jobs):
        head = heads().read()
        require_enough(head.snapshot_id, head.species)


def _answer(request: Request) -> Response:
    admin = admin_of(request.claims)
    if request.method == "POST":
        kind, parameters = job_request(request)
        if kind is JobKind.TRAIN:
            _refuse_hopeless(parameters)
        wish = JobRequest(kind, admin.owner_id, parameters, correlation_id=request.correlation_id, is_once=True)
        job = jobs().request(wish)
        return json_response(202, job_view(job))
    if job_id := request.path_parameters.get("id"):
        if request.method == "DELETE":
            return json_response(200, job_view(cancel_job()(job_id, admin.owner_id)))
        if request.resource.endswith("/log"):
            return json_response(200, job_log(job_id, log_of(jobs(), launcher(), job_id)))
        if request.resource.endswith("/learning-curve"):
            return json_response(200, job_curve(job_id, curve_of(jobs(), launcher(), job_id)))
        job = jobs().find(job_id)
        if job.kind is JobKind.TRAIN and job.state is JobState.RUNNING:
            # Whoever follows a training sees what it says now, not what the last sweep heard.
            follow_trainings()(repeats_endings=False)
            job = jobs().find(job_id)
        return json_response(200, job_view(job))
    # Whoever looks finds the dead, and starts what is due, even where no schedule runs.
    follow_trainings()(repeats_endings=False)
    jobs().sweep()
    triggers()()
    return json_response(200, job_list(jobs().active(), ledger().history(_HISTORY)))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
