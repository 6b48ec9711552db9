"""Ask for jobs, start them in their turn, keep them alive, close them, and find the dead ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from avocet.domain import jobs
from avocet.domain.errors import AvocetError
from avocet.domain.jobs import Job, JobKind, JobNotFoundError, JobState, Ledger, Request
from avocet.usecases.dataset_ports import JobLauncher, JobLedger, Notifier
from avocet.usecases.ports import Clock, IdSource, StaleRecordError

# The ledger is one record: those who collide take turns.
_ATTEMPTS = 20


class BusyLedgerError(AvocetError):
    """The ledger changed under each attempt."""

    code: ClassVar[str] = "busy"
    title: ClassVar[str] = "Too many jobs change at once"
    retry_after_s: ClassVar[int] = 1


class UnknownJobKindError(AvocetError):
    """This deployment cannot do that."""

    code: ClassVar[str] = "job-kind-unavailable"
    title: ClassVar[str] = "That kind of job cannot be done here"


@dataclass(frozen=True, kw_only=True)
class RunJobs:
    """The one way in which jobs change."""

    ledger: JobLedger
    launcher: JobLauncher
    notifier: Notifier
    clock: Clock
    new_id: IdSource

    def request(self, request: Request) -> Job:
        """Ask for a job and start it if its turn has come; the same work that is still queued is joined.

        Raises:
            UnknownJobKindError: Nothing here can do such a job.
            TooManyJobsError: The queue is full.
        """
        job_id = self.new_id()
        if not self.launcher.can_launch(Job(job_id, request.kind, request.requested_by, self.clock())):
            raise UnknownJobKindError(f"This deployment has no way to run {request.kind} jobs yet.")
        asked: list[Job] = []

        def change(ledger: Ledger) -> Ledger:
            ledger, job = jobs.requested(ledger, request, job_id=job_id, now=self.clock())
            asked[:] = [job]
            return ledger

        self._change(change)
        self.dispatch()
        return self.find(asked[0].job_id)

    def dispatch(self) -> None:
        """Start every job whose turn has come."""
        launched: list[Job] = []

        def change(ledger: Ledger) -> Ledger:
            ledger, started = jobs.started(ledger, now=self.clock())
            launched[:] = started
            return ledger

        self._change(change)
        for job in launched:
            # A crash here leaves a job that runs by the ledger and nowhere else; the sweep finds it silent.
            self.launcher.launch(job)

    def beat(self, job_id: str, fence: int, *, advance: int, total: int | None, note: str) -> None:
        """Give a sign of life.

        Raises:
            FencedOutError: The job is another worker's now.
        """
        self._change(lambda ledger: jobs.beaten(ledger, job_id, fence, advance=advance, total=total, note=note))

    def close(self, job_id: str, fence: int, *, reason: str = "", result: Mapping[str, str] | None = None) -> Job:
        """Close a job, tell the admins, and start whoever waited for it; doing it again changes nothing.

        Raises:
            FencedOutError: The job is another worker's now.
        """
        before = self.ledger.find_closed(job_id)
        if before is None or before.fence != fence:
            before = self._close(job_id, fence, reason, result)
            self.notifier.notify(*_message(before))
        else:
            # Archived, and perhaps no more than that.
            self._change(lambda ledger: _without(ledger, job_id, fence))
        self.dispatch()
        return before

    def sweep(self) -> tuple[Job, ...]:
        """Find jobs nobody has heard from, start them again or give them up; return those given up."""
        given_up: list[Job] = []

        def change(ledger: Ledger) -> Ledger:
            ledger, dead = jobs.swept(ledger, now=self.clock())
            given_up[:] = dead
            for job in dead:
                self.ledger.archive(job)
            return ledger

        self._change(change)
        for job in given_up:
            self.notifier.notify(*_message(job))
        self.dispatch()
        return tuple(given_up)

    def active(self) -> Ledger:
        """Return the jobs that are queued or running."""
        return self.ledger.load()

    def find(self, job_id: str) -> Job:
        """Return a job, active or closed.

        Raises:
            JobNotFoundError: There is none.
        """
        job = self.ledger.load().find(job_id) or self.ledger.find_closed(job_id)
        if job is None:
            raise JobNotFoundError("Check the id; GET /admin/jobs lists them all.")
        return job

    def _close(self, job_id: str, fence: int, reason: str, result: Mapping[str, str] | None) -> Job:
        closed: list[Job] = []

        def change(ledger: Ledger) -> Ledger:
            ledger, job = jobs.finished(ledger, job_id, fence, now=self.clock(), reason=reason, result=result)
            closed[:] = [job]
            # Into history first: a crash in between leaves the job in both places, never in none.
            self.ledger.archive(job)
            return ledger

        self._change(change)
        return closed[0]

    def _change(self, change: Callable[[Ledger], Ledger]) -> None:
        for _ in range(_ATTEMPTS):
            ledger = self.ledger.load()
            changed = change(ledger)
            if changed == ledger:
                return
            try:
                self.ledger.save(changed)
            except StaleRecordError:
                continue
            return
        raise BusyLedgerError("Try again in a moment.")


def _without(ledger: Ledger, job_id: str, fence: int) -> Ledger:
    kept = tuple(job for job in ledger.jobs if job.job_id != job_id or job.fence != fence)
    return Ledger(kept, ledger.last_fence, ledger.version)


def _message(job: Job) -> tuple[str, str]:
    """Return subject and text of what the admins are told about a closed job."""
    if job.state is JobState.FAILED:
        return f"Avocet: {job.kind} failed", f"Job {job.job_id} ({job.kind}) failed: {job.reason}."
    facts = "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in job.result.items() if value)
    advice = ""
    if job.kind is JobKind.REFRESH and job.result.get("snapshot_id"):
        advice = "\n\nThe dataset has changed. Train a model on it: avocet jobs start train"
    return f"Avocet: {job.kind} finished", f"Job {job.job_id} ({job.kind}) finished.\n{facts}{advice}"
