"""Cognito, before sign-up: nobody joins without accepting the terms for contributions."""

from typing import Any

from avocet.domain.terms import consent_to
from avocet.settings import Settings

# An admin's invitation has no terms yet; the person accepts them on the first visit.
_INVITED = "PreSignUp_AdminCreateUser"


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Let the sign-up pass, or raise, which Cognito tells the person.

    Raises:
        TermsNotAcceptedError: The sign-up names no terms that are on offer.
    """
    if event["triggerSource"] != _INVITED:
        consent_to(str(event["request"]["userAttributes"].get("custom:terms_version", "")))
        if Settings.from_environment().confirm_sign_ups == "yes":
            event["response"]["autoConfirmUser"] = True
            event["response"]["autoVerifyEmail"] = True
    return event
