"""Who is asking: sign-in through Cognito, refresh tokens kept in a private file, ID tokens renewed by themselves.

No token or password is ever printed or logged.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.config import Account, Deployment
from cli.errors import SignInError, UnexpectedAnswerError, UnreachableError, WrongCredentialsError
from cli.files import write_private

_VAULT_FILE = "sign-ins.json"
# A token this close to its end is renewed first: a request may wait its turn before it is checked.
_RENEW_BEFORE_END_S = 60.0

Ask = Callable[[str], str]
"""Asks the person for a secret word and returns it without showing it."""


@dataclass(frozen=True)
class Tokens:
    """What a sign-in yields.

    Attributes:
        id_token: The bearer token for the API.
        refresh_token: Empty when the old one stays good.
        expires_in_s: How long the ID token lives.
    """

    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: float


@dataclass(frozen=True)
class SignIn:
    """A remembered sign-in at one deployment."""

    username: str
    refresh_token: str = field(repr=False)


class Vault:
    """The private file of remembered sign-ins, by app client."""

    def __init__(self, config_dir: Path) -> None:
        """Keep the sign-ins in ``config_dir``."""
        self._path = config_dir / _VAULT_FILE

    def get(self, deployment: Deployment) -> SignIn | None:
        """Return the sign-in remembered for ``deployment``; an unreadable file counts as none."""
        entry = self._read().get(_key(deployment))
        if not isinstance(entry, dict):
            return None
        username, token = entry.get("username"), entry.get("refresh_token")
        return SignIn(username, token) if isinstance(username, str) and isinstance(token, str) else None

    def put(self, deployment: Deployment, sign_in: SignIn) -> None:
        """Remember ``sign_in`` for ``deployment``."""
        entries = self._read()
        entries[_key(deployment)] = {"username": sign_in.username, "refresh_token": sign_in.refresh_token}
        self._write(entries)

    def drop(self, deployment: Deployment) -> None:
        """Forget the sign-in at ``deployment``."""
        entries = self._read()
        if entries.pop(_key(deployment), None) is not None:
            self._write(entries)

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}

    def _write(self, entries: Mapping[str, Any]) -> None:
        write_private(self._path, json.dumps(entries, indent=2) + "\n")


class Cognito:
    """The few unauthenticated calls of the user pool's own API that a client needs."""

    def __init__(self, http: httpx.Client, deployment: Deployment) -> None:
        """Talk to ``deployment``'s user pool through ``http``."""
        self._http = http
        self._url = deployment.cognito_url
        self._client_id = deployment.client_id

    def sign_in(self, username: str, password: str, *, ask: Ask | None = None) -> Tokens:
        """Return the tokens of ``username``.

        Args:
            username: The account's name or address.
            password: Its password.
            ask: Asks for what the pool wants besides (a code, a new password); None refuses instead.

        Raises:
            SignInError: The pool said no, or wants something and there is nobody to ask.
        """
        answer = self._call(
            "InitiateAuth",
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": self._client_id,
                "AuthParameters": {"USERNAME": username, "PASSWORD": password},
            },
        )
        while challenge := answer.get("ChallengeName"):
            answer = self._call(
                "RespondToAuthChallenge",
                {
                    "ClientId": self._client_id,
                    "ChallengeName": challenge,
                    "Session": answer.get("Session", ""),
                    "ChallengeResponses": {"USERNAME": username, **_answer_challenge(str(challenge), ask)},
                },
            )
        return _tokens(answer)

    def renew(self, refresh_token: str) -> Tokens:
        """Return fresh tokens.

        Raises:
            WrongCredentialsError: The refresh token has ended or was revoked.
        """
        return _tokens(
            self._call(
                "InitiateAuth",
                {
                    "AuthFlow": "REFRESH_TOKEN_AUTH",
                    "ClientId": self._client_id,
                    "AuthParameters": {"REFRESH_TOKEN": refresh_token},
                },
            )
        )

    def revoke(self, refresh_token: str) -> None:
        """Make ``refresh_token`` worthless."""
        self._call("RevokeToken", {"ClientId": self._client_id, "Token": refresh_token})

    def _call(self, action: str, body: Mapping[str, object]) -> dict[str, Any]:
        try:
            response = self._http.post(
                self._url + "/",
                content=json.dumps(body),
                headers={
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": f"AWSCognitoIdentityProviderService.{action}",
                },
            )
        except httpx.HTTPError as error:
            raise UnreachableError(f"The sign-in service at {self._url} does not answer.") from error
        try:
            answer = response.json() if response.content else {}
        except ValueError as error:
            raise UnexpectedAnswerError(f"{self._url} is not a sign-in service.") from error
        if not isinstance(answer, dict):
            raise UnexpectedAnswerError(f"{self._url} is not a sign-in service.")
        if response.is_error:
            raise _refusal(str(answer.get("__type", "")), str(answer.get("message", "")))
        return answer


