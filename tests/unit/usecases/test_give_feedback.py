"""Feedback: what it does, and what no order of repetitions, crashes and callers can make it do."""

import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from avocet.domain.contribution import (
    AnswerInProgressError,
    ContributionStatus,
    Feedback,
    InSnapshotError,
    InvalidAnswerError,
    PhotoChangedError,
    PhotoExpiredError,
    PhotoNotFoundError,
    UnknownSpeciesError,
)
from avocet.domain.errors import AvocetError
from avocet.domain.imaging import UnsupportedFormatError
from avocet.domain.terms import TermsNotAcceptedError
from avocet.usecases.give_feedback import LostLeaseError
from tests.made.disturbances import CrashAt, CrashError, interleave
from tests.made.events import BOB
from tests.made.memory import World
from tests.made.people import (
    ANSWERS,
    CONFIRMED,
    TO_GREEN,
    TO_RED,
    TO_SPARROW,
    UNKNOWN,
    Said,
    a_named_photo,
    answer,
    let_leases_lapse,
    lies_only_under,
    settle,
)

FULL = os.environ.get("AVOCET_FULL") == "1"


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("said", ANSWERS)
def test_an_answer_leaves_one_photo_under_its_species_and_one_record(world, said):
    photo_id = a_named_photo(world)
    record = answer(world, photo_id, said)
    assert lies_only_under(world, photo_id, said)
    assert record.contribution.finished
    assert list(world.records) == [photo_id]
    assert world.tallies["contributions"] == 1


def test_an_unknown_bird_waits_for_review(world):
    photo_id = a_named_photo(world)
    assert answer(world, photo_id, UNKNOWN).contribution.status is ContributionStatus.REVIEW
    assert answer(world, a_named_photo(world), CONFIRMED).contribution.status is ContributionStatus.RECEIVED


def test_a_second_click_adds_nothing(world):
    photo_id = a_named_photo(world)
    first = answer(world, photo_id, TO_GREEN)
    raw = dict(world.raw)
    assert answer(world, photo_id, TO_GREEN) == first
    assert world.raw == raw
    assert world.tallies["contributions"] == 1


def test_a_changed_answer_moves_the_photo(world):
    photo_id = a_named_photo(world)
    answer(world, photo_id, TO_GREEN)
    answer(world, photo_id, UNKNOWN)
    assert lies_only_under(world, photo_id, UNKNOWN)
    answer(world, photo_id, CONFIRMED)
    assert lies_only_under(world, photo_id, CONFIRMED)
    assert world.tallies["contributions"] == 1


def test_an_answer_can_change_after_the_original_is_gone(world):
    photo_id = a_named_photo(world)
    answer(world, photo_id, TO_GREEN)
    world.originals.clear()
    world.pass_time(days=3)
    answer(world, photo_id, TO_SPARROW)
    assert lies_only_under(world, photo_id, TO_SPARROW)


def test_somebody_elses_photo_looks_as_if_it_were_not_there(world):
    photo_id = a_named_photo(world)
    with pytest.raises(PhotoNotFoundError) as foreign:
        answer(world, photo_id, CONFIRMED, owner_id=BOB)
    with pytest.raises(PhotoNotFoundError) as absent:
        answer(world, "f" * 32, CONFIRMED, owner_id=BOB)
    assert str(foreign.value) == str(absent.value)
    assert world.raw == {}


def test_a_day_without_feedback_is_too_long(world):
    photo_id = a_named_photo(world)
    world.pass_time(hours=24)
    with pytest.raises(PhotoExpiredError):
        answer(world, photo_id, CONFIRMED)
    assert world.raw == {}


def test_just_under_a_day_is_not(world):
    photo_id = a_named_photo(world)
    world.pass_time(hours=24, microseconds=-1)
    answer(world, photo_id, CONFIRMED)
    assert lies_only_under(world, photo_id, CONFIRMED)


def test_a_photo_in_a_snapshot_keeps_its_answer(world):
    photo_id = a_named_photo(world)
    answer(world, photo_id, CONFIRMED)
    world.records[photo_id] = replace(world.records[photo_id], snapshot_id="s1")
    with pytest.raises(InSnapshotError):
        answer(world, photo_id, TO_GREEN)
    assert answer(world, photo_id, CONFIRMED).contribution.finished, "the same answer again is no change"
    assert lies_only_under(world, photo_id, CONFIRMED)


