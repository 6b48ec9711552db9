"""The ledger of jobs under random requests, deaths, clocks and repeats: no job is lost, doubled, or busy for ever."""

import contextlib
import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from avocet.domain.jobs import (
    MAX_ACTIVE,
    MAX_ATTEMPTS,
    SILENCE_LIMIT,
    WAITS_FOR,
    FencedOutError,
    Job,
    JobKind,
    JobState,
    Ledger,
    Request,
    TooManyJobsError,
    by_schedule,
    id_of_wish,
    requested,
)
from avocet.domain.notifications import Notice
from avocet.domain.service_state import activity
from avocet.observability import correlated
from avocet.usecases.notice_ports import WaitingLetter
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.run_jobs import RunJobs, UnknownJobKindError
from tests.unit.dataset.world import Bomb, Crash, Doomed


@dataclass
class MemoryLedger:
    ledger: Ledger = field(default_factory=Ledger)
    closed: dict[str, Job] = field(default_factory=dict)

    def load(self) -> Ledger:
        return self.ledger

    def save(self, ledger: Ledger) -> Ledger:
        if ledger.version != self.ledger.version:
            raise StaleRecordError("ledger")
        self.ledger = replace(ledger, version=ledger.version + 1)
        return self.ledger

    def archive(self, job: Job) -> None:
        self.closed[job.job_id] = job

    def find_closed(self, job_id: str) -> Job | None:
        return self.closed.get(job_id)

    def history(self, limit: int) -> Sequence[Job]:
        return list(self.closed.values())[:limit]


@dataclass
class MemoryLauncher:
    launched: list[tuple[str, int]] = field(default_factory=list)
    broken_off: set[int] = field(default_factory=set)

    def can_launch(self, job: Job) -> bool:
        return job.kind is not JobKind.SYNC

    def launch(self, job: Job) -> None:
        self.launched.append((job.job_id, job.fence))

    def has_broken_off(self, job: Job) -> bool:
        return job.fence in self.broken_off


@dataclass
class MemoryNotifier:
    notices: list[Notice] = field(default_factory=list)
    waiting: dict[str, Notice] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def notify(self, notice: Notice) -> None:
        self.notices.append(notice)

    def write(self, notice: Notice, occasion: str) -> Sequence[WaitingLetter]:
        self.written.add(occasion)
        self.waiting[occasion] = notice
        moment = datetime(2026, 11, 23, tzinfo=UTC)
        return [WaitingLetter(occasion, notice.letters()[0], moment, moment)]

    def send(self, letters: Sequence[WaitingLetter]) -> None:
        self.notices += [self.waiting.pop(each.letter_id) for each in letters if each.letter_id in self.waiting]

    def take_back(self, letters: Sequence[WaitingLetter]) -> None:
        for each in letters:
            self.written.discard(each.letter_id)
            self.waiting.pop(each.letter_id, None)


