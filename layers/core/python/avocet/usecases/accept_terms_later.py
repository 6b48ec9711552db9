"""Take the acceptance of terms of somebody who has an account already; refuses it of an account that is gone or shut."""

from dataclasses import dataclass

from avocet.domain.terms import AcceptedTerms
from avocet.usecases.accept_terms import AcceptTerms
from avocet.usecases.erase_person import AccountNotFoundError
from avocet.usecases.people_ports import Accounts
from avocet.usecases.ports import People


@dataclass(frozen=True, kw_only=True)
class AcceptTermsLater:
    """For whoever did not sign up by themselves, such as somebody who was invited.

    Attributes:
        people: Where acceptances are kept.
        accounts: The pool.
        accept: Records one.
    """

    people: People
    accounts: Accounts
    accept: AcceptTerms

    def __call__(self, owner_id: str, terms_version: str) -> AcceptedTerms:
        """Record the acceptance, and return the first one of these terms.

        Raises:
            AccountNotFoundError: Nothing may be kept of an erased person, whose token outlives the account.
            TermsNotAcceptedError: No such terms were ever offered.
        """
        account = self.accounts.find(owner_id)
        if account is None or not account.is_enabled:
            raise AccountNotFoundError("Sign in again; the account may be gone already.")
        accepted = self.accept(owner_id, terms_version)
        return self.people.find(owner_id) or accepted
