"""Telling the admins: it arrives however often sending fails, and one fault fills nobody's mailbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avocet.adapters.notice_book import DynamoNoticeBook
from avocet.domain.jobs import Job, JobKind, JobState
from avocet.domain.notifications import MAX_SUBJECT_LETTERS, Language, Letter, Notice, NoticeKind, Words, job_closed
from avocet.usecases.notify import QUIET, Notify
from tests.made.aws import deployment

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
FULL_DISK = Notice(
    kind=NoticeKind.HEALTH,
    subject=Words("the disk is full", "le disque est plein"),
    text=Words("Make room.", "Faites de la place."),
    fault="disk",
)


class OutageError(Exception):
    """The topic cannot be reached."""


class Office:
    """A notifier over a real table (moto), a postbox that can be closed, and a clock that is set by hand."""

    def __init__(self, book: DynamoNoticeBook) -> None:
        self.now, self.sent, self.is_closed, self.count = START, list[Letter](), False, 0
        self.book = book
        self.notifier = Notify(
            postbox=self, book=book, clock=lambda: self.now, new_id=self._new_id, outages=(OutageError,)
        )

    def send(self, letter: Letter) -> None:
        if self.is_closed:
            raise OutageError
        self.sent.append(letter)

    def english(self) -> list[str]:
        return [letter.subject for letter in self.sent if letter.language is Language.EN]

    def _new_id(self) -> str:
        self.count += 1
        return str(self.count)


@pytest.fixture
def office() -> Iterator[Office]:
    with deployment() as cloud:
        yield Office(DynamoNoticeBook(cloud.dynamodb, "notices"))


def plain(number: int = 0) -> Notice:
    return Notice(kind=NoticeKind.DATA, subject=Words(f"news {number}", f"nouvelles {number}"), text=Words("a", "b"))


def test_a_notice_goes_out_in_each_language_with_its_kind(office: Office) -> None:
    office.notifier.notify(plain())
    assert [(letter.kind, letter.language, letter.subject) for letter in office.sent] == [
        ("data", "en", "Avocet: news 0"),
        ("data", "fr", "Avocet : nouvelles 0"),
    ]
    office.now += timedelta(days=1)
    assert office.notifier.deliver() == 0


def test_what_could_not_be_sent_is_sent_later_and_once(office: Office) -> None:
    office.is_closed = True
    office.notifier.notify(plain())
    office.now += timedelta(minutes=30)
    assert office.notifier.deliver() == 0
    office.is_closed = False
    office.now += timedelta(minutes=30)
    assert office.notifier.deliver() == 2
    assert office.notifier.deliver() == 0
    assert office.english() == ["Avocet: news 0"]


def test_a_letter_that_never_arrives_is_given_up_after_days(office: Office) -> None:
    office.is_closed = True
    office.notifier.notify(plain())
    office.now += timedelta(days=4)
    office.notifier.deliver()
    office.is_closed = False
    office.now += timedelta(days=1)
    assert office.notifier.deliver() == 0


def test_a_table_that_cannot_be_reached_keeps_nobody_from_being_told(office: Office, monkeypatch) -> None:
    def out_of_order(*_arguments: object, **_named: object) -> None:
        raise OutageError

    for name in ("keep", "drop", "find_fault"):
        monkeypatch.setattr(DynamoNoticeBook, name, out_of_order)
    office.notifier.notify(FULL_DISK)
    assert len(office.sent) == 2


@pytest.mark.parametrize("notice", [plain(), FULL_DISK])
def test_one_occasion_is_one_notice_however_often_it_is_written_down(office: Office, notice: Notice) -> None:
    office.notifier.write(notice, "a closing")
    office.notifier.send(office.notifier.write(notice, "a closing"))
    office.now += 2 * QUIET
    office.notifier.deliver()
    assert len(office.english()) == 1
    assert "x)" not in office.english()[0]


def test_what_was_written_down_is_sent_by_whoever_comes_when_its_writer_died(office: Office) -> None:
    office.notifier.write(plain(), "a closing")
    assert office.notifier.deliver() == 0
    office.now += timedelta(minutes=10)
    assert office.notifier.deliver() == 2


def test_what_did_not_happen_after_all_is_not_told(office: Office) -> None:
    office.notifier.take_back(office.notifier.write(plain(), "a closing"))
    office.now += timedelta(minutes=10)
    assert office.notifier.deliver() == 0


def test_a_telling_whose_answer_got_lost_meets_itself_and_counts_as_told(office: Office, monkeypatch) -> None:
    put = office.book.client.put_item

    def sent_twice(**item: object) -> object:
        put(**item)
        return put(**item)

    monkeypatch.setattr(office.book.client, "put_item", sent_twice)
    office.notifier.notify(FULL_DISK)
    assert len(office.english()) == 1


@settings(max_examples=15, deadline=None)
@given(minutes=st.lists(st.integers(0, 50), min_size=1, max_size=20))
def test_a_fault_is_told_at_most_once_an_hour_and_no_occurrence_is_left_out(minutes: list[int]) -> None:
    with deployment() as cloud:
        office = Office(DynamoNoticeBook(cloud.dynamodb, "notices"))
        told_at: list[datetime] = []
        for wait in minutes:
            office.now += timedelta(minutes=wait)
            before = len(office.english())
            office.notifier.deliver()
            office.notifier.notify(FULL_DISK)
            told_at += [office.now] * (len(office.english()) - before)
        office.now += QUIET
        office.notifier.deliver()
        assert all(later - earlier >= QUIET for earlier, later in pairwise(told_at))
        counted = sum(int(subject.partition("(")[2].partition("x")[0] or 1) for subject in office.english())
        assert counted == len(minutes)


def test_a_clock_that_jumped_back_silences_no_fault_for_longer_than_it_jumped(office: Office) -> None:
    office.notifier.notify(FULL_DISK)
    office.now -= timedelta(days=30)
    office.notifier.notify(FULL_DISK)
    assert len(office.english()) == 2


@given(subject=st.text(max_size=300))
def test_any_subject_is_one_short_printable_line(subject: str) -> None:
    for letter in Notice(kind=NoticeKind.DATA, subject=Words(subject, subject), text=Words("", "")).letters(3):
        assert len(letter.subject) <= MAX_SUBJECT_LETTERS
        assert letter.subject.isprintable()


@pytest.mark.parametrize("kind", JobKind)
def test_every_kind_of_job_says_in_its_subject_how_it_ended(kind: JobKind) -> None:
    failed = job_closed(Job("1", kind, "system", START, state=JobState.FAILED, reason="the bucket refuses"))
    finished = job_closed(Job("1", kind, "system", START, state=JobState.FINISHED, result={"photos": "3"}))
    assert failed.fault
    assert "failed" in failed.subject.en
    assert "échec" in failed.subject.fr
    assert "the bucket refuses" in failed.text.en
    assert not finished.fault
    assert "photos: 3" in finished.text.en