def test_terms_come_first(world):
    photo_id = a_named_photo(world)
    for claimed in (None, "", "1999-01", "2026-11; drop"):
        with pytest.raises(TermsNotAcceptedError):
            answer(world, photo_id, CONFIRMED, claimed_terms=claimed)
    assert world.raw == {}
    assert world.records[photo_id].contribution is None


def test_the_terms_on_record_go_with_the_contribution(world):
    contribution = answer(world, a_named_photo(world), CONFIRMED).contribution
    assert (contribution.consent.terms_version, contribution.consent.licence) == ("2026-11", "CC-BY-4.0")


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (Said(Feedback.CORRECTED, None), InvalidAnswerError),
        (Said(Feedback.CONFIRMED, "pied-avocet"), InvalidAnswerError),
        (Said(Feedback.UNKNOWN, "pied-avocet"), InvalidAnswerError),
        (Said(Feedback.CORRECTED, "dodo-of-mars"), UnknownSpeciesError),
        (Said(Feedback.CORRECTED, "../../etc/passwd"), UnknownSpeciesError),
        (Said(Feedback.CORRECTED, "unknown"), UnknownSpeciesError),
    ],
)
def test_an_answer_that_makes_no_sense_changes_nothing(world, said, refusal):
    photo_id = a_named_photo(world)
    before = world.records[photo_id]
    with pytest.raises(refusal):
        answer(world, photo_id, said)
    assert world.records[photo_id] == before
    assert world.raw == {}


def test_an_upload_overwritten_after_it_was_named_is_refused_and_leaves_no_trace(world):
    photo_id = a_named_photo(world)
    world.records[photo_id] = replace(world.records[photo_id], original_tag="another")
    with pytest.raises(PhotoChangedError):
        answer(world, photo_id, CONFIRMED)
    assert world.records[photo_id].contribution is None
    assert world.raw == {}
    assert settle(world).completed == ()


def test_an_original_that_is_no_photo_any_more_is_refused_and_leaves_no_trace(world):
    photo_id = a_named_photo(world)
    world.originals[photo_id] = b"GIF89a no"
    with pytest.raises(UnsupportedFormatError):
        answer(world, photo_id, CONFIRMED)
    assert world.records[photo_id].contribution is None
    assert world.tallies == {}


def test_another_answer_waits_for_the_one_in_progress_and_says_how_long(world):
    photo_id = a_named_photo(world)
    with pytest.raises(CrashError):
        answer(world, photo_id, TO_GREEN, seam=CrashAt(_points(TO_GREEN) - 3))
    world.pass_time(seconds=10.5)
    with pytest.raises(AnswerInProgressError) as waiting:
        answer(world, photo_id, UNKNOWN)
    assert waiting.value.retry_after_s == 50
    world.pass_time(seconds=waiting.value.retry_after_s)
    answer(world, photo_id, UNKNOWN)
    assert lies_only_under(world, photo_id, UNKNOWN)


def test_a_worker_that_slept_through_its_lease_writes_no_more(world):
    photo_id = a_named_photo(world)

    def sleep_long_before_writing(point: str) -> None:
        if point == "after get original":
            let_leases_lapse(world)
            answer(world, photo_id, UNKNOWN)

    with pytest.raises(AvocetError):
        answer(world, photo_id, TO_GREEN, seam=sleep_long_before_writing)
    assert lies_only_under(world, photo_id, UNKNOWN)


def test_a_worker_that_slept_through_its_lease_after_writing_is_told_that_another_answer_counts(world):
    photo_id = a_named_photo(world)

    def sleep_long_after_writing(point: str) -> None:
        if point == "after put raw":
            let_leases_lapse(world)
            answer(world, photo_id, UNKNOWN)

    with pytest.raises(LostLeaseError):
        answer(world, photo_id, TO_GREEN, seam=sleep_long_after_writing)
    assert lies_only_under(world, photo_id, UNKNOWN)
    assert world.tallies["contributions"] == 1


