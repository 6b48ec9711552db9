"""What makes the dataset grow: a state machine for each kind of job, the topic that tells the admins, and the sweep."""

from dataclasses import replace
from pathlib import Path

from aws_cdk import ArnFormat, CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from avocet.settings import (
    CLEAN_TIMEOUT_S,
    DATASET_BY_STATE_INDEX,
    PHOTOS_FRESH_INDEX,
    WRITE_TIMEOUT_S,
    Settings,
)
from infra.constructs.function import VerbFunction, VerbSpec
from infra.constructs.job_machine import JobMachine, refresh_steps, single_step
from infra.constructs.layers import LayerAssets, StackLayers
from infra.constructs.waivers import waive
from infra.environments import Environment
from infra.stacks.storage import StorageStack

_ONE_VCPU_MB = 1769
_WRITER_MB = 3008
_PHOTOS = "photos/"
_BUNDLES = "bundles/"
_KINDS = ("refresh", "verify")

_WITH_PHOTOS = ("core", "runtime", "inference")
_SPECS = {
    spec.verb: spec
    for spec in (
        VerbSpec(verb="refresh_plan", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="refresh_clean", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=CLEAN_TIMEOUT_S),
        VerbSpec(verb="refresh_write", layers=_WITH_PHOTOS, memory_mb=_WRITER_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="verify_dataset", layers=_WITH_PHOTOS, memory_mb=_WRITER_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="close_job", timeout_s=60),
        VerbSpec(verb="sweep_jobs", timeout_s=60),
    )
}


class LearningStack(Stack):
    """Job machines and what they stand on."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Environment,
        storage: StorageStack,
        functions_dir: Path,
        layer_assets: LayerAssets,
    ) -> None:
        """Make the stack for ``place``."""
        super().__init__(scope, construct_id, description=f"Avocet ({place.name}): the dataset's jobs")
        self._storage = storage
        self.admin_topic = sns.Topic(self, "Admins", enforce_ssl=True)
        waive(
            self.admin_topic,
            {
                "AwsSolutions-SNS2": "Messages hold counts and ids, never people or photos; a key of one's own costs more."
            },
        )
        # By name, not by reference: the functions inside a machine start the next job's machine, which may be their own.
        prefix = f"avocet-{place.name}-"
        self._machines_arn = self.format_arn(
            service="states", resource="stateMachine", resource_name=prefix, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self.settings = Settings(
            stage=place.name,
            uploads_bucket=storage.uploads_bucket.bucket_name,
            raw_bucket=storage.raw_bucket.bucket_name,
            clean_bucket=storage.clean_bucket.bucket_name,
            models_bucket=storage.models_bucket.bucket_name,
            photos_table=storage.photos_table.table_name,
            models_table=storage.models_table.table_name,
            dataset_table=storage.dataset_table.table_name,
            jobs_table=storage.jobs_table.table_name,
            job_machines=self._machines_arn,
            job_kinds=",".join(_KINDS),
            admin_topic=self.admin_topic.topic_arn,
            gate_floor_photos=str(place.gate_floor_photos),
        )
        self._dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        layers = StackLayers(self, "Layers", assets=layer_assets)
        self._functions = {
            verb: VerbFunction(
                self,
                spec=spec,
                place=place,
                settings=replace(self.settings),
                layers=layers,
                functions_dir=functions_dir,
                dead_letters=self._dead_letters if verb == "sweep_jobs" else None,
            )
            for verb, spec in _SPECS.items()
        }
        self._grant()
        self._sweep()
        of = {verb: made.function for verb, made in self._functions.items()}
        for kind, steps in (
            (
                "refresh",
                refresh_steps(
                    plan=of["refresh_plan"].function_arn,
                    clean=of["refresh_clean"].function_arn,
                    write=of["refresh_write"].function_arn,
                    close=of["close_job"].function_arn,
                ),
            ),
            ("verify", single_step(of["verify_dataset"].function_arn, close=of["close_job"].function_arn)),
        ):
            JobMachine(self, kind, place=place, name=prefix + kind, steps=steps, functions=list(of.values()))
        CfnOutput(self, "AdminTopicArn", value=self.admin_topic.topic_arn)

    def allow_asking_for_jobs(self, function: VerbFunction) -> None:
        """Let a function ask for jobs, look at them, and start those whose turn has come."""
        function.allow(["dynamodb:GetItem", "dynamodb:PutItem"], [self._storage.jobs_table.table_arn])
        function.allow(["states:StartExecution"], [f"{self._machines_arn}{kind}" for kind in _KINDS])
        function.allow(["sns:Publish"], [self.admin_topic.topic_arn])

    def _grant(self) -> None:
        """Give each function what its verb does, named action by action."""
        storage, functions = self._storage, self._functions
        dataset, photos = storage.dataset_table, storage.photos_table
        for function in functions.values():
            self.allow_asking_for_jobs(function)
        for verb in ("refresh_plan", "refresh_clean", "refresh_write", "verify_dataset", "close_job"):
            works = functions[verb]
            works.allow_objects(["s3:GetObject", "s3:PutObject"], storage.clean_bucket)
            works.allow(["s3:ListBucket", "s3:ListBucketVersions"], [storage.clean_bucket.bucket_arn])
            works.allow(
                [
                    "dynamodb:GetItem",
                    "dynamodb:BatchGetItem",
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:BatchWriteItem",
                    "dynamodb:ConditionCheckItem",
                ],
                [dataset.table_arn],
            )
        for verb in ("refresh_plan", "refresh_write", "close_job"):
            functions[verb].allow_objects(["s3:DeleteObject", "s3:DeleteObjectVersion"], storage.clean_bucket)
        for verb in ("refresh_plan", "refresh_write"):
            # Both finish what an earlier writer left, erasures included.
            writes = functions[verb]
            writes.allow(
                ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
                [photos.table_arn],
            )
            writes.allow(
                ["dynamodb:Query"], [_index(photos, PHOTOS_FRESH_INDEX), _index(dataset, DATASET_BY_STATE_INDEX)]
            )
            erases = ["s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
            writes.allow_objects(erases, storage.raw_bucket)
            writes.allow_objects(erases, storage.uploads_bucket, under=_PHOTOS)
            for bucket in (storage.raw_bucket, storage.uploads_bucket):
                writes.allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket.bucket_arn])
        cleans = functions["refresh_clean"]
        cleans.allow_objects(["s3:GetObject"], storage.raw_bucket)
        cleans.allow(["s3:ListBucket"], [storage.raw_bucket.bucket_arn])
        for verb in ("refresh_clean", "refresh_write"):
            functions[verb].allow(["dynamodb:GetItem"], [storage.models_table.table_arn])
            functions[verb].allow_objects(["s3:GetObject"], storage.models_bucket, under=_BUNDLES)

    def _sweep(self) -> None:
        events.Rule(
            self,
            "SweepSchedule",
            description="Finds jobs nobody has heard from.",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[
                targets.LambdaFunction(
                    self._functions["sweep_jobs"].function,
                    dead_letter_queue=self._dead_letters,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ],
        )


def _index(table: dynamodb.ITable, name: str) -> str:
    return f"{table.table_arn}/index/{name}"
