"""Who calls, as the authorizer's verified claims say; refuses a request without a subject."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avocet.http.problem import NotAdminError, UnauthenticatedError

ADMINS = "admin"
REVIEWERS = "reviewer"

_GROUP = re.compile(r"[^\s,\[\]\"']+")


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person.

    Attributes:
        owner_id: Cognito's ``sub``.
        groups: Such as ``user`` and ``admin``.
        terms_version: The terms accepted at sign-up; None when the token names none.
    """

    owner_id: str
    groups: frozenset[str]
    terms_version: str | None


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Return the caller.

    Raises:
        UnauthenticatedError: The claims name nobody.
    """
    owner_id = str(claims.get("sub") or "")
    # API Gateway itself refuses access tokens here; the emulator's authorizer lets them pass.
    if not owner_id or claims.get("token_use") != "id":
        raise UnauthenticatedError("Send a valid ID token as Authorization: Bearer.")
    terms_version = str(claims.get("custom:terms_version") or "") or None
    return Caller(owner_id, groups_of(claims.get("cognito:groups")), terms_version)


def admin_of(claims: Mapping[str, Any]) -> Caller:
    """Return the caller, who is an admin.

    Raises:
        UnauthenticatedError: The claims name nobody.
        NotAdminError: The caller is somebody else.
    """
    caller = caller_of(claims)
    if ADMINS not in caller.groups:
        raise NotAdminError("Sign in with an admin's account.")
    return caller


def reviewer_of(claims: Mapping[str, Any]) -> Caller:
    """Return the caller, who may review: an admin, or somebody whom an admin asked to.

    Raises:
        UnauthenticatedError: The claims name nobody.
        NotAdminError: The caller is somebody else.
    """
    caller = caller_of(claims)
    if not caller.groups & {ADMINS, REVIEWERS}:
        raise NotAdminError("Sign in with the account of an admin or a reviewer.")
    return caller


def groups_of(claim: object) -> frozenset[str]:
    """Read the groups claim, which arrives as a list, ``a,b``, ``a b`` or ``[a b]``, by whoever wrote the event."""
    texts = claim if isinstance(claim, list) else [claim or ""]
    return frozenset(group for text in texts for group in _GROUP.findall(str(text)))
