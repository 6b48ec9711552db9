"""The deployed stack as a test sees it: over HTTP like any client, and from behind through the emulator's own API."""

import json
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import httpx
from botocore.config import Config

REGION = "us-east-1"
TERMS = {"custom:terms_version": "2026-11", "custom:licence": "CC-BY-4.0"}
PROBLEM = "application/problem+json"
# Tokens live 15 minutes; a long run signs in again in time.
_SIGN_IN_EVERY_S = 600.0
_THROTTLED_TRIES = 20


@dataclass
class Person:
    """Somebody with an account."""

    cloud: "Cloud" = field(repr=False)
    username: str
    password: str = field(repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)
    _signed_in_s: float = field(default=-_SIGN_IN_EVERY_S, repr=False)

    @property
    def tokens(self) -> dict[str, str]:
        if time.monotonic() - self._signed_in_s > _SIGN_IN_EVERY_S:
            self._tokens = self.cloud.sign_in(self.username, self.password)
            self._signed_in_s = time.monotonic()
        return self._tokens

    @property
    def id_token(self) -> str:
        return self.tokens["IdToken"]

    @property
    def owner_id(self) -> str:
        return str(self.cloud.claims(self.id_token)["sub"])

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.cloud.request("GET", path, token=self.id_token, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.cloud.request("POST", path, token=self.id_token, **options)

    def predict(self, photo: bytes) -> dict[str, Any]:
        """Identify ``photo``, which must work."""
        return succeeded(self.send_photo(photo), 201)

    def send_photo(self, photo: bytes, *, declared: str = "image/jpeg") -> httpx.Response:
        """Ask for the name of ``photo``, which says of itself that it is ``declared``."""
        return self.post("/predictions", content=photo, headers={"Content-Type": declared})

    def answer(self, prediction_id: str, feedback: str, species_id: str | None = None) -> httpx.Response:
        body = {"feedback": feedback} | ({"species_id": species_id} if species_id else {})
        return self.post(f"/predictions/{prediction_id}/feedback", json=body)

    def upload(self, photo: bytes) -> str:
        """Upload ``photo`` through a presigned form, which must work; return the upload's id."""
        ticket = succeeded(self.post("/uploads", json={"size_bytes": len(photo)}), 201)
        response = self.cloud.post_form(ticket, photo)
        assert response.status_code in {200, 201, 204}, response.text
        return str(ticket["upload_id"])


@dataclass(frozen=True)
class Cloud:
    """What ``local.json`` leads to."""

    local: Mapping[str, Any]
    http: httpx.Client

    @property
    def api_url(self) -> str:
        return str(self.local["api_url"])

    # -- over HTTP ---------------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a request; wait a little whenever the stage's throttle says so."""
        headers = dict(options.pop("headers", {})) | ({"Authorization": f"Bearer {token}"} if token else {})
        for _ in range(_THROTTLED_TRIES):
            response = self.http.request(method, self.api_url + path, headers=headers, **options)
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            threading.Event().wait(float(response.headers.get("Retry-After", "1")))
        return response

    def post_form(self, ticket: Mapping[str, Any], photo: bytes, **changed_fields: str) -> httpx.Response:
        """Post ``photo`` as the upload's ticket says, save for ``changed_fields``."""
        fields = {**ticket["fields"], **changed_fields}
        return self.http.post(ticket["url"], data=fields, files={"file": ("photo.jpg", photo)})

    def person(self, role: str) -> Person:
        """Return the demo account of ``role``."""
        account = self.local["accounts"][role]
        return Person(self, account["username"], account["password"])

    def sign_up(self, **attributes: str) -> Person:
        """Make a new account through the public door: sign up, confirm, sign in."""
        person = Person(self, f"{uuid.uuid4().hex[:12]}@example.org", f"Aa1!{uuid.uuid4().hex}")
        answer = self.ask_cognito(
            "SignUp",
            Username=person.username,
            Password=person.password,
            UserAttributes=[
                {"Name": name, "Value": value}
                for name, value in ({"email": person.username} | TERMS | attributes).items()
                if value
            ],
        )
        if not answer["UserConfirmed"]:
            self.ask_cognito("ConfirmSignUp", Username=person.username, ConfirmationCode="123456")
        assert person.id_token
        return person

    def sign_in(self, username: str, password: str) -> dict[str, str]:
        parameters = {"USERNAME": username, "PASSWORD": password}
        answer = self.ask_cognito("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        return dict(answer["AuthenticationResult"])

    def ask_cognito(self, action: str, *, client_id: str = "", **body: Any) -> dict[str, Any]:
        """Call the user pool as the page does, without any AWS credentials."""
        response = self.http.post(
            self.local["cognito_url"],
            content=json.dumps({"ClientId": client_id or self.local["client_id"], **body}),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"AWSCognitoIdentityProviderService.{action}",
            },
        )
        if response.is_error:
            raise SignInRefusedError(response.json().get("__type", ""), response.json().get("message", ""))
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    @staticmethod
    def claims(id_token: str) -> dict[str, Any]:
        """Return what a token says, unverified."""
        import base64

        middle = id_token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return claims

    # -- from behind -------------------------------------------------------------------------------------------------

    def aws(self, service: str) -> Any:
        """Return a client for the emulator's ``service``."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.local["cognito_url"],
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}),
        )

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Every output of every deployed stack."""
        pages = self.aws("cloudformation").get_paginator("describe_stacks").paginate()
        return {
            output["OutputKey"]: output["OutputValue"]
            for page in pages
            for stack in page["Stacks"]
            for output in stack.get("Outputs", [])
        }

    @cached_property
    def s3(self) -> Any:
        return self.aws("s3")

    def raw_keys(self, photo_id: str) -> list[str]:
        """Return every key in raw under which the photo lies."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs["RawBucketName"])
        return [found["Key"] for page in pages for found in page.get("Contents", []) if photo_id in found["Key"]]

    def raw_photo(self, key: str) -> bytes:
        """Return the bytes in raw at ``key``."""
        body: bytes = self.s3.get_object(Bucket=self.outputs["RawBucketName"], Key=key)["Body"].read()
        return body

    def record(self, photo_id: str) -> dict[str, Any] | None:
        """Return the photo's record as the table holds it."""
        table, key = self.outputs["PhotosTableName"], {"photo_id": {"S": photo_id}}
        item: dict[str, Any] | None = (
            self.aws("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        )
        return item

    def set_attribute(self, photo_id: str, name: str, value: Mapping[str, Any]) -> None:
        """Change one attribute of the photo's record behind everybody's back."""
        self.aws("dynamodb").update_item(
            TableName=self.outputs["PhotosTableName"],
            Key={"photo_id": {"S": photo_id}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": value},
        )


class SignInRefusedError(Exception):
    """The user pool said no."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind.rsplit("#", 1)[-1]
        self.message = message


def succeeded(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the JSON of an answer that must have that status."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    document: dict[str, Any] = response.json()
    return document


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem document of a refusal that must have that status and code."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    assert response.headers["Content-Type"].split(";")[0] == PROBLEM
    document: dict[str, Any] = response.json()
    assert document["type"] == f"/problems/{code}", document
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == response.headers.get("X-Correlation-Id", document["instance"])
    assert "Traceback" not in response.text
    return document
