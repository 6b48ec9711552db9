"""The pool of accounts in Cognito; people are known by their ``sub``, which is never given to anybody else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ParamValidationError

from avocet.usecases.people_ports import Account, AccountPage

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

ADMINS = "admin"
_CODES_OF_AN_APP = "SOFTWARE_TOKEN_MFA"
_INVITED = "FORCE_CHANGE_PASSWORD"
_MOST_AT_ONCE = 60  # Cognito's limit
_SUB = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def has_second_factor(client: "CognitoIdentityProviderClient", *, pool_id: str, username: str) -> bool:
    """Whether somebody set up an app that gives them codes."""
    user = client.admin_get_user(UserPoolId=pool_id, Username=username)
    return _CODES_OF_AN_APP in user.get("UserMFASettingList", ())


@dataclass(frozen=True)
class CognitoAccounts:
    """The pool."""

    client: "CognitoIdentityProviderClient"
    pool_id: str

    def find(self, owner_id: str) -> Account | None:
        """Return a person's account."""
        # The filter is a language of its own: what does not look like a sub never becomes part of it.
        if not _SUB.fullmatch(owner_id):
            return None
        found = self.client.list_users(UserPoolId=self.pool_id, Filter=f'sub = "{owner_id}"', Limit=1)["Users"]
        return self._with_roles(found[0]) if found else None

    def admins(self) -> Sequence[Account]:
        """Return the accounts of all admins."""
        pages = self.client.get_paginator("list_users_in_group").paginate(UserPoolId=self.pool_id, GroupName=ADMINS)
        return [_account(user, frozenset({ADMINS})) for page in pages for user in page["Users"]]

    def shut(self, account: Account) -> None:
        """Let nobody sign in with it any more, and end what is signed in."""
        named: Any = {"UserPoolId": self.pool_id, "Username": account.username}
        try:
            self.client.admin_disable_user(**named)
            self.client.admin_user_global_sign_out(**named)
        except self.client.exceptions.UserNotFoundException:
            return

    def delete(self, account: Account) -> None:
        """Remove it, if it is there."""
        try:
            self.client.admin_delete_user(UserPoolId=self.pool_id, Username=account.username)
        except self.client.exceptions.UserNotFoundException:
            return

    def page(self, limit: int, after: str) -> AccountPage:
        """Return accounts, beginning after the mark of the page before.

        Raises:
            ValueError: The mark is none of ours.
        """
        asked: Any = {"UserPoolId": self.pool_id, "Limit": min(limit, _MOST_AT_ONCE)}
        if after:
            asked["PaginationToken"] = after
        try:
            got = self.client.list_users(**asked)
        except (self.client.exceptions.InvalidParameterException, ParamValidationError) as error:
            raise ValueError("not a mark of ours") from error
        known = [account for user in got["Users"] if (account := self._with_roles(user)) is not None]
        return AccountPage(known, got.get("PaginationToken", ""))

    def invite(self, email: str) -> Account | None:
        """Make an account and have its owner told; None when that address has one already."""
        try:
            made = self.client.admin_create_user(
                UserPoolId=self.pool_id,
                Username=email,
                DesiredDeliveryMediums=["EMAIL"],
                UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            )
        except self.client.exceptions.UsernameExistsException:
            return None
        return _account(made["User"], frozenset())

    def of_address(self, email: str) -> Account | None:
        """Return the account of an address."""
        try:
            found = self.client.admin_get_user(UserPoolId=self.pool_id, Username=email)
        except self.client.exceptions.UserNotFoundException:
            return None
        return self._with_roles({**found, "Attributes": found["UserAttributes"]})

    def put_into(self, account: Account, role: str) -> None:
        """Put it into a group; doing it again changes nothing."""
        self.client.admin_add_user_to_group(UserPoolId=self.pool_id, Username=account.username, GroupName=role)

    def take_out_of(self, account: Account, role: str) -> None:
        """Take it out of a group; doing it again changes nothing."""
        self.client.admin_remove_user_from_group(UserPoolId=self.pool_id, Username=account.username, GroupName=role)

    def open(self, account: Account) -> None:
        """Let its owner sign in again."""
        self.client.admin_enable_user(UserPoolId=self.pool_id, Username=account.username)

    def _with_roles(self, user: Any) -> Account | None:
        """Return the account; None when it was erased since it was listed."""
        try:
            found = self.client.admin_list_groups_for_user(UserPoolId=self.pool_id, Username=user["Username"])
        except self.client.exceptions.UserNotFoundException:
            return None
        groups = found["Groups"]
        return _account(user, frozenset(group["GroupName"] for group in groups))


def _account(user: Mapping[str, Any], roles: frozenset[str]) -> Account:
    attributes = {each["Name"]: each.get("Value", "") for each in user.get("Attributes", [])}
    return Account(
        owner_id=attributes.get("sub", ""),
        username=user["Username"],
        email=attributes.get("email", ""),
        roles=roles,
        is_enabled=bool(user["Enabled"]),
        status=str(user["UserStatus"]),
        created_at=user["UserCreateDate"],
        attributes=attributes,
        is_invited=user["UserStatus"] == _INVITED,
    )
