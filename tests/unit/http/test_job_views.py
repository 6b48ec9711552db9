"""How jobs are shown."""

from dataclasses import replace
from datetime import UTC, datetime

from avocet.domain.jobs import Job, JobKind, JobState, Ledger
from avocet.http.job_views import job_list

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_a_job_that_closes_between_the_two_readings_is_shown_once_and_as_closed():
    waiting = Job("1", JobKind.REFRESH, "system", NOW)
    running = replace(waiting, job_id="2", state=JobState.RUNNING)
    closed = replace(running, state=JobState.FINISHED, finished_at=NOW)
    shown = job_list(Ledger((waiting, running)), [closed])
    assert [(job.job_id, job.state) for job in shown.jobs] == [("1", JobState.QUEUED), ("2", JobState.FINISHED)]
    assert shown.message == job_list(Ledger((waiting,)), []).message
