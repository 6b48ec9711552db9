"""Record which terms a person accepted at sign-up; refuses a sign-up that accepts none."""

from dataclasses import dataclass

from avocet.domain.terms import AcceptedTerms, consent_to
from avocet.usecases.ports import Clock, People


@dataclass(frozen=True, kw_only=True)
class AcceptTerms:
    """Keeps acceptances."""

    people: People
    clock: Clock

    def __call__(self, owner_id: str, terms_version: str) -> AcceptedTerms:
        """Record the acceptance; doing it again changes nothing.

        Raises:
            TermsNotAcceptedError: No such terms were ever offered.
        """
        accepted = AcceptedTerms(owner_id, consent_to(terms_version), self.clock())
        self.people.record(accepted)
        return accepted
