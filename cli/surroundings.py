"""What a command stands on: the environment, the working folder, the network. Tests put their own in its place."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import typer

import cli
from cli.client import ApiClient
from cli.config import Deployment, find_deployment, is_loopback
from cli.identity import Cognito, Identity, Vault

_TIMEOUT = httpx.Timeout(60.0, connect=10.0)


@dataclass(frozen=True)
class Connection:
    """A deployment, who one is there, and its API."""

    deployment: Deployment
    cognito: Cognito
    identity: Identity
    api: ApiClient


@dataclass(frozen=True)
class Surroundings:
    """Everything a command takes from outside.

    Attributes:
        environment: Environment variables.
        cwd: Working folder.
        config_dir: The person's own folder for choices and sign-ins.
        package_dir: Where the command itself is installed.
        transport: Stands in for the network in tests.
        wait: Stands in for waiting in tests.
    """

    environment: Mapping[str, str]
    cwd: Path
    config_dir: Path
    package_dir: Path
    transport: httpx.BaseTransport | None = None
    wait: Callable[[float], None] | None = None

    @classmethod
    def of_this_process(cls) -> "Surroundings":
        """Return the real ones; ``AVOCET_CONFIG_DIR`` moves the person's own folder."""
        config_dir = os.environ.get("AVOCET_CONFIG_DIR") or typer.get_app_dir("avocet")
        return cls(
            environment=os.environ,
            cwd=Path.cwd(),
            config_dir=Path(config_dir),
            package_dir=Path(cli.__file__).parent,
        )

    @property
    def vault(self) -> Vault:
        """The person's remembered sign-ins."""
        return Vault(self.config_dir)

    def deployment(self) -> Deployment:
        """Return the deployment to talk to.

        Raises:
            CommandError: None is known, or it cannot be used.
        """
        return find_deployment(
            environment=self.environment, cwd=self.cwd, config_dir=self.config_dir, package_dir=self.package_dir
        )

    @contextmanager
    def connect(self, deployment: Deployment | None = None) -> Iterator[Connection]:
        """Open a connection to ``deployment`` (by default the one found); nothing is sent yet.

        Raises:
            CommandError: None is known, or it cannot be used.
        """
        deployment = deployment or self.deployment()
        with self.http(deployment.api_url) as http:
            cognito = Cognito(http, deployment)
            identity = Identity(deployment, self.vault, cognito)
            yield Connection(
                deployment, cognito, identity, ApiClient(http, deployment.api_url, identity, wait=self.wait)
            )

    def http(self, url: str) -> httpx.Client:
        """Return a client for ``url``; what stays on this machine never goes through a proxy."""
        return httpx.Client(timeout=_TIMEOUT, transport=self.transport, trust_env=not is_loopback(url))
