"""The ledger of jobs: who runs, who waits and for whom, and since when nobody has heard from one. Pure; it holds no clock.

All active jobs stand in one small value that is saved under a condition, so two requests at once cannot both start.
Every start hands out a fencing token larger than any before; whoever comes back from the dead with an older one is
refused by whatever he tries to write.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from avocet.domain.errors import AvocetError
from avocet.domain.sayings import Saying, saying_in

# Ten missed heartbeats; also far above any difference between the clocks of two observers.
SILENCE_LIMIT = timedelta(minutes=3)
HEARTBEAT_S = 15
MAX_ATTEMPTS = 3
# More would mean that something asks for jobs in a loop.
MAX_ACTIVE = 50
BY_SCHEDULE = "schedule"
_MAX_BECAUSE_LETTERS = 500


class JobNotFoundError(AvocetError):
    """There is no job of that id."""

    code: ClassVar[str] = "no-job"
    title: ClassVar[str] = "There is no such job"


class TooManyJobsError(AvocetError):
    """The queue is full."""

    code: ClassVar[str] = "too-many-jobs"
    title: ClassVar[str] = "Too many jobs are waiting"
    retry_after_s: ClassVar[int] = 60


class NotCancellableError(AvocetError):
    """The job is over, or stopping it half-way would leave the dataset half-written."""

    code: ClassVar[str] = "not-cancellable"
    title: ClassVar[str] = "That job cannot be cancelled"


class FencedOutError(Exception):
    """Somebody with a newer fencing token has taken the work over; stop without touching anything."""


class JobKind(StrEnum):
    """What a job does."""

    SYNC = "sync"
    REFRESH = "refresh"
    TRAIN = "train"
    EVALUATE = "evaluate"
    CHECK_DRIFT = "check_drift"
    VERIFY = "verify"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


# Whom a kind waits for. What only reads a snapshot never disturbs a refresh, but an answer about a dataset that is just
# changing would be old on arrival.
WAITS_FOR: Mapping[JobKind, frozenset[JobKind]] = {
    JobKind.SYNC: frozenset({JobKind.SYNC, JobKind.REFRESH}),
    JobKind.REFRESH: frozenset({JobKind.SYNC, JobKind.REFRESH, JobKind.VERIFY}),
    JobKind.TRAIN: frozenset({JobKind.SYNC, JobKind.REFRESH, JobKind.TRAIN}),
    JobKind.EVALUATE: frozenset({JobKind.REFRESH, JobKind.EVALUATE}),
    JobKind.CHECK_DRIFT: frozenset({JobKind.SYNC, JobKind.REFRESH, JobKind.CHECK_DRIFT}),
    JobKind.VERIFY: frozenset({JobKind.REFRESH, JobKind.VERIFY}),
}


# What only reads the dataset; whatever it has written by then is whole and harmless.
CANCELLABLE = frozenset({JobKind.TRAIN, JobKind.EVALUATE, JobKind.CHECK_DRIFT, JobKind.VERIFY})


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work.

    Attributes:
        job_id: Which.
        kind: What it does.
        requested_by: Who asked; ``schedule`` or ``system`` when nobody did.
        requested_at: When it was first asked for.
        parameters: What it was asked to do, in words of its kind.
        because: Why, for people to read; everybody who joined adds a reason.
        state: Where it stands.
        waits_for: Ids of the jobs it waits for, while it is queued.
        attempt: How often it was started.
        fence: Fencing token of the present attempt; 0 before the first.
        started_at: When the present attempt began.
        finished_at: When it ended.
        beat: Grows with each sign of life.
        done: Units done so far.
        total: Units to do; 0 while not known.
        note: What it is doing, in a few words.
        reason: Why it failed, or that it was cancelled; plain English.
        failure: The same apart from any language; None where it is not known by a code.
        result: What came of it, in words of its kind.
        silent_beat: The beat that the sweep saw last.
        silent_since: When the sweep first saw that beat, by the sweep's own clock.
        correlation_id: Of the request that asked for it, so that one id leads from the page to the last function.
    """

    job_id: str
    kind: JobKind
    requested_by: str
    requested_at: datetime
    parameters: Mapping[str, str] = field(default_factory=dict)
    because: str = ""
    state: JobState = JobState.QUEUED
    waits_for: Sequence[str] = ()
    attempt: int = 0
    fence: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    beat: int = 0
    done: int = 0
    total: int = 0
    note: str = ""
    reason: str = ""
    failure: Saying | None = None
    result: Mapping[str, str] = field(default_factory=dict)
    silent_beat: int = -1
    silent_since: datetime | None = None
    correlation_id: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it is queued or running."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All active jobs, in the order they were asked for.

    Attributes:
        jobs: Queued and running ones.
        last_fence: The largest fencing token handed out.
        version: Grows with each save.
    """

    jobs: tuple[Job, ...] = ()
    last_fence: int = 0
    version: int = 0

    def find(self, job_id: str) -> Job | None:
        """Return the active job of that id."""
        return next((job for job in self.jobs if job.job_id == job_id), None)

    def with_job(self, job: Job) -> "Ledger":
        """Return the ledger with ``job`` in place of the one of the same id."""
        return replace(self, jobs=tuple(job if each.job_id == job.job_id else each for each in self.jobs))

    def blockers(self, job: Job) -> tuple[str, ...]:
        """Return the ids of the jobs that ``job`` has to wait for: running ones, and those that asked before it."""
        mine = self.jobs.index(job)
        return tuple(
            each.job_id
            for position, each in enumerate(self.jobs)
            if position != mine
            and each.kind in WAITS_FOR[job.kind]
            and (position < mine or each.state is JobState.RUNNING)
        )


@dataclass(frozen=True, slots=True)
class Request:
    """A wish for a job.

    Attributes:
        kind: What to do.
        requested_by: Who asks.
        parameters: In words of the kind.
        because: Why, for people to read.
        correlation_id: Of the request he asks with; empty when nobody does.
        is_once: Whether asking again under the same correlation id is the same wish, however the job stands by then.
    """

    kind: JobKind
    requested_by: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    because: str = ""
    correlation_id: str = ""
    is_once: bool = False


def by_schedule(kind: JobKind, event_id: str) -> Request:
    """Return the wish of a schedule; its event may be delivered more than once, and is one wish."""
    return Request(kind, BY_SCHEDULE, correlation_id=event_id, is_once=True)


def id_of_wish(request: Request) -> str:
    """Return the id of the job that a wish which is meant once leads to: the same for the same request."""
    wish = (request.requested_by, request.kind, sorted(request.parameters.items()), request.correlation_id)
    return hashlib.sha256(json.dumps(wish).encode()).hexdigest()[:32]


def requested(ledger: Ledger, request: Request, *, job_id: str, now: datetime) -> tuple[Ledger, Job]:
    """Note a wish; the same work that is still queued is joined, not doubled.

    A running job is not joined: it may have begun before what this request wants done was there.

    Returns:
        The ledger, and the job that will do the work.

    Raises:
        TooManyJobsError: The queue is full.
    """
    if (twin := ledger.find(job_id)) is not None:
        # The same wish came twice at once, and the other was faster.
        return ledger, twin
    for job in ledger.jobs:
        if job.state is JobState.QUEUED and job.kind is request.kind and job.parameters == request.parameters:
            if request.because and request.because not in job.because:
                job = replace(
                    job, because="; ".join(filter(None, (job.because, request.because)))[:_MAX_BECAUSE_LETTERS]
                )
                ledger = ledger.with_job(job)
            return ledger, job
    if len(ledger.jobs) >= MAX_ACTIVE:
        raise TooManyJobsError(f"{MAX_ACTIVE} jobs are queued or running. Wait until some are done.")
    job = Job(
        job_id,
        request.kind,
        request.requested_by,
        now,
        parameters=dict(request.parameters),
        because=request.because[:_MAX_BECAUSE_LETTERS],
        correlation_id=request.correlation_id or job_id,
    )
    ledger = replace(ledger, jobs=(*ledger.jobs, job))
    job = replace(job, waits_for=ledger.blockers(job))
    return ledger.with_job(job), job


def started(ledger: Ledger, *, now: datetime) -> tuple[Ledger, tuple[Job, ...]]:
    """Start every queued job that waits for nobody; note of the others for whom they wait.

    Returns:
        The ledger, and the jobs to launch.
    """
    launched: list[Job] = []
    for job in ledger.jobs:
        if job.state is not JobState.QUEUED:
            continue
        blockers = ledger.blockers(job)
        if blockers:
            ledger = ledger.with_job(replace(job, waits_for=blockers))
            continue
        fence = ledger.last_fence + 1
        running = replace(
            job,
            state=JobState.RUNNING,
            waits_for=(),
            attempt=job.attempt + 1,
            fence=fence,
            started_at=now,
            done=0,
            total=0,
            silent_beat=-1,
            silent_since=None,
            note="starting",
        )
        ledger = replace(ledger.with_job(running), last_fence=fence)
        launched.append(running)
    return ledger, tuple(launched)


def beaten(ledger: Ledger, job_id: str, fence: int, *, advance: int, total: int | None, note: str) -> Ledger:
    """Note a sign of life and how far the job is; several workers of one job may each add their share.

    Args:
        ledger: As it stands.
        job_id: Whose.
        fence: The worker's token.
        advance: Units done since this worker's last sign.
        total: Units to do; None when that is known already.
        note: What it is doing.

    Raises:
        FencedOutError: The job is no longer this worker's.
    """
    job = held(ledger, job_id, fence)
    total = job.total if total is None else total
    # A step that is repeated counts its units again.
    done = min(job.done + advance, total) if total else job.done + advance
    return ledger.with_job(replace(job, beat=job.beat + 1, done=done, total=total, note=note))


def observed(ledger: Ledger, job_id: str, fence: int, *, beat: int, done: int, total: int, note: str) -> Ledger:
    """Note how far a job is that is watched from outside; ``beat`` is the watched one's own count.

    Raises:
        FencedOutError: The job is no longer that attempt's.
    """
    job = held(ledger, job_id, fence)
    if beat <= job.beat:
        return ledger
    return ledger.with_job(replace(job, beat=beat, done=done, total=total, note=note or job.note))


def cancelled(ledger: Ledger, job_id: str, *, now: datetime, cancelled_by: str) -> tuple[Ledger, Job]:
    """Close a queued job, or a running one that only reads, because somebody asked; its worker is fenced out.

    Returns:
        The ledger, and the job as it goes into history.

    Raises:
        NotCancellableError: It is over already, or changes the dataset and has begun.
    """
    job = ledger.find(job_id)
    if job is None:
        raise NotCancellableError("It is over already.")
    if job.state is JobState.RUNNING and job.kind not in CANCELLABLE:
        raise NotCancellableError(f"A {job.kind} that has begun is finished, so that the dataset stays whole.")
    reason = f"cancelled by {cancelled_by}"
    closed = replace(
        job,
        state=JobState.CANCELLED,
        finished_at=now,
        reason=reason,
        failure=saying_in(reason),
        note="",
        waits_for=(),
    )
    return replace(ledger, jobs=tuple(each for each in ledger.jobs if each.job_id != job_id)), closed


def finished(
    ledger: Ledger, job_id: str, fence: int, *, now: datetime, reason: str = "", result: Mapping[str, str] | None = None
) -> tuple[Ledger, Job]:
    """Close a job, well (without ``reason``) or badly, and take it off the ledger.

    Returns:
        The ledger, and the job as it goes into history.

    Raises:
        FencedOutError: The job is no longer this worker's.
    """
    job = held(ledger, job_id, fence)
    closed = replace(
        job,
        state=JobState.FAILED if reason else JobState.FINISHED,
        finished_at=now,
        reason=reason,
        failure=saying_in(reason),
        result=dict(result or {}),
        note="",
    )
    return replace(ledger, jobs=tuple(each for each in ledger.jobs if each.job_id != job_id)), closed


def swept(
    ledger: Ledger, *, now: datetime, broken_off: Collection[int] = frozenset()
) -> tuple[Ledger, tuple[Job, ...]]:
    """Find the jobs nobody has heard from, queue them again or give them up.

    Silence is measured by the observer: a beat that has not moved between two looks further apart than the limit. The
    worker's own clock never enters.

    Args:
        ledger: As it stands.
        now: By the observer's clock.
        broken_off: Fencing tokens of attempts that are known to have ended without closing their job; nobody waits
            until those have been silent for long enough.

    Returns:
        The ledger, and the jobs that were given up, as they go into history.
    """
    given_up: list[Job] = []
    for job in ledger.jobs:
        if job.state is not JobState.RUNNING:
            continue
        is_broken_off = job.fence in broken_off
        if not is_broken_off and (job.silent_since is None or job.silent_beat != job.beat):
            ledger = ledger.with_job(replace(job, silent_beat=job.beat, silent_since=now))
        elif is_broken_off or (job.silent_since is not None and now - job.silent_since >= SILENCE_LIMIT):
            what = "its work broke off" if is_broken_off else "its worker fell silent"
            if job.attempt < MAX_ATTEMPTS:
                again = replace(job, state=JobState.QUEUED, note=f"{what}; it starts again", fence=0)
                ledger = ledger.with_job(again)
            else:
                reason = f"{what}, the last of {MAX_ATTEMPTS} times"
                dead = replace(
                    job,
                    state=JobState.FAILED,
                    finished_at=now,
                    reason=reason,
                    failure=saying_in(reason),
                    note="",
                )
                ledger = replace(ledger, jobs=tuple(each for each in ledger.jobs if each.job_id != job.job_id))
                given_up.append(dead)
    return ledger, tuple(given_up)


def held(ledger: Ledger, job_id: str, fence: int) -> Job:
    """Return a running job, as the attempt that holds it.

    Raises:
        FencedOutError: The job is no longer that attempt's.
    """
    job = ledger.find(job_id)
    if job is None or job.state is not JobState.RUNNING or job.fence != fence:
        raise FencedOutError(f"job {job_id} is not held under token {fence}")
    return job
