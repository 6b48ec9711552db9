"""A verb of Avocet as a Lambda function with a role and a log of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from avocet.settings import FUNCTION_ERRORS_METRIC, PROCESS_ENVIRONMENT, Settings, metrics_namespace
from infra.constructs.layers import RUNTIME, StackLayers
from infra.constructs.waivers import objects_finding, waive
from infra.environments import Environment

_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
}


@dataclass(frozen=True, kw_only=True)
class VerbSpec:
    """What one function needs to run.

    Attributes:
        verb: Its folder under ``functions/``.
        layers: Names of the layers it imports from.
        memory_mb: Memory, which also sets its share of a CPU: 1769 MB is one whole vCPU.
        timeout_s: After how long it is stopped; API Gateway itself gives up after 29 s.
    """

    verb: str
    layers: Sequence[str] = ("core", "runtime")
    memory_mb: int = 512
    timeout_s: int = 10

    @property
    def construct_id(self) -> str:
        """Its name in the template."""
        return "".join(word.title() for word in self.verb.split("_"))


def log_group(scope: Construct, construct_id: str, place: Environment) -> logs.LogGroup:
    """Make a log group that is kept as long as ``place`` says and goes with its stack."""
    return logs.LogGroup(
        scope,
        construct_id,
        retention=_RETENTION[place.log_retention_days],
        removal_policy=RemovalPolicy.DESTROY,
    )


def called_again_as(place: Environment, verb: str) -> str:
    """Return the name of a function whose failed events are kept; other stacks know it by this, not by reference."""
    return f"avocet-{place.name}-{verb.replace('_', '-')}"


class VerbFunction(Construct):
    """One function, its role (which can do nothing but write its own log until told otherwise) and its log group."""

    def __init__(
        self,
        scope: Construct,
        *,
        spec: VerbSpec,
        place: Environment,
        settings: Settings,
        layers: StackLayers,
        functions_dir: Path,
        dead_letters: sqs.IQueue | None = None,
    ) -> None:
        """Make the function of ``functions_dir/<verb>`` with ``settings`` as its environment.

        What is called asynchronously gets ``dead_letters``, where the events it failed on go, as a destination and not as
        Lambda's older dead-letter queue: only a destination is told whose event it was. It has a name of its own, by which it is called again.
        """
        super().__init__(scope, spec.construct_id)
        self.verb = spec.verb
        group = log_group(self, "Log", place)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=lambda_.Architecture.X86_64,
            code=lambda_.Code.from_asset(str(functions_dir / spec.verb), exclude=["__pycache__", "*.pyc"]),
            handler="handler.handler",
            layers=[layers.version(name) for name in spec.layers],
            environment=settings.to_environment() | PROCESS_ENVIRONMENT,
            memory_size=spec.memory_mb,
            timeout=Duration.seconds(max(spec.timeout_s, place.least_timeout_s)),
            role=self.role,
            log_group=group,
            on_failure=destinations.SqsDestination(dead_letters) if dead_letters else None,
            function_name=called_again_as(place, spec.verb) if dead_letters else None,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            description=f"Avocet ({place.name}): {spec.verb}",
        )

        # One sum of Avocet's own functions: Lambda's own metrics are of one function, or of everybody's in the account.
        group.add_metric_filter(
            "Errors",
            filter_pattern=logs.FilterPattern.literal(
                '{ ($.type = "platform.report") && ($.record.status != "success") }'
            ),
            metric_namespace=metrics_namespace(place.name),
            metric_name=FUNCTION_ERRORS_METRIC,
            metric_value="1",
        )
        waive(self.role, {"AwsSolutions-IAM5[Resource::*]": "Tracing knows no resources of one's own."})
        waive(self.function, {"AwsSolutions-L1": "Layers hold wheels for this interpreter; both move together."})

    def allow(self, actions: Sequence[str], resources: Sequence[str]) -> None:
        """Let the function do ``actions`` on ``resources`` (ARNs), and nothing beside them."""
        self.function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))

    def allow_objects(self, actions: Sequence[str], bucket: s3.IBucket, *, under: str = "") -> None:
        """Let the function do ``actions`` on the objects of ``bucket`` whose keys begin with ``under``.

        Keys are not known beforehand, so a wildcard stands at the end; it is the only one, and it is waived here.
        """
        self.allow(actions, [bucket.arn_for_objects(f"{under}*")])
        waive(self, {objects_finding(bucket, under): "Keys of photos and bundles are not known beforehand."})