def test_a_different_answer_waits_for_every_click_in_flight_not_only_for_the_last(world):
    photo_id = a_named_photo(world)

    def meanwhile(point: str) -> None:
        if point == "before put raw":
            answer(world, photo_id, TO_GREEN)
            with pytest.raises(AnswerInProgressError):
                answer(world, photo_id, UNKNOWN)

    answer(world, photo_id, TO_GREEN, seam=meanwhile)
    assert lies_only_under(world, photo_id, TO_GREEN)


def test_an_intent_is_not_withdrawn_under_the_hands_of_another_worker(world):
    photo_id = a_named_photo(world)

    def meanwhile(point: str) -> None:
        if point == "before put raw":
            world.originals.clear()
            with pytest.raises(PhotoExpiredError):
                answer(world, photo_id, TO_GREEN)

    answer(world, photo_id, TO_GREEN, seam=meanwhile)
    assert lies_only_under(world, photo_id, TO_GREEN)
    assert world.tallies["contributions"] == 1


# -- every crash -------------------------------------------------------------------------------------------------------


def _points(said: Said, *earlier: Said) -> int:
    """Count the points at which giving ``said`` after ``earlier`` can die."""
    world = World()
    photo_id = a_named_photo(world)
    for one in earlier:
        answer(world, photo_id, one)
    counter = CrashAt(-1)
    answer(world, photo_id, said, seam=counter)
    return counter.passed


_HISTORIES = [
    (CONFIRMED,),
    (UNKNOWN,),
    (TO_GREEN, UNKNOWN),
    (CONFIRMED, TO_RED),
    (TO_GREEN, TO_SPARROW, TO_GREEN),
]
_CRASHES = [(history, point) for history in _HISTORIES for point in range(_points(history[-1], *history[:-1]))]


def _crashed(history: tuple[Said, ...], point: int, *, without_original: bool = False) -> tuple[World, str]:
    world = World()
    photo_id = a_named_photo(world)
    for one in history[:-1]:
        answer(world, photo_id, one)
    if without_original:
        world.originals.clear()
    with pytest.raises(CrashError):
        answer(world, photo_id, history[-1], seam=CrashAt(point))
    return world, photo_id


@pytest.mark.parametrize(("history", "point"), _CRASHES)
def test_after_a_crash_the_same_request_completes_it_at_once(history, point):
    world, photo_id = _crashed(history, point)
    answer(world, photo_id, history[-1])
    assert lies_only_under(world, photo_id, history[-1])
    assert world.tallies["contributions"] == 1


@pytest.mark.parametrize(("history", "point"), _CRASHES)
def test_after_a_crash_the_sweep_completes_what_was_begun(history, point):
    world, photo_id = _crashed(history, point)
    let_leases_lapse(world)
    settle(world)
    kept = world.records[photo_id].contribution
    if kept is None:
        assert world.raw_keys(photo_id) == []
        assert len(history) == 1, "an answer that was acknowledged is never given up"
        assert world.tallies == {}
    else:
        assert kept.finished
        assert world.raw_keys(photo_id) == [kept.target_key]
        assert world.tallies["contributions"] == 1
    assert settle(world).completed == ()


@pytest.mark.parametrize(("history", "point"), _CRASHES)
def test_after_a_crash_another_answer_wins_once_the_lease_is_over(history, point):
    world, photo_id = _crashed(history, point)
    let_leases_lapse(world)
    answer(world, photo_id, TO_SPARROW)
    assert lies_only_under(world, photo_id, TO_SPARROW)
    assert world.tallies["contributions"] == 1


@pytest.mark.parametrize(("history", "point"), [crash for crash in _CRASHES if len(crash[0]) > 1])
def test_a_move_that_crashed_after_the_original_was_gone_still_ends_well(history, point):
    world = World()
    photo_id = a_named_photo(world)
    for one in history[:-1]:
        answer(world, photo_id, one)
    world.originals.clear()
    crash = CrashAt(point)
    try:
        answer(world, photo_id, history[-1], seam=crash)
    except CrashError:
        assert world.raw_keys(photo_id), "at no moment is the photo nowhere"
    answer(world, photo_id, history[-1])
    assert lies_only_under(world, photo_id, history[-1])


