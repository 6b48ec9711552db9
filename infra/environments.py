"""Where Avocet can be deployed, and everything that differs between those places; nothing else asks for a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import Fn, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront

_DEFAULT_PORT = 4566


class UnknownEnvironmentError(ValueError):
    """The environment asked for is not one of those below."""


class IncompleteDomainError(ValueError):
    """An own domain lacks its certificate, or a certificate its domain."""


_MAX_RUNTIME_S = 6 * 3600
_MIN_RUNTIME_S = 1800
_HEX_DIGITS = 16
# API Gateway itself waits no longer.
_GATEWAY_LIMIT_S = 29


class UselessCapError(ValueError):
    """A training's cap on cost leaves it no time to learn anything."""


@dataclass(frozen=True, kw_only=True)
class TrainingMachine:
    """What SageMaker runs a recipe on, and the most that one training may cost.

    Attributes:
        instance_type: The machine.
        has_gpu: Whether it gets the image with CUDA.
        hourly_usd: Its price on demand in us-east-1 as of November 2026; spot is billed below it, never above.
        most_usd: The cap; time on the machine is cut so that even on demand it is not passed.
        volume_gb: Its disk: decoded photos take 150 KB each.
        is_spot: Whether it runs on spare capacity.
        max_waiting_s: How long it may wait for that, beside the time it runs.
    """

    instance_type: str
    has_gpu: bool
    hourly_usd: float
    most_usd: float
    volume_gb: int
    is_spot: bool = True
    max_waiting_s: int = 6 * 3600

    @property
    def max_runtime_s(self) -> int:
        """After how long on the machine it is stopped.

        Raises:
            UselessCapError: The cap buys less than half an hour.
        """
        affordable_s = int(self.most_usd / self.hourly_usd * 3600)
        if affordable_s < _MIN_RUNTIME_S:
            raise UselessCapError(f"{self.most_usd} USD buys {affordable_s} s of {self.instance_type}; raise the cap")
        return min(affordable_s, _MAX_RUNTIME_S)

    @property
    def max_wait_s(self) -> int:
        """After how long in all it is given up, as SageMaker counts: waiting and running together."""
        return self.max_runtime_s + self.max_waiting_s


_HEAD_MACHINE = TrainingMachine(
    instance_type="ml.c5.2xlarge", has_gpu=False, hourly_usd=0.408, most_usd=1.0, volume_gb=30
)
_FULL_MACHINE = TrainingMachine(
    instance_type="ml.g5.xlarge", has_gpu=True, hourly_usd=1.408, most_usd=8.0, volume_gb=100
)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One place to deploy to.

    Attributes:
        name: Prefix of every stack, and what the functions call their stage.
        keeps_data: Whether data outlives its stack: retained, and guarded against deletion.
        is_embedded: Whether this is the emulator on a laptop.
        port: Where the emulator listens; meaningless elsewhere.
        gate_floor_photos: The least a species needs to become trainable, whatever the others have.
        refresh_floor_contributions: The least number of new contributions that starts a refresh by itself, however small
            the dataset.
        kaggle_dataset: The set at Kaggle that is followed.
        shadow_share: The share of photos that a challenger scores too, unseen by people; 0 for none. It is rounded to
            a 256th.
        log_retention_days: How long the logs of functions and of the API are kept.
        training_machines: By recipe, what SageMaker runs it on; a worker beside the emulator needs none.
        tracking_url: An MLflow server that trainings are recorded in; none where it is empty.
        mail_sender: The address that codes and invitations come from, verified in SES; empty for Cognito's own, which
            sends fifty a day.
        domain_name: Where the page is, such as ``birds.example.org``; empty for CloudFront's own name.
        certificate_arn: The certificate of ``domain_name``, in us-east-1, where CloudFront looks for it.
    """

    name: str
    keeps_data: bool = False
    is_embedded: bool = False
    port: int = field(default=_DEFAULT_PORT)
    # One for each split; enough to play through the whole loop, not to learn a bird from.
    gate_floor_photos: int = 3
    refresh_floor_contributions: int = 20
    kaggle_dataset: str = "gpiosenka/100-bird-species"
    shadow_share: float = 0.1
    log_retention_days: int = 30
    training_machines: Mapping[str, TrainingMachine] = field(
        default_factory=lambda: {"head": _HEAD_MACHINE, "full": _FULL_MACHINE}
    )
    tracking_url: str = ""
    mail_sender: str = ""
    domain_name: str = ""
    certificate_arn: str = ""

    def __post_init__(self) -> None:
        """Refuse what CloudFront would only refuse after minutes.

        Raises:
            IncompleteDomainError: When a domain has no certificate in us-east-1, or the other way round.
        """
        if bool(self.domain_name) != self.certificate_arn.startswith("arn:aws:acm:us-east-1:"):
            raise IncompleteDomainError(
                f"{self.name}: domain_name and certificate_arn go together, and the certificate lies in us-east-1"
            )

    @property
    def shadow_sample(self) -> tuple[str, ...]:
        """What the ids of the photos begin with that a challenger scores too.

        The ids are random, so what they begin with is as good as a hash of them; and where events are picked by it, the
        photos that are not meant start nothing at all.
        """
        parts = round(min(max(self.shadow_share, 0.0), 1.0) * _HEX_DIGITS**2)
        whole, rest = divmod(parts, _HEX_DIGITS)
        return (*(f"{digit:x}" for digit in range(whole)), *(f"{whole:x}{digit:x}" for digit in range(rest)))

    @property
    def least_timeout_s(self) -> int:
        """The shortest time a function is given, whatever it asks for: a laptop that does much else is slower than Lambda."""
        return _GATEWAY_LIMIT_S if self.is_embedded else 0

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
        return Fn.join("", ["https://", self.domain_name or distribution.distribution_domain_name])

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
        "local": Environment(name="local", is_embedded=True, port=port, log_retention_days=7, shadow_share=1.0),
        "dev": Environment(name="dev", log_retention_days=14),
        "prod": Environment(name="prod", keeps_data=True, gate_floor_photos=30, log_retention_days=90),
    }
    if name not in known:
        raise UnknownEnvironmentError(f"no environment is called {name!r}; there are {', '.join(known)}")
    return known[name]
