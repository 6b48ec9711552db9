"""Cognito's pool of accounts in memory, behind a real client: what is asked is checked as ever, and nothing leaves the process."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3

Answer = Mapping[str, Any]
POOL_ID = "eu-west-1_People"
_NO_USER = "UserNotFoundException"


class RefusedError(Exception):
    """The pool refuses; the text is the code of its error."""


@dataclass
class HeldAccount:
    """An account as the pool keeps it."""

    sub: str
    email: str
    groups: set[str] = field(default_factory=set)
    is_enabled: bool = True
    status: str = "FORCE_CHANGE_PASSWORD"
    has_second_factor: bool = False
    signed_out: int = 0
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def shown(self) -> dict[str, Any]:
        return {
            "Username": self.sub,
            "Enabled": self.is_enabled,
            "UserStatus": self.status,
            "UserCreateDate": self.made_at,
        }

    @property
    def attributes(self) -> list[dict[str, str]]:
        held = {"sub": self.sub, "email": self.email, "email_verified": "true"}
        return [{"Name": name, "Value": value} for name, value in held.items()]


@dataclass
class CognitoPool:
    """One pool; accounts are known by their ``sub``, and an address names its account as well."""

    held: dict[str, HeldAccount] = field(default_factory=dict)

    def client(self) -> Any:
        """Return a client of botocore's whose calls end here."""
        client = boto3.client("cognito-idp", region_name="eu-west-1")
        client.meta.events.register("before-call.cognito-identity-provider", self._answer)
        return client

    def join(self, *groups: str) -> HeldAccount:
        """Have somebody join, with an address of their own."""
        joined = HeldAccount(str(uuid.uuid4()), f"{uuid.uuid4().hex}@example.org", set(groups), status="CONFIRMED")
        self.held[joined.sub] = joined
        return joined

    def of_address(self, email: str) -> list[HeldAccount]:
        return [each for each in self.held.values() if each.email == email]

    def _answer(self, model: Any, params: Mapping[str, Any], **_more: Any) -> tuple[Any, Answer]:
        asked = json.loads(params["body"])
        does: Mapping[str, Callable[[Any], Answer]] = {
            "ListUsers": self._listed,
            "ListUsersInGroup": lambda it: self._shown(
                each for each in self.held.values() if it["GroupName"] in each.groups
            ),
            "AdminGetUser": self._got,
            "AdminCreateUser": self._created,
            "AdminListGroupsForUser": lambda it: {
                "Groups": [{"GroupName": each} for each in sorted(self._named(it).groups)]
            },
            "AdminAddUserToGroup": lambda it: self._done(self._named(it).groups.add(it["GroupName"])),
            "AdminRemoveUserFromGroup": lambda it: self._done(self._named(it).groups.discard(it["GroupName"])),
            "AdminEnableUser": lambda it: self._done(setattr(self._named(it), "is_enabled", True)),
            "AdminDisableUser": lambda it: self._done(setattr(self._named(it), "is_enabled", False)),
            "AdminUserGlobalSignOut": self._signed_out,
            "AdminDeleteUser": lambda it: self._done(self.held.pop(self._named(it).sub)),
        }
        try:
            answer = does[model.name](asked)
        except RefusedError as error:
            return SimpleNamespace(status_code=400), {"Error": {"Code": str(error), "Message": "refused"}}
        return SimpleNamespace(status_code=200), answer

    def _named(self, asked: Mapping[str, Any]) -> HeldAccount:
        found = [each for each in self.held.values() if asked["Username"] in (each.sub, each.email)]
        if not found:
            raise RefusedError(_NO_USER)
        return found[0]

    def _listed(self, asked: Mapping[str, Any]) -> Answer:
        wanted = asked.get("Filter", "").partition(" = ")[2].strip('"')
        begin, limit = int(asked.get("PaginationToken", "0")), asked["Limit"]
        found = [each for each in self.held.values() if wanted in ("", each.sub)]
        more = {"PaginationToken": str(begin + limit)} if begin + limit < len(found) else {}
        return {**self._shown(found[begin : begin + limit]), **more}

    def _got(self, asked: Mapping[str, Any]) -> Answer:
        found = self._named(asked)
        factors = ["SOFTWARE_TOKEN_MFA"] if found.has_second_factor else []
        return {**found.shown, "UserAttributes": found.attributes, "UserMFASettingList": factors}

    def _created(self, asked: Mapping[str, Any]) -> Answer:
        if self.of_address(asked["Username"]):
            raise RefusedError("UsernameExistsException")
        made = HeldAccount(str(uuid.uuid4()), asked["Username"])
        self.held[made.sub] = made
        return {"User": {**made.shown, "Attributes": made.attributes}}

    def _signed_out(self, asked: Mapping[str, Any]) -> Answer:
        self._named(asked).signed_out += 1
        return {}

    def _shown(self, found: Any) -> Answer:
        return {"Users": [{**each.shown, "Attributes": each.attributes} for each in found]}

    def _done(self, _nothing: object) -> Answer:
        return {}