@pytest.mark.parametrize(
    ("history", "point", "again"),
    [(h, p, q) for h, p in _CRASHES for q in range(24)]
    if FULL
    else random.Random(5).sample([(h, p, q) for h, p in _CRASHES for q in range(24)], 120),
)
def test_a_sweep_that_crashes_too_is_swept_up_by_the_next(history, point, again):
    world, photo_id = _crashed(history, point)
    let_leases_lapse(world)
    try:
        settle(world, seam=CrashAt(again))
    except CrashError:
        let_leases_lapse(world)
    settle(world)
    kept = world.records[photo_id].contribution
    assert world.raw_keys(photo_id) == ([kept.target_key] if kept else [])
    assert world.tallies.get("contributions", 0) == int(bool(kept))


def test_an_intent_whose_photo_is_gone_is_withdrawn_not_kept_open_for_ever():
    photo_points = _points(CONFIRMED)
    for point in range(photo_points):
        world, photo_id = _crashed((CONFIRMED,), point)
        if world.raw_keys(photo_id) or world.records[photo_id].contribution is None:
            continue
        world.originals.clear()
        world.pass_time(days=2)
        assert settle(world).withdrawn == (photo_id,)
        assert world.records[photo_id].contribution is None
        with pytest.raises(PhotoExpiredError):
            answer(world, photo_id, CONFIRMED)


def test_a_photo_lost_after_it_was_accepted_is_reported_not_forgotten(world):
    photo_id = a_named_photo(world)
    answer(world, photo_id, TO_GREEN)
    world.originals.clear()
    with pytest.raises(CrashError):
        answer(world, photo_id, UNKNOWN, seam=CrashAt(7))
    assert not world.records[photo_id].contribution.finished
    world.raw.clear()
    let_leases_lapse(world)
    assert settle(world).failed == (photo_id,)
    assert world.records[photo_id].contribution is not None


# -- two callers at once ------------------------------------------------------------------------------------------------


def _answer_together(first: Said, second: Said, schedule: list[int], *, earlier: Said | None = None) -> None:
    world = World()
    photo_id = a_named_photo(world)
    if earlier:
        answer(world, photo_id, earlier)
    outcomes = interleave(
        [lambda seam, said=said: answer(world, photo_id, said, seam=seam) for said in (first, second)], schedule
    )
    taken = [
        said for said, outcome in zip((first, second), outcomes, strict=True) if not isinstance(outcome, Exception)
    ]
    assert taken, "at least one of them is answered"
    assert all(isinstance(outcome, AvocetError) for outcome in outcomes if isinstance(outcome, Exception))
    kept = world.records[photo_id].contribution
    assert kept.finished
    assert kept.leases == {}
    assert world.raw_keys(photo_id) == [kept.target_key]
    assert any(lies_only_under(world, photo_id, said) for said in taken)
    assert world.tallies["contributions"] == 1


