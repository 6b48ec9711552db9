"""What starts a refresh by itself: counters that are exact whatever is repeated, and one refresh for all who look."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avocet.adapters.dynamodb import DynamoPhotoRecords
from avocet.domain.contribution import (
    UNNAMED,
    Answer,
    AnswerInProgressError,
    Feedback,
    InSnapshotError,
    PhotoRecord,
    to_be_counted_as,
    with_finish,
    with_intent,
)
from avocet.domain.dataset import SpeciesStanding, SplitCounts
from avocet.domain.jobs import JobKind, JobState, Request
from avocet.domain.terms import Consent
from avocet.domain.triggers import REST_AFTER_FAILURE, REVIEW_ROUND, contributions_needed, reasons_to_refresh
from avocet.usecases.dataset_ports import Head
from avocet.usecases.ports import StaleRecordError, Tally
from avocet.usecases.watch_triggers import WatchTriggers
from tests.made.aws import ENVIRONMENT, deployment
from tests.made.memory import START
from tests.unit.dataset.test_jobs import Office
from tests.unit.dataset.world import MemoryHeads, MemoryStandings

SPECIES = ("kakapo", "pied-avocet", "house-sparrow")
COUNTS = st.dictionaries(st.sampled_from(SPECIES), st.integers(1, 60))


@given(COUNTS, st.integers(0, 20_000), st.integers(1, 40), st.integers(1, 50), COUNTS)
def test_a_refresh_is_due_exactly_when_a_hundredth_is_new_or_a_gate_is_reached(
    fresh: dict[str, int], photos: int, floor: int, gate: int, waiting: dict[str, int]
) -> None:
    reasons = reasons_to_refresh(
        fresh, dataset_photos=photos, floor_contributions=floor, needed_photos=gate, waiting=waiting
    )
    worth_it = sum(fresh.values()) * 100 >= photos and sum(fresh.values()) >= floor
    reached = {name for name, count in fresh.items() if name in waiting and count + waiting[name] >= gate}
    assert len(reasons) == worth_it + bool(reached)
    assert all(any(name in reason for reason in reasons) for name in reached)


@pytest.mark.parametrize(("photos", "floor", "needed"), [(2_096, 20, 21), (100, 20, 20), (0, 1, 1), (90_001, 1, 901)])
def test_one_percent_is_rounded_up_and_never_below_the_floor(photos: int, floor: int, needed: int) -> None:
    assert contributions_needed(photos, floor) == needed


@dataclass
class FixedCounts:
    fresh: dict[str, int] = field(default_factory=dict)

    def fresh_by_species(self) -> dict[str, int]:
        return {name: count for name, count in self.fresh.items() if count}


class Watch:
    """An office whose watch looks at given counters."""

    def __init__(self, *, photos: int = 1_000, **fresh: int) -> None:
        self.office, self.counts = Office(), FixedCounts({"pied-avocet": 0, **fresh})
        self.heads = MemoryHeads(Head("s1", photos=photos, needed_photos=5))
        self.standings = MemoryStandings(
            self.heads,
            {
                "pied-avocet": SpeciesStanding("pied-avocet", SplitCounts(700, 150, 150), is_trainable=True),
                "kakapo": SpeciesStanding("kakapo", waiting_photos=3),
            },
        )

    def look(self) -> tuple[str, ...]:
        return WatchTriggers(
            counts=self.counts,
            heads=self.heads,
            standings=self.standings,
            jobs=self.office.run(),
            clock=lambda: self.office.now,
            floor_photos=3,
            floor_contributions=10,
        )()

    @property
    def refreshes(self) -> list[Any]:
        return [job for job in self.office.ledger.ledger.jobs if job.kind is JobKind.REFRESH]


def test_contributions_worth_a_hundredth_start_one_refresh_however_many_look() -> None:
    watch = Watch(**{"pied-avocet": 10})
    assert watch.look()
    assert [watch.look() for _ in range(3)] == [()] * 3
    assert len(watch.refreshes) == 1
    assert "10 contributions are new" in watch.refreshes[0].because
    (told,) = watch.office.notifier.notices
    assert told.subject.en == "dataset refresh started"
    assert "10 contributions are new" in told.text.en


def test_nine_photos_of_a_known_species_start_nothing() -> None:
    assert Watch(**{"pied-avocet": 9}).look() == ()


def test_photos_that_nobody_could_name_count_for_nothing_and_come_before_reviewers_once_a_day() -> None:
    watch = Watch(unknown=9)
    watch.counts.fresh["pied-avocet"] = 9
    assert watch.look() == ("9 photos that nobody could name wait to be shown to reviewers",)
    job = watch.refreshes[0]
    watch.office.run().close(job.job_id, job.fence, result={})
    assert watch.look() == (), "more came at once, and wait for tomorrow"
    watch.office.now += REVIEW_ROUND
    assert watch.look()


def test_a_photo_that_a_review_named_counts_as_what_it_was_named() -> None:
    given = PhotoRecord(PHOTO_IDS[0], "alice", START)
    unnamed = finished(given, None)
    assert to_be_counted_as(unnamed) == UNNAMED
    taken = advanced(unnamed, "take", None)
    assert taken is not None
    assert to_be_counted_as(taken) is None, "a refresh has brought it before reviewers"
    assert to_be_counted_as(finished(replace(taken, snapshot_id=None), "pied-avocet")) == "pied-avocet"


def test_a_pending_species_that_reaches_its_gate_starts_a_refresh() -> None:
    assert Watch(kakapo=1).look() == ()
    watch = Watch(kakapo=2)
    assert "kakapo" in watch.look()[0]


def test_two_triggers_at_once_are_one_refresh_with_both_reasons() -> None:
    watch = Watch(**{"pied-avocet": 10})
    run = watch.office.run()
    run.request(Request(JobKind.VERIFY, "admin"))
    first = run.request(Request(JobKind.REFRESH, "system", because="version 9 of the set came"))
    second = run.request(Request(JobKind.REFRESH, "admin", because="an admin asked"))
    assert first.job_id == second.job_id
    assert second.because == "version 9 of the set came; an admin asked"


def test_after_a_failed_refresh_nobody_is_told_again_each_minute() -> None:
    watch = Watch(**{"pied-avocet": 10})
    assert watch.look()
    job = watch.refreshes[0]
    watch.office.run().close(job.job_id, job.fence, reason="the disk is on fire")
    assert watch.office.ledger.closed[job.job_id].state is JobState.FAILED
    assert watch.look() == ()
    watch.office.now += REST_AFTER_FAILURE
    assert watch.look()


def test_a_gate_that_stayed_shut_is_not_tried_again_with_the_same_photos() -> None:
    watch = Watch(kakapo=2)
    assert watch.look()
    job = watch.refreshes[0]
    # The refresh took the photos; they wait on, all in one duplicate group.
    watch.counts.fresh["kakapo"] = 0
    watch.standings.save([SpeciesStanding("kakapo", waiting_photos=5)], fence=1)
    watch.office.run().close(job.job_id, job.fence, result={})
    assert watch.look() == ()
    watch.counts.fresh["kakapo"] = 1
    assert watch.look()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("answer", "finish", "take", "withdraw", "erase", "stale")),
        st.integers(0, 2),
        st.sampled_from((*SPECIES, None)),
    ),
    max_size=16,
)
CONSENT = Consent("2026-11", "CC-BY-4.0")
PHOTO_IDS = [f"{digit}{'0' * 31}" for digit in "0af"]


def finished(record: PhotoRecord, species_id: str | None) -> PhotoRecord:
    answered = advanced(record, "answer", species_id)
    assert answered is not None
    done = advanced(answered, "finish", None)
    assert done is not None
    return done


def advanced(record: PhotoRecord, step: str, species_id: str | None) -> PhotoRecord | None:
    """Return what a worker would save next, or None when it would not."""
    if step == "answer":
        answer = Answer(Feedback.CORRECTED if species_id else Feedback.UNKNOWN, species_id)
        return with_intent(
            record, answer, CONSENT, token="t", now=START, lease=timedelta(0), is_correction=species_id != "kakapo"
        )
    if record.contribution is None:
        return None
    if step == "finish":
        return with_finish(record, token="t")
    if step == "take":
        return replace(record, taken_revision=record.contribution.revision, snapshot_id="s1")
    return replace(record, contribution=None) if step == "withdraw" else None


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_counters_equal_a_recount_after_any_history_with_repeats_and_losers(steps: list[tuple[str, int, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        with deployment() as cloud:
            records = DynamoPhotoRecords(cloud.dynamodb, "photos")
            for photo_id in PHOTO_IDS:
                records.add(PhotoRecord(photo_id, "alice", START))
            for step, which, species_id in steps:
                record = records.find(PHOTO_IDS[which])
                if record is None:
                    continue
                if step == "erase":
                    records.delete(record.photo_id)
                    records.delete(record.photo_id)
                    continue
                try:
                    saved = advanced(record, step if step != "stale" else "finish", species_id)
                except (InSnapshotError, AnswerInProgressError):
                    continue
                if saved is None:
                    continue
                records.save(saved, Tally({"contributions": 1}) if step == "finish" else None)
                # The same write again, as after a lost answer, and one by somebody who had read before.
                if step == "stale":
                    with pytest.raises(StaleRecordError):
                        records.save(replace(saved, owner_id="somebody-slow"))
            left = [record for each in PHOTO_IDS if (record := records.find(each))]
            recount: dict[str, int] = {}
            for record in left:
                if species := to_be_counted_as(record):
                    recount[species] = recount.get(species, 0) + 1
            assert records.fresh_by_species() == recount
            records.drop_empty_counts()
            assert records.fresh_by_species() == recount
            assert all(int(item["fresh_count"]["N"]) > 0 for item in counters(cloud))


def counters(cloud: Any) -> list[Any]:
    return [item for item in cloud.dynamodb.scan(TableName="photos")["Items"] if "fresh_count" in item]
