"""Clients for one place, emulated or real, and the environment its command-line tools need."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_EMULATED_REGION = "us-east-1"


@dataclass(frozen=True)
class Place:
    """Where calls go.

    Attributes:
        environment: Name of the environment, as in the stacks' names.
        endpoint: Where the emulator answers; None for AWS itself.
    """

    environment: str
    endpoint: str | None = None

    @property
    def region(self) -> str:
        """The region everything is in; the emulator's is fixed."""
        if self.endpoint is not None:
            return _EMULATED_REGION
        return str(boto3.session.Session().region_name or "")

    def client(self, service: str) -> Any:
        """Return a client of ``service``."""
        return _client(service, self.endpoint)

    def tool_environment(self) -> dict[str, str]:
        """Return the environment for the CDK command line and the app it runs."""
        quiet = {
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NODE_NO_WARNINGS": "1",
            # Bytecode of the construct library is worth seven seconds from the second run on.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        if self.endpoint is None:
            return {**os.environ, **quiet}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **kept,
            **quiet,
            # Checking the templates costs eight seconds; tests and real deployments do it.
            "CDK_VALIDATION": "false",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_REGION": _EMULATED_REGION,
            "AWS_DEFAULT_REGION": _EMULATED_REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }


@cache
def _client(service: str, endpoint: str | None) -> Any:
    # The stubs know every service by its literal name; here it is a variable.
    make: Any = boto3.client
    if endpoint is None:
        return make(service)
    return make(
        service,
        endpoint_url=endpoint,
        region_name=_EMULATED_REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 (the emulator takes any)
        config=Config(proxies={}, s3={"addressing_style": "path"}, retries={"max_attempts": 3}),
    )
