"""The REST API as methods: signs requests, waits when told to, and turns every refusal into a `ProblemError`."""

import email.utils
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from cli.errors import PhotoFileError, ProblemError, StoppedError, UnexpectedAnswerError, UnreachableError
from cli.identity import BearerAuth, Identity

INLINE_MAX_BYTES = 4_000_000
"""Photos up to this size travel inside the request for their prediction, bigger ones through an upload of their own."""

_RETRIED_STATUSES = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})
_BYTES = {"Content-Type": "application/octet-stream"}
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_PATIENCE_S = 120.0

Json = dict[str, Any]
"""A JSON object of the API; its documented shapes are in the API's OpenAPI document."""


class ApiClient:
    """One deployment's REST API. Safe to share between threads."""

    def __init__(
        self,
        http: httpx.Client,
        api_url: str,
        identity: Identity,
        *,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        """Talk to ``api_url`` through ``http`` as ``identity``.

        Args:
            http: Connection pool; its time limits are used as they are.
            api_url: Root of the API, without a closing slash.
            identity: Whose tokens to send.
            wait: Lets that many seconds pass; None waits until then or until `stop`.
        """
        self._http = http
        self._api_url = api_url
        self._auth = BearerAuth(identity)
        self._stopped = threading.Event()
        self._wait = wait or self._wait_unless_stopped

    def stop(self) -> None:
        """Let no request wait for another try any longer; those under way still finish."""
        self._stopped.set()

    # -- any endpoint ------------------------------------------------------------------------------------------------

    def get(self, path: str, query: Mapping[str, str | int] | None = None, *, public: bool = False) -> Json:
        """Return what ``GET path`` answers; ``public`` sends no token.

        Raises:
            ProblemError: The API refused.
            UnreachableError: No answer came back.
        """
        return self._send("GET", path, query=query, public=public)

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        """Return what ``method path`` answers to the JSON ``body``.

        Raises:
            ProblemError: The API refused.
            UnreachableError: No answer came back.
        """
        return self._send(method, path, json=body)

    def put_bytes(self, path: str, content: bytes, query: Mapping[str, str | int] | None = None) -> Json:
        """Return what ``PUT path`` answers to ``content``.

        Raises:
            ProblemError: The API refused.
            UnreachableError: No answer came back.
        """
        return self._send("PUT", path, query=query, content=content)

    def post_bytes(self, path: str, content: bytes, query: Mapping[str, str | int] | None = None) -> Json:
        """Return what ``POST path`` answers to ``content``.

        Raises:
            ProblemError: The API refused.
            UnreachableError: No answer came back.
        """
        return self._send("POST", path, query=query, content=content)

    # -- photos ------------------------------------------------------------------------------------------------------

    def identify(self, photo: Path) -> Json:
        """Return the prediction for the photo in the file ``photo``.

        Raises:
            PhotoFileError: The file cannot be read.
            ProblemError: The API would not take the photo.
            UnreachableError: No answer came back.
        """
        try:
            size_bytes = photo.stat().st_size
            if size_bytes <= INLINE_MAX_BYTES:
                answer = self._send("POST", "/predictions", content=photo.read_bytes())
            else:
                answer = self.send("POST", "/predictions", {"upload_id": self._upload(photo, size_bytes)})
        except OSError as error:
            raise PhotoFileError(f"The file cannot be read: {(error.strerror or 'unknown reason').lower()}.") from error
        if not _is_prediction(answer):
            raise UnexpectedAnswerError("The API answered with something that is no prediction.")
        return answer

    def _upload(self, photo: Path, size_bytes: int) -> str:
        ticket = self.send("POST", "/uploads", {"size_bytes": size_bytes})
        try:
            url, fields, upload_id = str(ticket["url"]), dict(ticket["fields"]), str(ticket["upload_id"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnexpectedAnswerError("The API gave no place to upload to.") from error
        with photo.open("rb") as stream:
            # Neither the person's token nor the file's name is the storage's business.
            response = self._attempt(
                self._http.build_request("POST", url, data=fields, files={"file": ("photo", stream)})
            )
        if response.is_error:
            raise UnexpectedAnswerError(f"The storage did not take the photo (it answered {response.status_code}).")
        return upload_id

    # -- below -------------------------------------------------------------------------------------------------------

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        json: Mapping[str, object] | None = None,
        content: bytes | None = None,
        public: bool = False,
    ) -> Json:
        request = self._http.build_request(
            method,
            self._api_url + path,
            params=query,
            json=json,
            content=content,
            # One id however often it is sent: what was done although the answer got lost is not done twice.
            headers={"X-Correlation-Id": str(uuid.uuid4()), **(_BYTES if content is not None else {})},
        )
        waited_s, next_wait_s = 0.0, _FIRST_WAIT_S
        while True:
            response = self._attempt(request, auth=None if public else self._auth)
            if response.status_code not in _RETRIED_STATUSES or waited_s >= _PATIENCE_S:
                return _decoded(response)
            wait_s = min(_retry_after_s(response) or next_wait_s, _LONGEST_WAIT_S)
            self._wait(wait_s)
            waited_s += wait_s
            next_wait_s *= 2

    def _attempt(self, request: httpx.Request, auth: httpx.Auth | None = None) -> httpx.Response:
        try:
            return self._http.send(request, auth=auth)
        except httpx.ConnectError as error:
            raise UnreachableError(
                f"Nothing answers at {self._api_url}; is it running? (`make up` starts the embedded cloud.)"
            ) from error
        except httpx.TimeoutException as error:
            raise UnreachableError(f"{self._api_url} took too long to answer; try again later.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"The connection to {self._api_url} broke; try again.") from error

    def _wait_unless_stopped(self, wait_s: float) -> None:
        if self._stopped.wait(wait_s):
            raise StoppedError("Stopped before it was its turn.")


def _is_prediction(answer: Json) -> bool:
    """Return whether ``answer`` has the parts that are shown to people; the API may add to them."""
    answers = answer.get("predictions")
    named = [*answers, answer["coarser"]] if isinstance(answers, list) and answer.get("coarser") else answers
    return bool(answers) and all(
        isinstance(one, dict) and isinstance(one.get("names"), dict) and isinstance(one.get("score"), int | float)
        for one in named or []
    )


def _decoded(response: httpx.Response) -> Json:
    try:
        document = response.json() if response.content else {}
    except ValueError:
        document = None
    if response.is_success and isinstance(document, dict):
        return document
    if not isinstance(document, dict):
        raise UnexpectedAnswerError(
            f"{response.url.copy_with(query=None)} answered {response.status_code}, but not as Avocet's API would."
        )
    raise ProblemError(
        status=response.status_code,
        code=str(document.get("type", "")).rsplit("/", 1)[-1],
        title=str(document.get("title") or document.get("message") or ""),
        detail=str(document.get("detail") or ""),
        correlation_id=str(document.get("instance") or ""),
    )


def _retry_after_s(response: httpx.Response) -> float:
    """Return the seconds that ``response`` asks to wait; 0 when it names none."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
