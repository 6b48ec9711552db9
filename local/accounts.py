"""The two demo accounts of the embedded cloud; refuses any other place."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from local.aws import Place
from local.steps import SetupError

_TERMS_VERSION = "2026-11"
_LICENCE = "CC-BY-4.0"


@dataclass(frozen=True)
class Account:
    """How a person signs in."""

    username: str
    password: str


def make_demo_accounts(place: Place, user_pool_id: str, *, known: Mapping[str, Account]) -> dict[str, Account]:
    """Make one account in each group, or set those there to the passwords in ``known``.

    Args:
        place: The embedded cloud.
        user_pool_id: Its pool.
        known: Accounts of an earlier start by group; their passwords are kept.

    Raises:
        SetupError: When ``place`` is not the embedded cloud.
    """
    if place.endpoint is None:
        raise SetupError("demo accounts exist only in the embedded cloud.")
    return {group: _make(place, user_pool_id, group, known.get(group)) for group in ("user", "admin")}


def _make(place: Place, user_pool_id: str, group: str, known: Account | None) -> Account:
    cognito = place.client("cognito-idp")
    account = known or Account(f"{group}@avocet.example", _password())
    try:
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=account.username,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": account.username},
                {"Name": "email_verified", "Value": "true"},
                {"Name": "custom:terms_version", "Value": _TERMS_VERSION},
                {"Name": "custom:licence", "Value": _LICENCE},
                {
                    "Name": "custom:terms_accepted_at",
                    "Value": datetime.now(tz=UTC).isoformat(timespec="seconds"),
                },
            ],
        )
    except cognito.exceptions.UsernameExistsException:
        if known is not None:
            return known
    cognito.admin_set_user_password(
        UserPoolId=user_pool_id, Username=account.username, Password=account.password, Permanent=True
    )
    cognito.admin_add_user_to_group(UserPoolId=user_pool_id, Username=account.username, GroupName=group)
    return account


def _password() -> str:
    # One of each kind that the pool asks for, then chance.
    return f"Av0-{secrets.token_urlsafe(12)}"