def _all_schedules(first: Said, second: Said) -> Iterator[list[int]]:
    """Yield every order in which the calls of two callers can begin."""
    calls = (_points(first) // 2 + 1, _points(second) // 2 + 1)
    for ours in itertools.combinations(range(sum(calls)), calls[0]):
        yield [0 if step in ours else 1 for step in range(sum(calls))]


@pytest.mark.skipif(not FULL, reason="every order there is; a sample is drawn below")
@pytest.mark.parametrize("pair", [(CONFIRMED, CONFIRMED), (CONFIRMED, UNKNOWN)])
def test_no_order_of_two_answers_at_all_leaves_anything_but_one_photo(pair):
    for schedule in _all_schedules(*pair):
        _answer_together(*pair, schedule)


def _schedules(callers: int) -> st.SearchStrategy[list[int]]:
    """Bursts of steps: what goes wrong needs one caller to get far while another stands still."""
    burst = st.tuples(st.integers(0, callers - 1), st.integers(1, 9))
    return st.lists(burst, min_size=1, max_size=8).map(
        lambda bursts: [who for who, steps in bursts for _ in range(steps)]
    )


@given(
    schedule=_schedules(2),
    pair=st.sampled_from([(CONFIRMED, CONFIRMED), (CONFIRMED, UNKNOWN), (TO_GREEN, TO_SPARROW), (CONFIRMED, TO_RED)]),
    earlier=st.sampled_from([None, TO_GREEN, CONFIRMED, UNKNOWN]),
)
@settings(max_examples=5000 if FULL else 300)
def test_two_answers_at_once_leave_one_photo_and_one_record(schedule, pair, earlier):
    _answer_together(*pair, schedule, earlier=earlier)


@given(schedule=_schedules(3), third=st.sampled_from(ANSWERS))
@settings(max_examples=5000 if FULL else 200)
def test_three_callers_at_once_leave_one_photo_and_one_record(schedule, third):
    world = World()
    photo_id = a_named_photo(world)
    said = (CONFIRMED, CONFIRMED, third)
    outcomes = interleave([lambda seam, one=one: answer(world, photo_id, one, seam=seam) for one in said], schedule)
    assert any(not isinstance(outcome, Exception) for outcome in outcomes)
    kept = world.records[photo_id].contribution
    assert kept.finished
    assert world.raw_keys(photo_id) == [kept.target_key]
    assert world.tallies["contributions"] == 1


# -- any history ----------------------------------------------------------------------------------------------------------


class Histories(RuleBasedStateMachine):
    """Photos, answers, crashes, sweeps, expiring originals and strangers, in any order."""

    photos = Bundle("photos")

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.acknowledged: dict[str, Said] = {}
        self.possible: dict[str, set[Said]] = {}

    @rule(target=photos)
    def a_photo_is_named(self) -> str:
        photo_id = a_named_photo(self.world)
        self.possible[photo_id] = set()
        return photo_id

    @rule(photo_id=photos, said=st.sampled_from(ANSWERS))
    def somebody_answers(self, photo_id: str, said: Said) -> None:
        try:
            answer(self.world, photo_id, said)
        except AnswerInProgressError:
            return
        except PhotoExpiredError:
            assert photo_id not in self.acknowledged
            self.possible[photo_id].clear()
            return
        self.acknowledged[photo_id] = said
        self.possible[photo_id] = {said}
        assert lies_only_under(self.world, photo_id, said)

    @rule(photo_id=photos, said=st.sampled_from(ANSWERS), point=st.integers(0, 24))
    def somebody_answers_and_the_function_dies(self, photo_id: str, said: Said, point: int) -> None:
        try:
            answer(self.world, photo_id, said, seam=CrashAt(point))
        except CrashError:
            self.possible[photo_id].add(said)
        except AvocetError:
            return
        else:
            self.acknowledged[photo_id] = said
            self.possible[photo_id] = {said}

    @rule(photo_id=photos, said=st.sampled_from(ANSWERS))
    def a_stranger_tries(self, photo_id: str, said: Said) -> None:
        before = self.world.records[photo_id]
        with pytest.raises(PhotoNotFoundError):
            answer(self.world, photo_id, said, owner_id=BOB)
        assert self.world.records[photo_id] == before

    @rule()
    def the_sweep_runs(self) -> None:
        settle(self.world)

    @rule(point=st.integers(0, 40))
    def the_sweep_dies(self, point: int) -> None:
        try:
            settle(self.world, seam=CrashAt(point))
        except CrashError:
            return

    @rule(seconds=st.sampled_from([1, 30, 61, 181, 7200]))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds=seconds)

    @rule(photo_id=photos)
    def the_lifecycle_deletes_an_original(self, photo_id: str) -> None:
        self.world.pass_time(days=2)
        self.world.originals.pop(photo_id, None)

    @invariant()
    def nothing_accepted_is_lost(self) -> None:
        for photo_id in self.acknowledged:
            assert self.world.raw_keys(photo_id), "an acknowledged photo is always somewhere in raw"

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        assert self.world.tallies.get("contributions", 0) <= len(self.world.records)
        assert self.world.tallies.get("contributions", 0) >= len(self.acknowledged)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        let_leases_lapse(self.world)
        settle(self.world)
        finished = 0
        for photo_id, record in self.world.records.items():
            kept = record.contribution
            if kept is None:
                assert photo_id not in self.acknowledged
                assert self.world.raw_keys(photo_id) == []
                continue
            finished += 1
            assert kept.finished
            assert self.world.raw_keys(photo_id) == [kept.target_key]
            assert any(kept.target_key.startswith(f"{said.folder}/") for said in self.possible[photo_id])
        assert self.world.tallies.get("contributions", 0) == finished


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=2000 if FULL else 60, stateful_step_count=40)
