"""Where Avocet can be deployed, and everything that differs between those places; nothing else asks for a name."""

from dataclasses import dataclass, field

from aws_cdk import Fn, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront

_DEFAULT_PORT = 4566


class UnknownEnvironmentError(ValueError):
    """The environment asked for is not one of those below."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One place to deploy to.

    Attributes:
        name: Prefix of every stack, and what the functions call their stage.
        keeps_data: Whether data outlives its stack: retained, and guarded against deletion.
        is_embedded: Whether this is the emulator on a laptop.
        port: Where the emulator listens; meaningless elsewhere.
        gate_floor_photos: The least a species needs to become trainable, whatever the others have.
        log_retention_days: How long the logs of functions and of the API are kept.
    """

    name: str
    keeps_data: bool = False
    is_embedded: bool = False
    port: int = field(default=_DEFAULT_PORT)
    # One for each split; enough to play through the whole loop, not to learn a bird from.
    gate_floor_photos: int = 3
    log_retention_days: int = 30

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of a bucket, a table or the user pool whose stack is deleted."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY

    @property
    def viewer_protocol_policy(self) -> cloudfront.ViewerProtocolPolicy:
        """HTTPS only, except in the emulator, which has no certificate."""
        if self.is_embedded:
            return cloudfront.ViewerProtocolPolicy.ALLOW_ALL
        return cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS

    def page_origin(self, distribution: cloudfront.IDistribution) -> str:
        """Return the one origin that the page is served from, as browsers write it."""
        if self.is_embedded:
            label = Fn.select(0, Fn.split(".", distribution.distribution_domain_name))
            return Fn.join("", ["http://", label, f".cloudfront.localhost:{self.port}"])
        return Fn.join("", ["https://", distribution.distribution_domain_name])

    def api_url(self, rest_api_id: str, stage_name: str, scope: Stack) -> str:
        """Return the address of the API's stage, without a slash at its end."""
        if self.is_embedded:
            return Fn.join("", [f"http://127.0.0.1:{self.port}/_aws/execute-api/", rest_api_id, f"/{stage_name}"])
        host = Fn.join(".", [rest_api_id, "execute-api", scope.region, scope.url_suffix])
        return Fn.join("", ["https://", host, f"/{stage_name}"])


def environment(name: str, *, port: int = _DEFAULT_PORT) -> Environment:
    """Return the environment called ``name``: ``local``, ``dev`` or ``prod``.

    Raises:
        UnknownEnvironmentError: When there is none of that name.
    """
    known = {
        "local": Environment(name="local", is_embedded=True, port=port, log_retention_days=7),
        "dev": Environment(name="dev", log_retention_days=14),
        "prod": Environment(name="prod", keeps_data=True, gate_floor_photos=30, log_retention_days=90),
    }
    if name not in known:
        raise UnknownEnvironmentError(f"no environment is called {name!r}; there are {', '.join(known)}")
    return known[name]
