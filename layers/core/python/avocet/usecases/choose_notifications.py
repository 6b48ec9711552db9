"""Choose what one is told by e-mail; only a verified address of one's own is ever written to.

The choice is written down before the mailing list is changed, and forgotten after: a crash in between leaves a choice
that says where letters may still go, never letters that nobody knows of.
"""

from dataclasses import dataclass
from typing import ClassVar

from avocet.domain.errors import AvocetError
from avocet.domain.notifications import Delivery, NotificationChoice
from avocet.usecases.erase_person import AccountNotFoundError
from avocet.usecases.notice_ports import KeptChoice, MailingList, MailState, NotificationChoices
from avocet.usecases.people_ports import Accounts


class UnverifiedAddressError(AvocetError):
    """Nobody has shown yet that the address is theirs."""

    code: ClassVar[str] = "address-unverified"
    title: ClassVar[str] = "The e-mail address is not verified"


@dataclass(frozen=True, slots=True)
class ChosenNotifications:
    """A person's choice, where it goes, and what becomes of it."""

    choice: NotificationChoice
    address: str
    delivery: Delivery


@dataclass(frozen=True, kw_only=True)
class ChooseNotifications:
    """Reads and changes a person's own choice.

    Attributes:
        accounts: The pool, which knows people's addresses.
        choices: What they chose.
        mailing_list: Where letters go.
        has_inbox_only: Whether no mail leaves this place.
    """

    accounts: Accounts
    choices: NotificationChoices
    mailing_list: MailingList
    has_inbox_only: bool

    def read(self, owner_id: str) -> ChosenNotifications:
        """Return what a person chose.

        Raises:
            AccountNotFoundError: There is no such account.
        """
        kept, address = self.choices.find(owner_id), self._address(owner_id)
        if kept is None:
            return ChosenNotifications(NotificationChoice(), address, Delivery.OFF)
        return ChosenNotifications(kept.choice, kept.address, self._delivery(kept))

    def choose(self, owner_id: str, choice: NotificationChoice) -> ChosenNotifications:
        """Have a person told what they choose, and nothing else; doing it again changes nothing.

        Raises:
            AccountNotFoundError: There is no such account.
            UnverifiedAddressError: Their address may be somebody else's.
            UnconfirmedAddressError: The choice can be changed only once the address is confirmed.
        """
        before, address = self.choices.find(owner_id), self._address(owner_id, verified=bool(choice.kinds))
        if before is not None and before.address != address:
            self.mailing_list.remove(before.address)
        kept = KeptChoice(choice, address)
        self.choices.keep(owner_id, kept)
        if choice.kinds:
            self.mailing_list.put(address, choice)
        else:
            self.mailing_list.remove(address)
        return ChosenNotifications(choice, address, self._delivery(kept))

    def _address(self, owner_id: str, *, verified: bool = False) -> str:
        account = self.accounts.find(owner_id)
        if account is None:
            raise AccountNotFoundError("Sign in again; the account may be gone.")
        if verified and account.attributes.get("email_verified") != "true":
            raise UnverifiedAddressError("Verify the address of your account first, then choose again.")
        return account.email

    def _delivery(self, kept: KeptChoice) -> Delivery:
        if not kept.choice.kinds:
            return Delivery.OFF
        if self.has_inbox_only:
            return Delivery.INBOX
        match self.mailing_list.state(kept.address):
            case MailState.ACTIVE:
                return Delivery.EMAIL
            case MailState.UNCONFIRMED:
                return Delivery.UNCONFIRMED
            case MailState.NONE:
                return Delivery.ENDED


@dataclass(frozen=True, kw_only=True)
class StopNotifications:
    """Ends what somebody is told, for whoever leaves or is no admin any more."""

    choices: NotificationChoices
    mailing_list: MailingList

    def forget(self, owner_id: str) -> None:
        """Send nothing any more, and forget the choice; doing it again changes nothing."""
        kept = self.choices.find(owner_id)
        if kept is not None:
            self.mailing_list.remove(kept.address)
            self.choices.drop(owner_id)
