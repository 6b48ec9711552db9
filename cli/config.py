"""Where Avocet is: the embedded cloud found by itself, a hosted one from the environment or a saved choice.

Looked at in this order: ``AVOCET_API_URL`` (with ``AVOCET_COGNITO_URL`` and ``AVOCET_CLIENT_ID``), ``AVOCET_HOME``,
the hosted deployment chosen with ``avocet login --page`` or ``--api``, and ``.avocet/local.json`` in the working folder,
above it or beside the installed package.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from cli.errors import BrokenSettingsError, NoDeploymentError
from cli.files import write_private

HOME_FOLDER = ".avocet"
LOCAL_FILE = "local.json"
_CHOICE_FILE = "deployment.json"
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Account:
    """A name and its password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Deployment:
    """One Avocet to talk to.

    Attributes:
        api_url: Root of the REST API, its stage included, without a closing slash.
        cognito_url: Where people sign in; empty when only public answers are wanted.
        client_id: The app client people sign in through; empty likewise.
        page_url: The page in the browser; empty when unknown.
        inbox_url: Where messages to the admins can be read; the embedded cloud only.
        demo_accounts: Accounts by role (``user``, ``admin``) that exist in the embedded cloud only.
        origin: Where this was read from, for people.
    """

    api_url: str
    cognito_url: str
    client_id: str
    page_url: str = ""
    inbox_url: str = ""
    demo_accounts: Mapping[str, Account] = field(default_factory=dict)
    origin: str = ""

    @property
    def is_embedded(self) -> bool:
        """Whether this is the cloud on this very machine, demo accounts and all."""
        return bool(self.demo_accounts)

    @classmethod
    def of_urls(cls, *, api_url: str, cognito_url: str, client_id: str, page_url: str = "", origin: str = "") -> Self:
        """Return a hosted deployment.

        Raises:
            BrokenSettingsError: An address is not one, or would carry passwords in the clear.
        """
        return cls(
            api_url=checked_url(api_url, origin),
            cognito_url=checked_url(cognito_url, origin) if cognito_url else "",
            client_id=client_id,
            page_url=checked_url(page_url, origin) if page_url else "",
            origin=origin,
        )


def checked_url(url: str, origin: str) -> str:
    """Return ``url`` without a closing slash.

    Raises:
        BrokenSettingsError: It is no http(s) address, or plain http to another machine.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host:
        raise BrokenSettingsError(f"{url!r} ({origin}) is not an address that starts with https://.")
    if parts.scheme == "http" and not is_loopback(url):
        raise BrokenSettingsError(f"{url} ({origin}) would carry your sign-in unprotected; use https://.")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Return whether ``url`` stays on this machine."""
    host = (urlsplit(url).hostname or "").lower()
    return host in _LOOPBACK_HOSTS or host.endswith(".localhost")


def find_deployment(*, environment: Mapping[str, str], cwd: Path, config_dir: Path, package_dir: Path) -> Deployment:
    """Return the deployment to talk to; this module's text gives the order.

    Raises:
        NoDeploymentError: None is known.
        BrokenSettingsError: One is named but cannot be used.
    """
    if api_url := environment.get("AVOCET_API_URL"):
        return Deployment.of_urls(
            api_url=api_url,
            cognito_url=environment.get("AVOCET_COGNITO_URL", ""),
            client_id=environment.get("AVOCET_CLIENT_ID", ""),
            page_url=environment.get("AVOCET_PAGE_URL", ""),
            origin="AVOCET_API_URL",
        )
    if home := environment.get("AVOCET_HOME"):
        local = Path(home) / LOCAL_FILE
        if not local.is_file():
            raise NoDeploymentError(f"AVOCET_HOME names {home}, where no embedded cloud runs; start it with `make up`.")
        return _read_local(local)
    choice = config_dir / _CHOICE_FILE
    if choice.is_file():
        document = _read_object(choice)
        return Deployment.of_urls(
            api_url=_text(document, "api_url", choice),
            cognito_url=_text(document, "cognito_url", choice),
            client_id=_text(document, "client_id", choice),
            page_url=str(document.get("page_url", "")),
            origin=str(choice),
        )
    for folder in _folders(cwd, package_dir):
        local = folder / HOME_FOLDER / LOCAL_FILE
        if local.is_file():
            return _read_local(local)
    raise NoDeploymentError(
        "No Avocet found: start the embedded one with `make up`, or name a hosted one with `avocet login --page URL`."
    )


def save_choice(config_dir: Path, deployment: Deployment) -> None:
    """Make ``deployment`` the one that later commands talk to."""
    document = {
        "api_url": deployment.api_url,
        "cognito_url": deployment.cognito_url,
        "client_id": deployment.client_id,
        "page_url": deployment.page_url,
    }
    write_private(config_dir / _CHOICE_FILE, json.dumps(document, indent=2) + "\n")


def forget_choice(config_dir: Path) -> bool:
    """Go back to the embedded cloud; return whether a hosted one had been chosen."""
    choice = config_dir / _CHOICE_FILE
    had_one = choice.is_file()
    choice.unlink(missing_ok=True)
    return had_one


def _folders(cwd: Path, package_dir: Path) -> Iterator[Path]:
    yield cwd
    yield from cwd.parents
    yield package_dir.parent


def _read_local(path: Path) -> Deployment:
    document = _read_object(path)
    accounts = document.get("accounts")
    if not isinstance(accounts, dict):
        raise BrokenSettingsError(f"{path} names no accounts; write it afresh with `make up`.")
    return Deployment(
        api_url=checked_url(_text(document, "api_url", path), str(path)),
        cognito_url=checked_url(_text(document, "cognito_url", path), str(path)),
        client_id=_text(document, "client_id", path),
        page_url=str(document.get("page_url") or ""),
        inbox_url=checked_url(str(document["inbox_url"]), str(path)) if document.get("inbox_url") else "",
        demo_accounts={
            role: Account(username=_text(account, "username", path), password=_text(account, "password", path))
            for role, account in accounts.items()
            if isinstance(account, dict)
        },
        origin=str(path),
    )


def _read_object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BrokenSettingsError(f"{path} cannot be read: {os.strerror(error.errno or 0)}.") from error
    except ValueError as error:
        raise BrokenSettingsError(f"{path} is not JSON; it may be half-written.") from error
    if not isinstance(document, dict):
        raise BrokenSettingsError(f"{path} does not hold a JSON object.")
    return document


def _text(document: Mapping[str, Any], key: str, path: Path) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise BrokenSettingsError(f"{path} says nothing about {key!r}.")
    return value
