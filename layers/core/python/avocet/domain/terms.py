"""The terms under which photos are contributed; a contribution is refused without an acceptance of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from avocet.domain.errors import AvocetError

CURRENT_TERMS_VERSION = "2026-11"

# Every version ever offered stays here: a contribution keeps the licence of the terms it was given under.
LICENCES = {CURRENT_TERMS_VERSION: "CC-BY-4.0"}


# What lets anybody show a photo to others, as long as it says where it comes from.
_SHARED_LICENCES = frozenset({"CC-BY-4.0"})


class TermsNotAcceptedError(AvocetError):
    """The person has not accepted terms that are on offer."""

    code: ClassVar[str] = "terms-not-accepted"
    title: ClassVar[str] = "Accept the terms for contributions first"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to."""

    terms_version: str
    licence: str

    @property
    def lets_others_see(self) -> bool:
        """Whether the photo may be shown to other people."""
        return self.licence in _SHARED_LICENCES


@dataclass(frozen=True, slots=True)
class AcceptedTerms:
    """Who agreed to what, and when."""

    owner_id: str
    consent: Consent
    accepted_at: datetime


def consent_to(terms_version: str) -> Consent:
    """Return what accepting ``terms_version`` means.

    Raises:
        TermsNotAcceptedError: No such terms were ever offered.
    """
    licence = LICENCES.get(terms_version)
    if licence is None:
        raise TermsNotAcceptedError("Accept the current terms and the licence of contributions, then answer again.")
    return Consent(terms_version, licence)
