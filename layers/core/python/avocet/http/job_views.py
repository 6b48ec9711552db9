"""Jobs as the API takes and shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from avocet.domain.jobs import Job, JobKind, Ledger
from avocet.domain.sayings import Saying, saying_in, sayings_in
from avocet.domain.service_state import activity
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.jobs import JobList, JobLog, JobProgress, JobSaying, JobView
from avocet.http.views import timestamp

_MAX_PARAMETERS = 10
_MAX_PARAMETER_LETTERS = 200


def job_request(request: Request) -> tuple[JobKind, Mapping[str, str]]:
    """Read the body of ``POST /admin/jobs``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: The kind is none of ours, or a parameter is no short text.
    """
    body = json_object(request.body)
    kind, parameters = body.get("kind"), body.get("parameters")
    if not isinstance(kind, str) or kind not in set(JobKind):
        raise InvalidRequestError(f"kind must be one of {', '.join(each.value for each in JobKind)}.")
    parameters = {} if parameters is None else parameters
    if not isinstance(parameters, dict) or len(parameters) > _MAX_PARAMETERS:
        raise InvalidRequestError(f"parameters must be an object of at most {_MAX_PARAMETERS} texts.")
    for value in (*parameters, *parameters.values()):
        if not isinstance(value, str) or len(value) > _MAX_PARAMETER_LETTERS:
            raise InvalidRequestError(f"parameters must be texts of at most {_MAX_PARAMETER_LETTERS} letters.")
    return JobKind(kind), parameters


def job_list(ledger: Ledger, closed: Sequence[Job]) -> JobList:
    """Show the active jobs in their order, then the closed ones, newest first.

    The ledger was read before ``closed``: a job that is in both has closed in between, and is shown as that.
    """
    ended = {job.job_id for job in closed}
    active = tuple(job for job in ledger.jobs if job.job_id not in ended)
    return JobList(activity(replace(ledger, jobs=active)).en, tuple(job_view(job) for job in (*active, *closed)))


def job_log(job_id: str, text: str) -> JobLog:
    """Show the end of a job's log, line by line."""
    return JobLog(job_id, tuple(text.splitlines()))


def job_view(job: Job) -> JobView:
    """Show one job."""
    return JobView(
        job_id=job.job_id,
        kind=job.kind,
        state=job.state,
        requested_by=job.requested_by,
        requested_at=timestamp(job.requested_at),
        waits_for=tuple(job.waits_for),
        started_at=_moment(job.started_at),
        finished_at=_moment(job.finished_at),
        attempt=job.attempt,
        progress=JobProgress(job.done, job.total, job.note),
        reason=job.reason or None,
        parameters=dict(job.parameters),
        result=dict(job.result),
        because=job.because or None,
        why=tuple(_saying(each) for each in sayings_in(job.because)),
        failure=_failure(job),
    )


def _failure(job: Job) -> JobSaying | None:
    # Jobs that an earlier release closed have their reason only.
    saying = job.failure or (saying_in(job.reason) if job.reason else None)
    return _saying(saying) if saying else None


def _saying(saying: Saying) -> JobSaying:
    return JobSaying(saying.code or None, dict(saying.facts), saying.en or None, saying.fr or None)


def _moment(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
