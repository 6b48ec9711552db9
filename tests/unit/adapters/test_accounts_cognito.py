"""Accounts come and go while a list of them is made."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from avocet.adapters.accounts_cognito import CognitoAccounts


class UserNotFoundError(Exception):
    pass


class Pool:
    """A pool that lists two people, one of whom is erased right after."""

    exceptions = SimpleNamespace(
        UserNotFoundException=UserNotFoundError, InvalidParameterException=type("InvalidError", (Exception,), {})
    )

    def list_users(self, **_asked: Any) -> dict[str, Any]:
        made = {"Enabled": True, "UserStatus": "CONFIRMED", "UserCreateDate": datetime(2026, 11, 25, tzinfo=UTC)}
        return {"Users": [{**made, "Username": name, "Attributes": []} for name in ("ada", "bob")]}

    def admin_list_groups_for_user(self, *, Username: str, **_asked: Any) -> dict[str, Any]:  # noqa: N803
        if Username == "bob":
            raise UserNotFoundError
        return {"Groups": [{"GroupName": "reviewer"}]}


def test_somebody_erased_while_the_list_is_made_is_not_in_it_and_breaks_nothing() -> None:
    page = CognitoAccounts(Pool(), "pool").page(10, "")  # type: ignore[arg-type]
    assert [(account.username, account.roles) for account in page.accounts] == [("ada", {"reviewer"})]
