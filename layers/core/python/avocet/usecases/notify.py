"""Tell the admins: written down first, then sent, tried again until it arrives; one fault fills nobody's mailbox.

Whoever has something to tell never fails because it could not be told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from avocet.domain.notifications import Notice
from avocet.observability import log
from avocet.usecases.notice_ports import NoticeBook, Postbox, WaitingLetter
from avocet.usecases.ports import Clock, IdSource

QUIET = timedelta(hours=1)
# Long enough that a sweep does not send what is just being sent.
_FIRST_RETRY = timedelta(minutes=2)
_RETRY = timedelta(minutes=10)
_GIVE_UP = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Notify:
    """The notifier of every function.

    Attributes:
        postbox: Takes letters to people.
        book: What has yet to be sent, and faults.
        clock: The time.
        new_id: Names letters.
        outages: What ``postbox`` and ``book`` raise when they cannot be reached.
    """

    postbox: Postbox
    book: NoticeBook
    clock: Clock
    new_id: IdSource
    outages: tuple[type[Exception], ...]

    def notify(self, notice: Notice) -> None:
        """Send a notice, or count it where its fault was told within the hour."""
        self.send(self._written(notice, self.new_id(), occasion=""))

    def write(self, notice: Notice, occasion: str) -> Sequence[WaitingLetter]:
        """Write a notice down, or count it where its fault was told within the hour; one occasion is counted once."""
        return self._written(notice, occasion, occasion=occasion)

    def draft(self, notice: Notice, occasion: str) -> Sequence[WaitingLetter]:
        """Return the letters of a notice for the caller to write down; not of a fault, which may be told already."""
        return _letters(notice, occasion, self.clock(), 0)

    def send(self, letters: Sequence[WaitingLetter]) -> None:
        """Send letters now; those that cannot be sent are tried again."""
        for waiting in letters:
            self._send(waiting)

    def take_back(self, letters: Sequence[WaitingLetter]) -> None:
        """Throw letters away: what they tell did not happen."""
        for waiting in letters:
            self._drop(waiting.letter_id)

    def deliver(self) -> int:
        """Send what could not be sent before, and tell of faults that came back; return how many letters went out."""
        now, sent = self.clock(), 0
        for fault in self.book.faults_due(now):
            # Written before the fault counts as told: a crash in between writes the same letters again, under their ids.
            waiting = self._write(fault.notice, f"{fault.name}-{fault.told_at.isoformat()}", now, fault.repeats - 1)
            if self.book.tell_fault(fault.notice, now, instead_of=fault):
                sent += sum(self._send(each) for each in waiting)
        for letter in self.book.letters_due(now):
            if now - letter.written_at > _GIVE_UP:
                log("letter_given_up", level="ERROR", subject=letter.letter.subject)
                self.book.drop(letter.letter_id)
            else:
                sent += self._send(letter)
        return sent

    def _written(self, notice: Notice, letter_id: str, *, occasion: str) -> Sequence[WaitingLetter]:
        """Write the letters of a notice; none where its fault is only counted, or was told at this very occasion."""
        now = self.clock()
        if not notice.fault:
            return self._write(notice, letter_id, now, 0)
        try:
            return self._written_unless_told(notice, letter_id, now, occasion)
        except self.outages as error:
            # Rather once too often than never.
            log("fault_not_counted", level="ERROR", fault=notice.fault, reason=type(error).__name__)
            return self._write(notice, letter_id, now, 0)

    def _written_unless_told(
        self, notice: Notice, letter_id: str, now: datetime, occasion: str
    ) -> Sequence[WaitingLetter]:
        fault = self.book.find_fault(notice.fault)
        if fault is not None and occasion and fault.occasion == occasion:
            # Somebody came as far as this and died: the letters wait, or it is counted.
            return []
        # A clock that jumped back makes the last telling lie ahead; that must not silence a fault for ever.
        if fault is None or not timedelta(0) <= now - fault.told_at < QUIET:
            # Written before the fault counts as told: whoever comes after a crash in between writes the same letters.
            letters = self._write(notice, letter_id, now, fault.repeats if fault else 0)
            if self.book.tell_fault(notice, now, instead_of=fault, occasion=occasion):
                return letters
            self.take_back(letters)
            fault = self.book.find_fault(notice.fault)
        self.book.count_fault(notice, due_at=(fault.told_at if fault else now) + QUIET, occasion=occasion)
        return []

    def _write(self, notice: Notice, letter_id: str, now: datetime, repeats: int) -> list[WaitingLetter]:
        written = _letters(notice, letter_id, now, repeats)
        for waiting in written:
            try:
                self.book.keep(waiting)
            except self.outages as error:
                log("letter_not_kept", level="ERROR", subject=waiting.letter.subject, reason=type(error).__name__)
        return written

    def _send(self, waiting: WaitingLetter) -> bool:
        try:
            self.postbox.send(waiting.letter)
        except self.outages as error:
            reason = type(error).__name__
            log("letter_not_sent", level="ERROR", subject=waiting.letter.subject, reason=reason)
            self._postpone(waiting)
            return False
        self._drop(waiting.letter_id)
        return True

    def _drop(self, letter_id: str) -> None:
        try:
            self.book.drop(letter_id)
        except self.outages as error:
            # It will be sent again, which is better than not at all.
            log("letter_not_dropped", level="ERROR", reason=type(error).__name__)

    def _postpone(self, waiting: WaitingLetter) -> None:
        try:
            self.book.keep(replace(waiting, due_at=self.clock() + _RETRY))
        except self.outages as error:
            log("letter_not_kept", level="ERROR", subject=waiting.letter.subject, reason=type(error).__name__)


def _letters(notice: Notice, letter_id: str, now: datetime, repeats: int) -> list[WaitingLetter]:
    return [
        WaitingLetter(f"{letter_id}-{letter.language}", letter, now, now + _FIRST_RETRY)
        for letter in notice.letters(repeats)
    ]
