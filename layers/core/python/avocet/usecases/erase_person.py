"""Erase a person: every photo in every version, every record, and the account; each step can die and be run again.

Tokens that were given out before live a little longer than the account. So a second pass looks once more when they are
over, and takes what came in meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from avocet.domain.errors import AvocetError
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.people_ports import Account, Accounts, DataRequest, DataRequests, Exports, OwnPhotos, Trails
from avocet.usecases.ports import PhotoRecords

# As long as an ID token lives, and as long as a queue holds a message back at most.
LAST_LOOK_AFTER_S = 900
_ADMIN = "admin"
# Where it is noted who was erased, by an id that means nothing any more: whatever restores a backup erases them again.
ERASED_PEOPLE = "erased-people/"


class LastAdminError(AvocetError):
    """Nobody would be left to look after the others."""

    code: ClassVar[str] = "last-admin"
    title: ClassVar[str] = "The last admin cannot go"


class AccountNotFoundError(AvocetError):
    """There is no such account."""

    code: ClassVar[str] = "no-account"
    title: ClassVar[str] = "There is no such account"


def require_another_admin(accounts: Accounts, account: Account) -> None:
    """Refuse when ``account`` is the only admin who may sign in.

    Raises:
        LastAdminError: It is.
    """
    if _ADMIN not in account.roles:
        return
    if not any(each.is_enabled and each.owner_id != account.owner_id for each in accounts.admins()):
        raise LastAdminError("Make somebody else an admin first.")


@dataclass(frozen=True, kw_only=True)
class AskForErasure:
    """Takes the wish, which cannot be taken back."""

    accounts: Accounts
    requests: DataRequests

    def __call__(self, owner_id: str, *, first: Callable[[], None] = lambda: None) -> None:
        """Shut the account and have everything erased; doing it again changes nothing.

        ``first`` is done once it is certain that it will be done.

        Raises:
            AccountNotFoundError: There is no such account.
            LastAdminError: Nobody would be left to look after the others.
        """
        account = self.accounts.find(owner_id)
        if account is None:
            raise AccountNotFoundError("Check the id; the account may be gone already.")
        require_another_admin(self.accounts, account)
        first()
        # The wish first: an account that is shut can no longer ask.
        self.requests.send(DataRequest.ERASE, owner_id)
        self.accounts.shut(account)


@dataclass(frozen=True, kw_only=True)
class ErasePerson:
    """Carries the erasure out.

    Attributes:
        own_photos: The person's photos.
        records: Their records.
        forget_record: Removes one.
        forget_shadow: Removes what a challenger said of a photo.
        raw_objects: The raw bucket.
        original_objects: The bucket of photos as they came.
        erase: Marks photos so that the next refresh removes them from snapshots.
        marks: Where it is noted who was erased.
        ask_for_refresh: Has a refresh started, or joined where one waits already.
        exports: What the person had exported.
        trails: Whatever else is kept about people.
        accounts: The pool.
        requests: Brings the last look.
    """

    own_photos: OwnPhotos
    records: PhotoRecords
    forget_record: Callable[[str], None]
    forget_shadow: Callable[[str], None]
    raw_objects: Objects
    original_objects: Objects
    erase: ErasePhotos
    marks: Objects
    ask_for_refresh: Callable[[], None]
    exports: Exports
    trails: Sequence[Trails]
    accounts: Accounts
    requests: DataRequests

    def __call__(self, owner_id: str, *, is_last_look: bool) -> int:
        """Erase everything that is there now; return how many photos that were."""
        # First of all: a backup put back half-way through this must not bring the person back for good.
        self.marks.put(ERASED_PEOPLE + owner_id, b"")
        account = self.accounts.find(owner_id)
        if account is not None:
            self.accounts.shut(account)
        erased = 0
        for photo_id in self.own_photos.ids_of_owner(owner_id):
            self._erase(photo_id)
            erased += 1
        if erased:
            self.ask_for_refresh()
        self.exports.purge(owner_id)
        for trail in self.trails:
            trail.forget(owner_id)
        if not is_last_look:
            self.requests.send(DataRequest.ERASE, owner_id, after_s=LAST_LOOK_AFTER_S)
        # The account last: as long as it is there, everybody can see that the erasure is not done.
        if account is not None:
            self.accounts.delete(account)
        return erased

    def _erase(self, photo_id: str) -> None:
        record = self.records.find(photo_id)
        # The mark before the record: without either, nobody would know what is left in a snapshot.
        if record is not None and record.contribution is not None:
            self.erase([photo_id])
            for key in record.contribution.touched_keys:
                self.raw_objects.purge(key)
        self.original_objects.purge(f"photos/{photo_id}")
        # Before the record, without which nobody would come back here after a crash; and after it, for what was noted
        # between the two: whoever notes it looks for the record once more and removes it where that is gone by then.
        self.forget_shadow(photo_id)
        self.forget_record(photo_id)
        self.forget_shadow(photo_id)
