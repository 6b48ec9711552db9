"""Kaggle through its own client library: which version there is, and ranged reads of a version's archive.

Only the transport is used (`kagglesdk`, of which `kaggle` is the command line): `kaggle` signs in when it is imported,
reads the home folder and may end the process. Nothing is read from the environment here; no credential is ever logged.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from kagglesdk import KaggleClient, KaggleEnv
from kagglesdk.datasets.types.dataset_api_service import ApiDownloadDatasetRequest, ApiGetDatasetRequest
from requests.adapters import HTTPAdapter

from avocet.domain.syncing import DEFAULT_PAUSE_S
from avocet.usecases.sync_ports import (
    ArchiveChangedError,
    DeniedError,
    LimitedError,
    NotConfiguredError,
    UnreachableError,
    WithdrawnError,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

# To connect, and between two bytes; the client library itself would wait for ever.
_TIMEOUT_S = (5, 30)
_PARALLEL = 8
_MAX_PAUSE_S = 24 * 3600
_OK, _PARTIAL = 200, 206


@dataclass(frozen=True)
class KaggleCredentials:
    """What the secret holds: the content of ``kaggle.json``, or a token; and, for a mirror, its address."""

    username: str = ""
    key: str = ""
    token: str = ""
    endpoint: str = ""


def read_credentials(client: "SecretsManagerClient", name: str) -> KaggleCredentials:
    """Read the secret.

    Raises:
        NotConfiguredError: There is none, or it holds something else.
    """
    try:
        values: Any = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
    except client.exceptions.ResourceNotFoundException as error:
        raise NotConfiguredError(f"there is no secret {name}") from error
    except (ValueError, KeyError) as error:
        raise NotConfiguredError(f"the secret {name} is no JSON object") from error
    values = values if isinstance(values, dict) else {}
    found = KaggleCredentials(
        **{name: str(values.get(name) or "") for name in ("username", "key", "token", "endpoint")}
    )
    if not found.token and not (found.username and found.key):
        raise NotConfiguredError(f"the secret {name} needs username and key, or token")
    return found


class _Patient(HTTPAdapter):
    """Gives every request a time limit: the client library sets none."""

    def send(self, request: Any, **options: Any) -> Any:  # type: ignore[override]
        """Send a request."""
        options["timeout"] = options.get("timeout") or _TIMEOUT_S
        return super().send(request, **options)


@dataclass(frozen=True)
class KaggleArchive:
    """A version's archive.

    Attributes:
        session: That it is read through.
        request: As it was sent for the whole archive, to wherever Kaggle had sent us.
        etag: Names the exact bytes.
        size_bytes: Of the archive.
    """

    session: requests.Session
    request: requests.PreparedRequest
    etag: str
    size_bytes: int

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``.

        Raises:
            HostError: Kaggle says no, broke off, or offers other bytes now.
        """
        with _said():
            asked = self.request.copy()
            asked.headers["Range"] = f"bytes={start}-{end - 1}"
            if self.etag:
                asked.headers["If-Match"] = self.etag
            with self.session.send(asked, stream=True) as answer:
                answer.raise_for_status()
                if answer.status_code != _PARTIAL:
                    raise UnreachableError("the archive's server does not answer ranged requests")
                if answer.headers.get("ETag", "") != self.etag:
                    raise ArchiveChangedError("the archive has changed")
                data = answer.content
        if len(data) != end - start:
            raise UnreachableError("the archive broke off")
        return data


class KaggleSet:
    """One set at Kaggle."""

    def __init__(self, credentials: KaggleCredentials, dataset: str) -> None:
        """Prepare to ask about ``dataset``, such as ``owner/name``; nothing is sent yet."""
        self._owner, _, self._name = dataset.partition("/")
        self._client = KaggleClient(
            env=KaggleEnv.PROD,
            username=credentials.username or None,
            password=credentials.key or None,
            api_token=credentials.token or None,
            user_agent="avocet",
        )
        http = self._client.http_client()
        if credentials.endpoint:
            http._endpoint = credentials.endpoint.rstrip("/")
        http._init_session()
        session: requests.Session = http._session
        # The library prefers a token that lies about in the home folder to the key it was given.
        if not credentials.token:
            session.auth = (credentials.username, credentials.key)
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Patient(pool_maxsize=_PARALLEL))
        self._session = session

    def newest_version(self) -> int:
        """Return the number of the newest version.

        Raises:
            HostError: Kaggle says no.
        """
        asked = ApiGetDatasetRequest()
        asked.owner_slug, asked.dataset_slug = self._owner, self._name
        with _said():
            return int(self._client.datasets.dataset_api_client.get_dataset(asked).current_version_number)

    def open(self, version: int) -> KaggleArchive:
        """Return a version's archive.

        Raises:
            HostError: Kaggle says no.
        """
        asked = ApiDownloadDatasetRequest()
        asked.owner_slug, asked.dataset_slug, asked.dataset_version_number = self._owner, self._name, version
        with _said():
            answer: Any = self._client.datasets.dataset_api_client.download_dataset(asked)
            with answer:
                size_bytes = int(answer.headers.get("Content-Length") or 0)
                if not size_bytes:
                    raise UnreachableError("the archive's server does not say how large it is")
                return KaggleArchive(self._session, answer.request, answer.headers.get("ETag", ""), size_bytes)


@contextmanager
def _said() -> Iterator[None]:
    """Turn what went wrong into what it means."""
    try:
        yield
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        # Kaggle puts some refusals into the body of an answer that looks well.
        if status == _OK and error.response is not None:
            status = int(error.response.json().get("code", 0))
        match status:
            case 401 | 403:
                raise DeniedError(f"Kaggle answered {status}") from error
            case 404 | 410:
                raise WithdrawnError(f"Kaggle answered {status}") from error
            case 412 | 416:
                raise ArchiveChangedError("the archive has changed") from error
            case 429:
                raise LimitedError(_pause_s(error.response)) from error
            case _:
                raise UnreachableError(f"Kaggle answered {status}") from error
    except (requests.RequestException, ValueError) as error:
        raise UnreachableError(f"Kaggle did not answer: {type(error).__name__}") from error


def _pause_s(answer: requests.Response | None) -> int:
    text = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(max(int(text), 1), _MAX_PAUSE_S) if text.isdigit() else DEFAULT_PAUSE_S
