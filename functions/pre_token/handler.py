"""Cognito, before each token: the terms accepted at sign-up are on record."""

from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.http import wiring
from avocet.usecases.accept_terms import AcceptTerms


@cache
def _accept_terms() -> AcceptTerms:
    return AcceptTerms(people=wiring.people(), clock=system.now)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Record the acceptance where there is one; a person invited without gets a token and may not contribute yet."""
    attributes = event["request"]["userAttributes"]
    terms_version = str(attributes.get("custom:terms_version", ""))
    if terms_version:
        _accept_terms()(str(attributes["sub"]), terms_version)
    return event
