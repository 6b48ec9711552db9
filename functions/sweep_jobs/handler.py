"""On a schedule: find jobs nobody has heard from, ask for a refresh that is due, and send what could not be sent before.

An event that names a job asks for that job as well: so run the daily ones.
"""

from typing import Any

from avocet.adapters import system
from avocet.domain.jobs import JobKind, by_schedule
from avocet.http.learning_wiring import jobs, notifier, triggers
from avocet.http.sync_wiring import sync_records
from avocet.http.training_wiring import follow_trainings
from avocet.http.wiring import records
from avocet.observability import log
from avocet.usecases.watch_triggers import resume_sync


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Sweep once; return how many jobs were given up."""
    # Before the sweep: what a training says of itself keeps its job alive.
    follow_trainings()(repeats_endings=True)
    given_up = jobs().sweep()
    if kind := event.get("job"):
        jobs().request(by_schedule(JobKind(kind), event["event_id"]))
    resume_sync(sync_records(), jobs(), system.now)
    reasons = triggers()()
    records().drop_empty_counts()
    letters = notifier().deliver()
    log(
        "swept",
        given_up=[job.job_id for job in given_up],
        refresh_because=reasons,
        letters=letters,
        metrics={"JobsGivenUp": len(given_up)},
    )
    return {"given_up": len(given_up)}
