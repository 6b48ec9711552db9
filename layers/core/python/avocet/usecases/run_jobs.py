"""Ask for jobs, start them in their turn, keep them alive, close them, and find the dead ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from avocet.domain import jobs
from avocet.domain.errors import AvocetError
from avocet.domain.jobs import Job, JobKind, JobNotFoundError, JobState, Ledger, Request
from avocet.domain.notifications import Notice, job_closed, job_started, speaks_for_itself
from avocet.domain.training import TrainingStatus
from avocet.observability import followed, log
from avocet.usecases.dataset_ports import JobLauncher, JobLedger
from avocet.usecases.notice_ports import Outbox, WaitingLetter
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


@dataclass(frozen=True)
class _Change:
    """How the ledger changes, which jobs end with that, and what the admins hear of it, by occasion."""

    ledger: Ledger
    closed: Sequence[Job] = ()
    news: Mapping[str, Notice] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunJobs:
    """The one way in which jobs change."""

    ledger: JobLedger
    launcher: JobLauncher
    notifier: Outbox
    clock: Clock
    new_id: IdSource

    def request(self, request: Request) -> Job:
        """Ask for a job and start it if its turn has come; the same work that is still queued is joined.

        It goes on under the correlation id of whoever asks.

        Raises:
            UnknownJobKindError: Nothing here can do such a job.
            TooManyJobsError: The queue is full.
        """
        job_id = jobs.id_of_wish(request) if request.is_once else self.new_id()
        if not self.launcher.can_launch(Job(job_id, request.kind, request.requested_by, self.clock())):
            raise UnknownJobKindError(f"This deployment has no way to run {request.kind} jobs yet.")
        if request.is_once and self._is_known(job_id):
            # Only the answer was lost; perhaps the start as well.
            self.dispatch()
            return self.find(job_id)
        request = replace(request, correlation_id=request.correlation_id or followed())
        asked: list[Job] = []

        def change(ledger: Ledger) -> _Change:
            ledger, job = jobs.requested(ledger, request, job_id=job_id, now=self.clock())
            asked[:] = [job]
            return _Change(ledger)

        self._change(change)
        self.dispatch()
        return self.find(asked[0].job_id)

    def dispatch(self) -> None:
        """Start every job whose turn has come."""
        launched: list[Job] = []

        def change(ledger: Ledger) -> _Change:
            ledger, started = jobs.started(ledger, now=self.clock())
            launched[:] = started
            refreshes = [job for job in started if job.kind is JobKind.REFRESH]
            return _Change(ledger, news={_occasion("started", job): job_started(job) for job in refreshes})

        letters = self._change(change)
        for job in launched:
            # A crash here leaves a job that runs by the ledger and nowhere else; the sweep finds it silent.
            self.launcher.launch(job)
        self.notifier.send(letters)

    def beat(self, job_id: str, fence: int, *, advance: int, total: int | None, note: str) -> None:
        """Give a sign of life.

        Raises:
            FencedOutError: The job is another worker's now.
        """
        self._change(
            lambda ledger: _Change(jobs.beaten(ledger, job_id, fence, advance=advance, total=total, note=note))
        )

    def require_held(self, job_id: str, fence: int) -> None:
        """Make sure that the job is still that attempt's.

        Raises:
            FencedOutError: It is not.
        """
        jobs.held(self.ledger.load(), job_id, fence)

    def observe(self, job_id: str, fence: int, status: TrainingStatus) -> None:
        """Note how far a job is that is watched from outside.

        Raises:
            FencedOutError: The job is no longer that attempt's.
        """
        self._change(
            lambda ledger: _Change(
                jobs.observed(
                    ledger,
                    job_id,
                    fence,
                    beat=status.beat,
                    done=status.done,
                    total=status.total,
                    note=status.note,
                )
            )
        )

    def cancel(self, job_id: str, cancelled_by: str) -> Job:
        """Cancel a job and start whoever waited for it; nobody is told, since somebody asked for it.

        Cancelling it again completes what a crash left.

        Raises:
            JobNotFoundError: There is no such job.
            NotCancellableError: It is over, or it changes the dataset and has begun.
        """
        before = self.find(job_id)
        if before.state is JobState.CANCELLED:
            self.dispatch()
            return before
        closed: list[Job] = []

        def change(ledger: Ledger) -> _Change:
            ledger, job = jobs.cancelled(ledger, job_id, now=self.clock(), cancelled_by=cancelled_by)
            closed[:] = [job]
            return _Change(ledger, closed)

        self._change(change)
        self.dispatch()
        return closed[0]

    def close(
        self,
        job_id: str,
        fence: int,
        *,
        reason: str = "",
        result: Mapping[str, str] | None = None,
        notice: Notice | None = None,
        is_quiet: bool = False,
    ) -> Job:
        """Close a job, tell the admins, and start whoever waited for it; doing it again changes nothing.

        ``notice`` is what the admins are told where a kind has more to say than its result; nothing when ``is_quiet``.

        Raises:
            FencedOutError: The job is another worker's now.
        """
        active = self.ledger.load().find(job_id)
        closed = self.ledger.find_closed(job_id) if active is None else None
        if closed is None or closed.fence != fence:
            closed = self._close(job_id, fence, reason, result, notice, is_quiet=is_quiet)
        self.dispatch()
        return closed

    def sweep(self) -> tuple[Job, ...]:
        """Find jobs nobody has heard from, start them again or give them up; return those given up."""
        given_up: list[Job] = []
        broken_off = self._broken_off()

        def change(ledger: Ledger) -> _Change:
            ledger, dead = jobs.swept(ledger, now=self.clock(), broken_off=broken_off)
            given_up[:] = dead
            return _Change(ledger, dead, {_occasion("closed", job): job_closed(job) for job in dead})

        letters = self._change(change)
        for job in given_up:
            _count_failure(job)
        self.notifier.send(letters)
        self.dispatch()
        return tuple(given_up)

    def _broken_off(self) -> frozenset[int]:
        """Return the fencing tokens of the attempts whose work ended and left the job open.

        A training goes on after its machine has ended, well or badly: only its own signs of life say how it is.
        """
        return frozenset(
            job.fence
            for job in self.ledger.load().jobs
            if job.state is JobState.RUNNING and job.kind is not JobKind.TRAIN and self.launcher.has_broken_off(job)
        )

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

    def _is_known(self, job_id: str) -> bool:
        return (self.ledger.load().find(job_id) or self.ledger.find_closed(job_id)) is not None

    def _close(
        self,
        job_id: str,
        fence: int,
        reason: str,
        result: Mapping[str, str] | None,
        notice: Notice | None,
        *,
        is_quiet: bool,
    ) -> Job:
        closed: list[Job] = []

        def change(ledger: Ledger) -> _Change:
            ledger, job = jobs.finished(ledger, job_id, fence, now=self.clock(), reason=reason, result=result)
            closed[:] = [job]
            is_told = not is_quiet and (notice is not None or not speaks_for_itself(job))
            return _Change(ledger, closed, {_occasion("closed", job): notice or job_closed(job)} if is_told else {})

        letters = self._change(change)
        _count_failure(closed[0])
        self.notifier.send(letters)
        return closed[0]

    def _change(self, change: Callable[[Ledger], _Change]) -> Sequence[WaitingLetter]:
        """Change the ledger; return the letters about it, which are written down and yet to be sent."""
        for _ in range(_ATTEMPTS):
            ledger = self.ledger.load()
            changed = change(ledger)
            if changed.ledger == ledger:
                return []
            # Into history and the book first: a crash in between leaves a job in both places and a letter too early,
            # and never a job in none or an ending that nobody hears of.
            for job in changed.closed:
                self.ledger.archive(job)
            letters = [each for name, notice in changed.news.items() for each in self.notifier.write(notice, name)]
            try:
                self.ledger.save(changed.ledger)
            except StaleRecordError:
                self.notifier.take_back(letters)
                continue
            return letters
        raise BusyLedgerError("Try again in a moment.")


def _count_failure(job: Job) -> None:
    # The ledger knows what failed whatever failed it: a step, the machine, or silence.
    if job.state is JobState.FAILED:
        log("job_failed", level="ERROR", kind=job.kind, job_id=job.job_id, metrics={"JobsFailed": 1})


def _occasion(what: str, job: Job) -> str:
    return f"job-{what}-{job.job_id}-{job.fence}"
