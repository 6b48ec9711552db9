"""What the use cases around people and their own data ask of the world outside, as protocols."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from avocet.domain.contribution import PhotoRecord
from avocet.domain.trust import TrustRecord


@dataclass(frozen=True, slots=True)
class PageMark:
    """Where a page of a person's photos ended."""

    created_at: datetime
    photo_id: str


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Some of a person's photos, the newest first; ``next`` is None on the last page."""

    records: Sequence[PhotoRecord]
    next: PageMark | None


class OwnPhotos(Protocol):
    """A person's own photos."""

    def of_owner(self, owner_id: str, *, limit: int, after: PageMark | None = None) -> OwnPage:
        """Return photos with feedback, the newest first."""

    def ids_of_owner(self, owner_id: str) -> Iterator[str]:
        """Yield the ids of all of them, answered or not."""


class Links(Protocol):
    """Makes links by which a browser may fetch one object, for a while."""

    def link_to(self, key: str, *, lifetime_s: int, save_as: str = "") -> str:
        """Return the link; ``save_as`` has browsers keep the object under that name."""


class DataRequest(StrEnum):
    """What may be asked of what is kept about a person."""

    EXPORT = "export"
    ERASE = "erase"
    DOUBT = "doubt"  # by a review: what entered on a trust that is lost is looked at after all


class DataRequests(Protocol):
    """Hands requests to whoever fulfils them; each arrives at least once."""

    def send(self, request: DataRequest, owner_id: str, *, after_s: int = 0) -> None:
        """Send a request, to arrive no earlier than in ``after_s`` seconds."""


@dataclass(frozen=True, slots=True)
class StoredExport:
    """An export that lies ready."""

    key: str
    made_at: datetime
    size_bytes: int


class ArchiveFile(Protocol):
    """A file that is written from its beginning to its end."""

    def write(self, data: bytes, /) -> int:
        """Append bytes."""

    def flush(self) -> None:
        """Do nothing; archives ask for it."""


class Exports(Protocol):
    """Where exports lie until they are fetched; everything there goes by itself within a day."""

    def find(self, owner_id: str) -> StoredExport | None:
        """Return a person's newest export."""

    def asked_at(self, owner_id: str) -> datetime | None:
        """Return when an export was last asked for."""

    def note_asked(self, owner_id: str) -> None:
        """Note that an export is asked for now."""

    def create(self, owner_id: str) -> AbstractContextManager[ArchiveFile]:
        """Begin the archive; it is there once the writing was closed without an error, whole or not at all."""

    def purge(self, owner_id: str) -> None:
        """Remove a person's exports."""


class TrustBook(Protocol):
    """What is known of people's labels."""

    def find_many(self, owner_ids: Sequence[str]) -> Mapping[str, TrustRecord]:
        """Return the records that exist, by person."""

    def change(self, owner_id: str, change: Callable[[TrustRecord], TrustRecord]) -> tuple[TrustRecord, TrustRecord]:
        """Replace a person's record by what ``change`` makes of it, in one step; return it before and after."""


class Trails(Protocol):
    """What else is kept about a person."""

    def forget(self, owner_id: str) -> None:
        """Remove it."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account.

    Attributes:
        owner_id: Whose, for ever.
        username: What the pool itself calls the account.
        email: Where the person is reached.
        roles: The groups it is in.
        is_enabled: Whether it may sign in.
        status: In the pool's own words: invited, confirmed and so on.
        created_at: Since when.
        attributes: What else the pool keeps.
        is_invited: Whether its owner was invited and has never signed in.
    """

    owner_id: str
    username: str
    email: str
    roles: frozenset[str]
    is_enabled: bool
    status: str
    created_at: datetime
    attributes: Mapping[str, str]
    is_invited: bool = False


class Accounts(Protocol):
    """The pool of accounts."""

    def find(self, owner_id: str) -> Account | None:
        """Return a person's account."""

    def admins(self) -> Sequence[Account]:
        """Return the accounts of all admins."""

    def shut(self, account: Account) -> None:
        """Let nobody sign in with it any more, and end what is signed in."""

    def delete(self, account: Account) -> None:
        """Remove it, if it is there."""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Some accounts; ``next`` is empty on the last page."""

    accounts: Sequence[Account]
    next: str = ""


class ManagedAccounts(Accounts, Protocol):
    """The pool, as its admins see it."""

    def page(self, limit: int, after: str) -> AccountPage:
        """Return accounts, beginning after the mark of the page before.

        Raises:
            ValueError: The mark is none of ours.
        """

    def invite(self, email: str) -> Account | None:
        """Make an account and have its owner told; None when that address has one already."""

    def of_address(self, email: str) -> Account | None:
        """Return the account of an address."""

    def put_into(self, account: Account, role: str) -> None:
        """Put it into a group; doing it again changes nothing."""

    def take_out_of(self, account: Account, role: str) -> None:
        """Take it out of a group; doing it again changes nothing."""

    def open(self, account: Account) -> None:
        """Let its owner sign in again."""