class Office:
    """Everything the jobs stand on, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, tzinfo=UTC)
        self.ledger, self.launcher, self.notifier, self.count = MemoryLedger(), MemoryLauncher(), MemoryNotifier(), 0

    def run(self, bomb: Bomb | None = None) -> RunJobs:
        ports = {"ledger": self.ledger, "launcher": self.launcher, "notifier": self.notifier}
        if bomb:
            ports = {name: Doomed(port, bomb) for name, port in ports.items()}
        return RunJobs(**ports, clock=lambda: self.now, new_id=self.new_id)

    def new_id(self) -> str:
        self.count += 1
        return f"job-{self.count}"


def request(kind: JobKind, **parameters: str) -> Request:
    return Request(kind, "admin", parameters)


def test_a_second_request_for_queued_work_joins_it() -> None:
    jobs = Office().run()
    running = jobs.request(request(JobKind.REFRESH))
    queued = jobs.request(request(JobKind.REFRESH))
    joined = jobs.request(request(JobKind.REFRESH))
    assert running.state is JobState.RUNNING
    assert queued.job_id == joined.job_id != running.job_id
    assert queued.waits_for == (running.job_id,)


def test_the_same_wish_asked_for_again_is_one_job_however_it_stands_by_then() -> None:
    jobs = Office().run()
    wish = Request(JobKind.EVALUATE, "admin", correlation_id="click-0001", is_once=True)
    job = jobs.request(wish)
    assert (job.state, job.because) == (JobState.RUNNING, "")
    assert jobs.request(wish) == job
    jobs.close(job.job_id, job.fence)
    assert jobs.request(wish).state is JobState.FINISHED
    assert jobs.active().jobs == ()
    others = [replace(wish, correlation_id="click-0002"), replace(wish, requested_by="another")]
    assert len({jobs.request(each).job_id for each in others} | {job.job_id}) == 3


def test_an_event_of_a_schedule_that_is_delivered_twice_is_one_job() -> None:
    jobs = Office().run()
    first, again = (jobs.request(by_schedule(JobKind.CHECK_DRIFT, "event-0001")) for _ in range(2))
    assert first == again
    assert len(jobs.active().jobs) == 1
    tomorrow = jobs.request(by_schedule(JobKind.CHECK_DRIFT, "event-0002"))
    assert (tomorrow.job_id != first.job_id, tomorrow.requested_by) == (True, "schedule")


def test_a_wish_that_comes_twice_at_the_same_moment_is_one_job() -> None:
    office = Office()
    wish = by_schedule(JobKind.CHECK_DRIFT, "event-0001")
    twin = office.run().request(wish)
    # Neither has seen the other when it asks whether the wish is known.
    ledger, job = requested(office.ledger.load(), wish, job_id=id_of_wish(wish), now=office.now)
    assert (job, ledger) == (twin, office.ledger.load())


def test_a_wish_whose_start_was_cut_off_is_started_by_asking_again() -> None:
    office = Office()
    wish = Request(JobKind.EVALUATE, "admin", correlation_id="click-0001", is_once=True)
    ledger, job = requested(Ledger(), wish, job_id=id_of_wish(wish), now=office.now)
    office.ledger.ledger = ledger
    assert office.run().request(wish).job_id == job.job_id
    assert [job_id for job_id, _ in office.launcher.launched] == [job.job_id]


def test_training_waits_behind_a_refresh_and_says_so() -> None:
    jobs = Office().run()
    refresh = jobs.request(request(JobKind.REFRESH))
    train = jobs.request(request(JobKind.TRAIN, recipe="head"))
    assert train.waits_for == (refresh.job_id,)
    jobs.close(refresh.job_id, refresh.fence)
    assert jobs.find(train.job_id).state is JobState.RUNNING


def test_a_running_training_does_not_keep_a_refresh_waiting() -> None:
    jobs = Office().run()
    jobs.request(request(JobKind.TRAIN))
    assert jobs.request(request(JobKind.REFRESH)).state is JobState.RUNNING


def test_a_kind_nobody_can_do_is_refused_in_plain_words() -> None:
    with pytest.raises(UnknownJobKindError):
        Office().run().request(request(JobKind.SYNC))


def test_a_silent_job_starts_again_and_the_old_worker_is_fenced_out() -> None:
    office = Office()
    jobs = office.run()
    first = jobs.request(request(JobKind.REFRESH))
    jobs.sweep()
    office.now += SILENCE_LIMIT
    jobs.sweep()
    second = jobs.find(first.job_id)
    assert (second.state, second.attempt) == (JobState.RUNNING, 2)
    assert second.fence > first.fence
    with pytest.raises(FencedOutError):
        jobs.beat(first.job_id, first.fence, advance=1, total=None, note="")
    with pytest.raises(FencedOutError):
        jobs.close(first.job_id, first.fence)


def test_a_job_whose_work_broke_off_starts_again_at_the_next_look() -> None:
    office = Office()
    jobs = office.run()
    first = jobs.request(request(JobKind.REFRESH))
    office.launcher.broken_off.add(first.fence)
    jobs.sweep()
    second = jobs.find(first.job_id)
    assert (second.state, second.attempt) == (JobState.RUNNING, 2)
    jobs.sweep()
    assert jobs.find(first.job_id).fence == second.fence, "the attempt that took over is left alone"
    with pytest.raises(FencedOutError):
        jobs.beat(first.job_id, first.fence, advance=1, total=None, note="")


def test_a_job_whose_work_breaks_off_every_time_is_given_up_and_the_admins_hear_of_it() -> None:
    office = Office()
    jobs = office.run()
    job = jobs.request(request(JobKind.REFRESH))
    for _ in range(MAX_ATTEMPTS):
        office.launcher.broken_off.add(jobs.find(job.job_id).fence)
        jobs.sweep()
    assert jobs.find(job.job_id).state is JobState.FAILED
    assert not jobs.active().jobs
    assert "broke off" in office.notifier.notices[-1].text.en


def test_a_training_outlives_the_machine_that_began_it() -> None:
    office = Office()
    jobs = office.run()
    job = jobs.request(request(JobKind.TRAIN))
    office.launcher.broken_off.add(job.fence)
    jobs.sweep()
    assert jobs.find(job.job_id).attempt == 1


def test_a_beating_job_is_left_alone_however_long_it_takes() -> None:
    office = Office()
    jobs = office.run()
    job = jobs.request(request(JobKind.REFRESH))
    for _ in range(100):
        jobs.beat(job.job_id, job.fence, advance=1, total=100, note="cleaning")
        office.now += SILENCE_LIMIT / 2
        jobs.sweep()
    assert jobs.find(job.job_id).attempt == 1


def test_a_job_that_dies_every_time_is_given_up_and_the_admins_hear_of_it() -> None:
    office = Office()
    jobs = office.run()
    job = jobs.request(request(JobKind.REFRESH))
    for _ in range(2 * MAX_ATTEMPTS):
        jobs.sweep()
        office.now += SILENCE_LIMIT
    jobs.sweep()
    assert jobs.find(job.job_id).state is JobState.FAILED
    assert "fell silent" in office.notifier.notices[-1].text.en


def test_closing_twice_tells_once() -> None:
    office = Office()
    jobs = office.run()
    job = jobs.request(request(JobKind.REFRESH))
    for _ in range(3):
        jobs.close(job.job_id, job.fence, result={"added": "3"})
    assert [notice.subject.en for notice in office.notifier.notices] == [
        "dataset refresh started",
        "dataset refresh finished",
    ]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 12))
@pytest.mark.parametrize("reason", ["", "it broke"])
def test_a_closing_that_died_anywhere_is_told_once_when_it_is_done_again(at: int, after: bool, reason: str) -> None:
    office = Office()
    job = office.run().request(request(JobKind.REFRESH))
    with contextlib.suppress(Crash):
        office.run(Bomb(at, after)).close(job.job_id, job.fence, reason=reason)
    office.run().close(job.job_id, job.fence, reason=reason)
    told = [each.subject.en for each in (*office.notifier.notices, *office.notifier.waiting.values())]
    assert told == ["dataset refresh started", "dataset refresh failed" if reason else "dataset refresh finished"]


def test_who_wanted_to_close_what_was_cancelled_meanwhile_tells_nothing() -> None:
    office = Office()
    job = office.run().request(request(JobKind.EVALUATE))
    save = office.ledger.save

    def cancelled_meanwhile(ledger: Ledger) -> Ledger:
        office.ledger.save = save  # type: ignore[method-assign]
        office.run().cancel(job.job_id, "somebody")
        return save(ledger)

    office.ledger.save = cancelled_meanwhile  # type: ignore[method-assign]
    with pytest.raises(FencedOutError):
        office.run().close(job.job_id, job.fence)
    assert not office.notifier.notices
    assert not office.notifier.waiting


def test_a_flood_of_different_requests_is_stopped() -> None:
    jobs = Office().run()
    for number in range(MAX_ACTIVE):
        jobs.request(request(JobKind.TRAIN, number=str(number)))
    with pytest.raises(TooManyJobsError):
        jobs.request(request(JobKind.TRAIN, number="one more"))


def test_people_are_told_in_plain_words() -> None:
    jobs = Office().run()
    assert activity(jobs.active()).en == "Everything is up to date."
    jobs.request(request(JobKind.REFRESH))
    assert activity(jobs.active()).en.startswith("New photos are being added to the dataset;")


def test_a_job_goes_on_under_the_id_of_the_request_that_led_to_it() -> None:
    jobs = Office().run()
    with correlated("request-1"):
        assert jobs.request(request(JobKind.REFRESH)).correlation_id == "request-1"


def test_each_failed_job_is_counted_once(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = Office().run()
    job = jobs.request(request(JobKind.REFRESH))
    for _ in range(2):
        jobs.close(job.job_id, job.fence, reason="a step failed")
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["kind"] for each in counted if each.get("JobsFailed")] == ["refresh"]


class JobHistory(RuleBasedStateMachine):
    """Requests, workers and sweeps in any order, dying anywhere."""

    @initialize()
    def begin(self) -> None:
        self.office = Office()
        self.wanted: set[str] = set()
        self.fences: set[int] = set()

    def _maybe(self, at: int, after: bool, act) -> None:
        with contextlib.suppress(Crash, FencedOutError):
            act(self.office.run(Bomb(at, after)))

    @rule(
        kind=st.sampled_from([kind for kind in JobKind if kind is not JobKind.SYNC]),
        at=st.integers(1, 12),
        after=st.booleans(),
    )
    def somebody_asks(self, kind: JobKind, at: int, after: bool) -> None:
        self._maybe(at, after, lambda jobs: jobs.request(request(kind)))

    @rule(data=st.data(), at=st.integers(1, 12), after=st.booleans(), reason=st.sampled_from(["", "it broke"]))
    def worker_ends(self, data, at: int, after: bool, reason: str) -> None:
        running = [job for job in self.office.ledger.ledger.jobs if job.state is JobState.RUNNING]
        if running:
            job = data.draw(st.sampled_from(running))
            self._maybe(at, after, lambda jobs: jobs.close(job.job_id, job.fence, reason=reason))

    @rule(data=st.data())
    def worker_beats(self, data) -> None:
        running = [job for job in self.office.ledger.ledger.jobs if job.state is JobState.RUNNING]
        if running:
            job = data.draw(st.sampled_from(running))
            self.office.run().beat(job.job_id, job.fence, advance=1, total=None, note="")

    @rule(data=st.data())
    def work_breaks_off(self, data) -> None:
        running = [job for job in self.office.ledger.ledger.jobs if job.state is JobState.RUNNING]
        if running:
            self.office.launcher.broken_off.add(data.draw(st.sampled_from(running)).fence)

    @rule(at=st.integers(1, 12), after=st.booleans(), minutes=st.integers(0, 10))
    def sweep(self, at: int, after: bool, minutes: int) -> None:
        self.office.now += timedelta(minutes=minutes)
        self._maybe(at, after, lambda jobs: jobs.sweep())

    @rule()
    def left_alone_the_ledger_empties(self) -> None:
        office = copy.deepcopy(self.office)
        jobs = office.run()
        for _ in range(400):
            if not office.ledger.ledger.jobs:
                return
            office.now += SILENCE_LIMIT
            jobs.sweep()
        raise AssertionError("something is busy for ever")

    @invariant()
    def none_is_lost(self) -> None:
        if hasattr(self, "office"):
            active = {job.job_id for job in self.office.ledger.ledger.jobs}
            self.wanted |= active
            assert self.wanted <= active | self.office.ledger.closed.keys()

    @invariant()
    def whatever_ended_is_told_or_about_to_be(self) -> None:
        if hasattr(self, "office"):
            active = {job.job_id for job in self.office.ledger.ledger.jobs}
            ended = [job for job in self.office.ledger.closed.values() if job.job_id not in active]
            assert {f"job-closed-{job.job_id}-{job.fence}" for job in ended} <= self.office.notifier.written

    @invariant()
    def who_excludes_each_other_never_runs_together(self) -> None:
        if not hasattr(self, "office"):
            return
        running = [job for job in self.office.ledger.ledger.jobs if job.state is JobState.RUNNING]
        for kind in (JobKind.REFRESH, JobKind.TRAIN):
            assert sum(job.kind is kind for job in running) <= 1
        if any(job.kind is JobKind.REFRESH for job in running):
            assert not any(job.kind is JobKind.VERIFY for job in running)
        assert len({job.fence for job in running}) == len(running)

    @invariant()
    def whoever_waits_waits_for_somebody(self) -> None:
        if not hasattr(self, "office"):
            return
        active = {job.job_id for job in self.office.ledger.ledger.jobs}
        for job in self.office.ledger.ledger.jobs:
            assert set(self.office.ledger.ledger.blockers(job)) <= active
            if job.state is JobState.QUEUED and job.waits_for:
                assert WAITS_FOR[job.kind]


JobHistory.TestCase.settings = settings(stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
test_random_histories_of_jobs = JobHistory.TestCase
