"""Accounts as the API takes and shows them."""

import re

from avocet.domain.roles import Role, role_of
from avocet.domain.trust import TOO_MANY_MISTAKES, TRUSTED_FROM_PHOTOS, TRUSTED_FROM_SPECIES
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.users import (
    Invitation,
    TrustJudgement,
    TrustReviewer,
    TrustView,
    UserChange,
    UserList,
    UserView,
)
from avocet.http.views import timestamp
from avocet.usecases.people_ports import Account, AccountPage
from avocet.usecases.tell_trust import Judged, TrustTold

_ROLES = ", ".join(role.value for role in Role)
_MAX_EMAIL_LETTERS = 254
_MAX_CURSOR_LETTERS = 4096
# Whether an address works only a message can tell; this keeps out what could never be one.
_EMAIL = re.compile(r"[^\s@<>,;\x00-\x1f]+@[^\s@<>,;\x00-\x1f]+\.[^\s@<>,;\x00-\x1f]+")


def invitation(request: Request) -> Invitation:
    """Read the body of ``POST /admin/users``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: A value is missing or malformed.
    """
    body = json_object(request.body)
    email = body.get("email")
    if not isinstance(email, str) or len(email) > _MAX_EMAIL_LETTERS or not _EMAIL.fullmatch(email):
        raise InvalidRequestError("email must be an e-mail address.")
    return Invitation(email, _role(body.get("role")))


def user_change(request: Request) -> UserChange:
    """Read the body of ``PATCH /admin/users/{id}``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: A value is malformed.
    """
    body = json_object(request.body)
    is_enabled = body.get("is_enabled")
    if is_enabled is not None and not isinstance(is_enabled, bool):
        raise InvalidRequestError("is_enabled must be true or false.")
    return UserChange(_role(body.get("role")), is_enabled)


def user_cursor(request: Request) -> str:
    """Return the mark of the page before.

    Raises:
        InvalidRequestError: It is too long to be one.
    """
    cursor = request.query.get("cursor", "")
    if len(cursor) > _MAX_CURSOR_LETTERS:
        raise InvalidRequestError("cursor must be what the page before answered as next.")
    return cursor


def user_list(page: AccountPage) -> UserList:
    """Show a page of accounts."""
    return UserList(tuple(user_view(each) for each in page.accounts), page.next or None)


def user_view(account: Account) -> UserView:
    """Show an account."""
    return UserView(
        user_id=account.owner_id,
        email=account.email,
        role=role_of(account.roles),
        is_enabled=account.is_enabled,
        status=account.status,
        created_at=timestamp(account.created_at),
    )


def trust_view(user_id: str, told: TrustTold) -> TrustView:
    """Show where somebody stands with their labels."""
    record = told.record
    return TrustView(
        user_id=user_id,
        standing=record.standing,
        right=record.right,
        wrong=len(record.judgements) - record.right,
        recent_mistakes=record.recent_mistakes,
        proven_species=tuple(sorted(record.proven_species)),
        needed_photos=TRUSTED_FROM_PHOTOS,
        needed_species=TRUSTED_FROM_SPECIES,
        mistakes_allowed=TOO_MANY_MISTAKES - 1,
        allowance=record.allowance,
        reviewers=tuple(TrustReviewer(each.reviewer_id, each.right, each.wrong) for each in told.by_reviewer),
        latest=tuple(map(_judgement, told.latest)),
    )


def _judgement(judged: Judged) -> TrustJudgement:
    decision = judged.decision
    return TrustJudgement(
        photo_id=judged.judgement.photo_id,
        species_id=judged.judgement.species_id,
        was_right=judged.judgement.was_right,
        action=decision.action if decision else None,
        counts_as=decision.species_id if decision else None,
        reason=decision.reason if decision else None,
        reviewers=judged.reviewers,
        at=timestamp(judged.at) if judged.at else None,
    )


def _role(value: object) -> Role | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in set(Role):
        raise InvalidRequestError(f"role must be one of {_ROLES}.")
    return Role(value)
