"""Dead letters: requests and events that were tried, failed every time and were put aside; refuses to guess where one belongs."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from avocet.domain.errors import AvocetError

_ERASE = "erase"


class NoLetterError(AvocetError):
    """There is no such dead letter."""

    code: ClassVar[str] = "no-letter"
    title: ClassVar[str] = "There is no such dead letter"


class NotReplayableError(AvocetError):
    """Nobody knows whose the letter was."""

    code: ClassVar[str] = "not-replayable"
    title: ClassVar[str] = "The letter cannot be sent again"


class NotDiscardableError(AvocetError):
    """A promise to a person hangs on the letter."""

    code: ClassVar[str] = "not-discardable"
    title: ClassVar[str] = "The letter cannot be thrown away"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One of them.

    Attributes:
        letter_id: Its id while it lies there; sent again and failed again, it has another.
        queue: In which stack's queue it lies.
        addressee: Who could not deal with it: a queue or a function, by its name here. Empty when that is unknown.
        about: What it asks for, as far as that can be said; empty for a bare call.
        sent_at: When it was first sent, or put aside where only that is known.
        reason: Why it was given up on.
    """

    letter_id: str
    queue: str
    addressee: str
    about: str
    sent_at: datetime
    reason: str

    def require_replayable(self) -> None:
        """Raise unless the letter can be sent to whom it was for.

        Raises:
            NotReplayableError: Nobody knows who that is.
        """
        if not self.addressee:
            raise NotReplayableError("Whom it was for is not known. Read it in the queue itself, then discard it here.")

    def require_discardable(self) -> None:
        """Raise when somebody was promised what the letter asks for.

        Raises:
            NotDiscardableError: It asks for a person's erasure.
        """
        if self.about == _ERASE:
            raise NotDiscardableError("A person asked to be erased. Mend the cause and replay it.")
