"""What telling the admins asks of the world outside, as protocols."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from avocet.domain.errors import AvocetError
from avocet.domain.notifications import Letter, Notice, NotificationChoice


class Postbox(Protocol):
    """Takes a letter to everybody who chose its kind and language."""

    def send(self, letter: Letter) -> None:
        """Send it once."""


@dataclass(frozen=True, slots=True)
class WaitingLetter:
    """A letter that has yet to be sent.

    Attributes:
        letter_id: Which.
        letter: What to send.
        written_at: When it was written.
        due_at: When to try next.
    """

    letter_id: str
    letter: Letter
    written_at: datetime
    due_at: datetime


class Notifier(Protocol):
    """Tells the admins."""

    def notify(self, notice: Notice) -> None:
        """Send a notice; failing to is the notifier's own affair and never the caller's."""


class Outbox(Notifier, Protocol):
    """Tells the admins of what is about to happen: written down before, sent after."""

    def write(self, notice: Notice, occasion: str) -> Sequence[WaitingLetter]:
        """Write a notice down and return its letters; again for the same occasion, it is still one notice.

        What was written is sent in a while, also when whoever wrote it is gone. Failing to write is the notifier's own affair.
        """

    def send(self, letters: Sequence[WaitingLetter]) -> None:
        """Send letters now; those that cannot be sent are tried again."""

    def take_back(self, letters: Sequence[WaitingLetter]) -> None:
        """Throw letters away: what they tell did not happen."""


class Drafts(Protocol):
    """Tells the admins of what happens: written down in the very step that makes it true, sent after."""

    def draft(self, notice: Notice, occasion: str) -> Sequence[WaitingLetter]:
        """Return the letters of a notice for the caller to write down; not of a fault, which may be told already."""

    def send(self, letters: Sequence[WaitingLetter]) -> None:
        """Send letters now; those that cannot be sent are tried again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that has been told.

    Attributes:
        name: Which.
        told_at: When it was last told.
        repeats: How often it came back since.
        notice: As it came back last.
        occasion: At which it was last told or counted; empty when nobody said.
    """

    name: str
    told_at: datetime
    repeats: int
    notice: Notice
    occasion: str = ""


class NoticeBook(Protocol):
    """Remembers what has yet to be sent, and which faults were told when."""

    def keep(self, waiting: WaitingLetter) -> None:
        """Keep a letter, over one of the same id."""

    def drop(self, letter_id: str) -> None:
        """Forget a letter; nothing happens when there is none."""

    def letters_due(self, now: datetime) -> Iterator[WaitingLetter]:
        """Yield the letters to try now."""

    def find_fault(self, name: str) -> Fault | None:
        """Return what is known of a fault."""

    def tell_fault(self, notice: Notice, now: datetime, *, instead_of: Fault | None, occasion: str = "") -> bool:
        """Note that a fault is told now; False when somebody else did so since ``instead_of`` was read."""

    def count_fault(self, notice: Notice, *, due_at: datetime, occasion: str = "") -> None:
        """Count one more occurrence of a fault that was told, to be told of again at ``due_at``."""

    def faults_due(self, now: datetime) -> Iterator[Fault]:
        """Yield the faults that came back and whose time to be told again has come."""


@dataclass(frozen=True, slots=True)
class KeptChoice:
    """What somebody chose to be told, and the address that it was to go to."""

    choice: NotificationChoice
    address: str


class NotificationChoices(Protocol):
    """Remembers who wants to be told what."""

    def find(self, owner_id: str) -> KeptChoice | None:
        """Return what a person chose; None when they never did."""

    def keep(self, owner_id: str, kept: KeptChoice) -> None:
        """Remember it, over what was chosen before."""

    def drop(self, owner_id: str) -> None:
        """Forget it; nothing happens when there is none."""


class MailState(StrEnum):
    """How things stand between an address and the letters."""

    ACTIVE = "active"
    UNCONFIRMED = "unconfirmed"  # the link in the first mail has yet to be followed
    NONE = "none"


class UnconfirmedAddressError(AvocetError):
    """The choice can be changed only once the address is confirmed."""

    code: ClassVar[str] = "address-unconfirmed"
    title: ClassVar[str] = "The e-mail address is not confirmed"


class MailingList(Protocol):
    """The addresses that letters go to, each with its own choice of them."""

    def put(self, address: str, choice: NotificationChoice) -> None:
        """Have letters go to an address; doing it again changes the choice, and asks for a missing confirmation again.

        Raises:
            UnconfirmedAddressError: The choice can be changed only once the address is confirmed.
        """

    def state(self, address: str) -> MailState:
        """Return how things stand with an address."""

    def remove(self, address: str) -> None:
        """Send nothing there any more; nothing happens when nothing was sent."""
