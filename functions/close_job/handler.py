"""Last step of every job: close it, well or badly, tidy up after it, and start whoever waited for it."""

import json
from collections.abc import Mapping
from typing import Any

from avocet.domain.jobs import FencedOutError, Job, JobKind
from avocet.http.learning_wiring import begin_step, clean_objects, jobs
from avocet.observability import log
from avocet.usecases.snapshot_store import discard_work

_REASON_LETTERS = 500


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine; an attempt that was given up closes nothing."""
    job_id, fence = begin_step(event)
    result = event.get("result") or {}
    reason = _reason(event["error"]) if "error" in event else ""
    if findings := result.get("findings"):
        reason = f"{len(findings)} findings, such as: {findings[0]}"
        result = {}
    try:
        job: Job = jobs().close(job_id, fence, reason=reason, result=result)
    except FencedOutError:
        log("closed_by_another", job_id=job_id)
        return {"state": "superseded"}
    if job.kind is JobKind.REFRESH:
        discard_work(clean_objects(), job.job_id)
    log("job_closed", job_id=job_id, state=job.state)
    return {"state": job.state}


def _reason(error: Mapping[str, Any]) -> str:
    """Read what Step Functions says of a failed function: a name, and JSON with the exception's message."""
    try:
        cause = json.loads(error.get("Cause") or "{}")
        message = str(cause.get("errorMessage", "")) if isinstance(cause, dict) else str(cause)
    except ValueError:
        message = str(error["Cause"])
    return f"{error.get('Error', 'error')}: {message}"[:_REASON_LETTERS]