class Identity:
    """The person at one deployment: hands out an ID token that is good now. Safe to share between threads."""

    def __init__(self, deployment: Deployment, vault: Vault, cognito: Cognito) -> None:
        """Start from what ``vault`` remembers; nothing is asked of the network yet."""
        self._deployment = deployment
        self._vault = vault
        self._cognito = cognito
        self._lock = threading.Lock()
        self._id_token = ""
        self._good_until_s = 0.0

    def id_token(self) -> str:
        """Return an ID token that lives for another minute at least.

        Raises:
            SignInError: Nobody is signed in, or the sign-in has ended.
        """
        with self._lock:
            if time.monotonic() >= self._good_until_s:
                self._renew()
            return self._id_token

    def replace(self, refused_token: str) -> str:
        """Return another ID token than ``refused_token``, which the API would not take.

        Raises:
            SignInError: There is none to be had.
        """
        with self._lock:
            # Another thread may have been refused the same token and have replaced it already.
            if self._id_token == refused_token:
                self._renew()
            return self._id_token

    def claims(self) -> dict[str, Any]:
        """Return what the ID token says of the person, unverified: for showing, never for deciding.

        Raises:
            SignInError: Nobody is signed in.
        """
        parts = self.id_token().split(".")
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (IndexError, ValueError):
            return {}
        return claims if isinstance(claims, dict) else {}

    def _renew(self) -> None:
        sign_in = self._vault.get(self._deployment)
        demo = self._deployment.demo_accounts
        if sign_in is None:
            if "user" not in demo:
                raise SignInError("You are not signed in; run `avocet login`.")
            self._take(self._demo_sign_in(demo["user"]))
            return
        try:
            tokens = self._cognito.renew(sign_in.refresh_token)
        except WrongCredentialsError as error:
            # The embedded cloud may have been made anew since; its demo accounts come back, so nobody need be asked.
            account = next((one for one in demo.values() if one.username == sign_in.username), None)
            if account is None:
                raise SignInError("Your sign-in has ended; run `avocet login`.") from error
            tokens = self._demo_sign_in(account)
        else:
            if tokens.refresh_token:
                self._vault.put(self._deployment, SignIn(sign_in.username, tokens.refresh_token))
        self._take(tokens)

    def _demo_sign_in(self, account: Account) -> Tokens:
        tokens = self._cognito.sign_in(account.username, account.password)
        self._vault.put(self._deployment, SignIn(account.username, tokens.refresh_token))
        return tokens

    def _take(self, tokens: Tokens) -> None:
        self._id_token = tokens.id_token
        self._good_until_s = time.monotonic() + max(tokens.expires_in_s - _RENEW_BEFORE_END_S, 0.0)


class BearerAuth(httpx.Auth):
    """Puts the person's ID token on each request; a refused one is replaced once."""

    def __init__(self, identity: Identity) -> None:
        """Ask ``identity`` for the tokens."""
        self._identity = identity

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with a token; after a 401 send once more with another."""
        token = self._identity.id_token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self._identity.replace(token)}"
            yield request


def _key(deployment: Deployment) -> str:
    return f"{deployment.cognito_url} {deployment.client_id}"


def _answer_challenge(challenge: str, ask: Ask | None) -> dict[str, str]:
    if ask is None:
        raise SignInError("This account wants more than a password; run `avocet login`.")
    match challenge:
        case "SOFTWARE_TOKEN_MFA":
            return {"SOFTWARE_TOKEN_MFA_CODE": ask("Code from your authenticator")}
        case "SMS_MFA":
            return {"SMS_MFA_CODE": ask("Code from the message")}
        case "NEW_PASSWORD_REQUIRED":
            return {"NEW_PASSWORD": ask("A new password is wanted; choose one")}
        case _:
            raise SignInError("This account must be signed in on the page first.")


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    try:
        result = answer["AuthenticationResult"]
        return Tokens(
            id_token=str(result["IdToken"]),
            refresh_token=str(result.get("RefreshToken") or ""),
            expires_in_s=float(result.get("ExpiresIn", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnexpectedAnswerError("The sign-in service answered without a token.") from error


def _refusal(kind: str, message: str) -> SignInError:
    match kind.rsplit("#", 1)[-1]:
        case "NotAuthorizedException" | "UserNotFoundException":
            return WrongCredentialsError("The name or the password is wrong.")
        case "UserNotConfirmedException":
            return SignInError("This account is not confirmed yet; use the code sent to you by e-mail, on the page.")
        case "PasswordResetRequiredException":
            return SignInError("The password must be set anew, on the page.")
        case "TooManyRequestsException" | "LimitExceededException":
            return SignInError("Too many tries; wait a few minutes.")
        case "CodeMismatchException" | "ExpiredCodeException":
            return SignInError("That code is not right, or not any more; try again.")
        case "InvalidPasswordException":
            return SignInError(f"That password will not do: {message}")
        case "ResourceNotFoundException":
            return SignInError("The user pool or its app client does not exist (any more).")
        case other:
            return SignInError(f"The sign-in service refused: {message or other or 'no reason given'}")
