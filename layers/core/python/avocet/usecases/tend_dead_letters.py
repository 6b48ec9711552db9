"""What admins do about dead letters: look, send one again once its cause is mended, throw one away; all on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from avocet.domain.audit import AuditAction
from avocet.domain.dead_letters import DeadLetter, NoLetterError
from avocet.usecases.ports import Clock
from avocet.usecases.review_ports import AuditEntry, TrailAhead


class HeldLetter(Protocol):
    """A letter that nobody else gets for a while."""

    @property
    def letter(self) -> DeadLetter:
        """What is known of it."""

    def send_back(self) -> None:
        """Send it to whom it was for."""

    def remove(self) -> None:
        """Take it out of the dead letters."""


class DeadLetterBox(Protocol):
    """Where dead letters lie."""

    def letters(self) -> Sequence[DeadLetter]:
        """Return those that lie there, the oldest first; one that is being dealt with just now may be missing."""

    def take(self, letter_id: str) -> HeldLetter | None:
        """Hold one; None when there is none of that id, or somebody else holds it."""


@dataclass(frozen=True, kw_only=True)
class TendDeadLetters:
    """The three things to do."""

    box: DeadLetterBox
    trail: TrailAhead
    clock: Clock

    def list(self) -> Sequence[DeadLetter]:
        """Return them, the oldest first."""
        return self.box.letters()

    def replay(self, actor_id: str, letter_id: str) -> DeadLetter:
        """Send one again.

        It is taken out only after it was sent, so that dying in between sends it twice and never loses it; whoever it is
        for deals with one that comes twice.

        Raises:
            NoLetterError: There is none, or somebody else is at it.
            NotReplayableError: Nobody knows whom it was for.
        """
        held = self._take(letter_id)
        held.letter.require_replayable()
        held.send_back()
        # Before it is gone: whoever dies after that finds no letter to put on record.
        self.trail.note(self._entry(actor_id, AuditAction.REPLAY, held.letter))
        held.remove()
        return held.letter

    def discard(self, actor_id: str, letter_id: str) -> DeadLetter:
        """Throw one away.

        Raises:
            NoLetterError: There is none, or somebody else is at it.
            NotDiscardableError: A promise to a person hangs on it.
        """
        held = self._take(letter_id)
        held.letter.require_discardable()
        # On record first: what is thrown away without a trace could never be asked about. And once, however often it takes.
        entry = self._entry(actor_id, AuditAction.DISCARD, held.letter)
        if not self.trail.is_begun(entry):
            self.trail.begin(entry)
        held.remove()
        self.trail.end(letter_id)
        return held.letter

    def _take(self, letter_id: str) -> HeldLetter:
        held = self.box.take(letter_id)
        if held is None:
            raise NoLetterError("No such letter lies there, or somebody is at it: look again in half a minute.")
        return held

    def _entry(self, actor_id: str, action: AuditAction, letter: DeadLetter) -> AuditEntry:
        facts = {"addressee": letter.addressee, "about": letter.about}
        return AuditEntry(self.clock(), actor_id, action, letter.letter_id, facts)
