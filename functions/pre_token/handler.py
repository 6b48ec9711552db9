"""Cognito, before each token: the terms accepted at sign-up are on record, and no admin is without a second factor."""

from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.adapters.accounts_cognito import has_second_factor
from avocet.adapters.aws import cognito_client
from avocet.domain.roles import Role, groups_in_token
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
    groups = event["request"].get("groupConfiguration", {}).get("groupsToOverride") or []
    if Role.ADMIN in groups and wiring.settings().admins_need_second_factor:
        has_one = has_second_factor(cognito_client(), pool_id=event["userPoolId"], username=event["userName"])
        shown = groups_in_token(groups, has_second_factor=has_one)
        event["response"]["claimsOverrideDetails"] = {"groupOverrideDetails": {"groupsToOverride": shown}}
    return event
