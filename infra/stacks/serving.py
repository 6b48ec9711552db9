"""What answers: the REST API, one function for each verb, and the sweep that finishes what a crash left open."""

from dataclasses import replace
from pathlib import Path

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from avocet.settings import (
    DATASET_BY_STATE_INDEX,
    FEEDBACK_TIMEOUT_S,
    JOBS_CLOSED_INDEX,
    PHOTOS_OPEN_INTENTS_INDEX,
    SETTLE_TIMEOUT_S,
    Settings,
)
from infra.constructs.api import STAGE, Api, Route
from infra.constructs.function import VerbFunction, VerbSpec
from infra.constructs.layers import LayerAssets, StackLayers
from infra.environments import Environment
from infra.stacks.learning import LearningStack
from infra.stacks.storage import StorageStack

_ONE_VCPU_MB = 1769
_GATEWAY_LIMIT_S = 29
_PHOTOS = "photos/"
_BUNDLES = "bundles/"
_CATALOGUE = "catalogue/"

ROUTES = (
    Route(method="POST", path="/uploads", verb="upload", rate_per_s=20, burst=40),
    Route(method="POST", path="/predictions", verb="predict", rate_per_s=20, burst=40),
    Route(method="GET", path="/predictions/{id}", verb="get_prediction"),
    Route(method="POST", path="/predictions/{id}/feedback", verb="feedback", rate_per_s=20, burst=40),
    Route(method="GET", path="/species", verb="species", is_public=True),
    Route(method="GET", path="/species/{id}", verb="species", is_public=True),
    Route(method="PUT", path="/admin/species/names", verb="import_names", rate_per_s=1, burst=2),
    Route(method="GET", path="/status", verb="status", is_public=True, rate_per_s=20, burst=40),
    Route(method="GET", path="/stats", verb="stats", is_public=True, rate_per_s=20, burst=40),
    Route(method="POST", path="/contributions/{id}/correction", verb="correction", rate_per_s=20, burst=40),
    Route(method="GET", path="/admin/jobs", verb="jobs"),
    Route(method="POST", path="/admin/jobs", verb="jobs"),
    Route(method="GET", path="/admin/jobs/{id}", verb="jobs"),
    Route(method="GET", path="/admin/dataset", verb="dataset"),
    Route(method="GET", path="/admin/dataset/snapshots/{id}", verb="dataset"),
    Route(method="POST", path="/admin/dataset/known", verb="dataset"),
    Route(method="POST", path="/admin/dataset/photos", verb="dataset"),
    Route(method="DELETE", path="/admin/dataset/photos/{id}", verb="dataset"),
    Route(method="POST", path="/admin/dataset/photos/{id}/correction", verb="dataset"),
    Route(method="GET", path="/openapi.json", verb="openapi", is_public=True, rate_per_s=10, burst=20),
)

_WITH_PHOTOS = ("core", "runtime", "inference")
SPECS = {
    spec.verb: spec
    for spec in (
        VerbSpec(verb="upload"),
        VerbSpec(verb="predict", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=_GATEWAY_LIMIT_S),
        VerbSpec(verb="feedback", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=FEEDBACK_TIMEOUT_S),
        VerbSpec(verb="get_prediction"),
        VerbSpec(verb="species"),
        VerbSpec(verb="import_names", memory_mb=_ONE_VCPU_MB, timeout_s=_GATEWAY_LIMIT_S),
        VerbSpec(verb="stats"),
        VerbSpec(verb="status"),
        VerbSpec(verb="correction", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=FEEDBACK_TIMEOUT_S),
        VerbSpec(verb="jobs"),
        VerbSpec(verb="dataset", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=_GATEWAY_LIMIT_S),
        VerbSpec(verb="openapi", layers=("core",), memory_mb=256),
        VerbSpec(verb="settle", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=SETTLE_TIMEOUT_S),
    )
}


class ServingStack(Stack):
    """API, functions, schedule."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Environment,
        page_origin: str,
        storage: StorageStack,
        learning: LearningStack,
        user_pool: cognito.IUserPool,
        functions_dir: Path,
        layer_assets: LayerAssets,
    ) -> None:
        """Make the stack for ``place``."""
        super().__init__(scope, construct_id, description=f"Avocet ({place.name}): the REST API")
        self._place = place
        self._storage = storage
        self._learning = learning
        self._page_origin = page_origin
        self._functions_dir = functions_dir
        self._layers = StackLayers(self, "Layers", assets=layer_assets)
        self._dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )

        self._functions = {verb: self._function(spec) for verb, spec in SPECS.items()}
        self._grant()
        self._sweep(self._functions["settle"])
        self.api = Api(
            self,
            "Api",
            place=place,
            page_origin=page_origin,
            user_pool=user_pool,
            routes=ROUTES,
            functions={verb: made.function for verb, made in self._functions.items()},
        )
        CfnOutput(self, "ApiUrl", value=place.api_url(self.api.rest_api.rest_api_id, STAGE, self))
        CfnOutput(self, "DeadLettersUrl", value=self._dead_letters.queue_url)

    def _function(self, spec: VerbSpec) -> VerbFunction:
        return VerbFunction(
            self,
            spec=spec,
            place=self._place,
            settings=self._settings(),
            layers=self._layers,
            functions_dir=self._functions_dir,
            dead_letters=self._dead_letters if spec.verb == "settle" else None,
        )

    def _settings(self) -> Settings:
        return replace(
            self._learning.settings,
            people_table=self._storage.people_table.table_name,
            page_origin=self._page_origin,
        )

    def _grant(self) -> None:
        """Give each function what its verb does, named action by action."""
        storage, functions = self._storage, self._functions
        photos, models, people = storage.photos_table, storage.models_table, storage.people_table

        functions["upload"].allow(["dynamodb:GetItem", "dynamodb:PutItem"], [photos.table_arn])
        functions["upload"].allow_objects(["s3:PutObject"], storage.uploads_bucket, under=_PHOTOS)

        predict = functions["predict"]
        predict.allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], [photos.table_arn])
        predict.allow_objects(["s3:GetObject", "s3:PutObject"], storage.uploads_bucket, under=_PHOTOS)
        predict.allow(["s3:ListBucket"], [storage.uploads_bucket.bucket_arn])

        for verb in ("feedback", "settle", "correction"):
            moves = functions[verb]
            moves.allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], [photos.table_arn])
            moves.allow_objects(["s3:GetObject"], storage.uploads_bucket, under=_PHOTOS)
            moves.allow_objects(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], storage.raw_bucket)
            # Without the right to list, S3 says 403 of a key that is not there, and absence looks like a fault.
            moves.allow(["s3:ListBucket"], [storage.uploads_bucket.bucket_arn, storage.raw_bucket.bucket_arn])
        functions["feedback"].allow(["dynamodb:GetItem"], [people.table_arn])
        functions["settle"].allow(["dynamodb:Query"], [_index(photos, PHOTOS_OPEN_INTENTS_INDEX)])

        self._grant_dataset()
        functions["get_prediction"].allow(["dynamodb:GetItem"], [photos.table_arn])
        functions["stats"].allow(["dynamodb:BatchGetItem"], [photos.table_arn])

        for verb in ("predict", "species", "status"):
            functions[verb].allow(["dynamodb:GetItem"], [models.table_arn])
            functions[verb].allow_objects(["s3:GetObject"], storage.models_bucket, under=_BUNDLES)
        functions["species"].allow_objects(["s3:GetObject"], storage.models_bucket, under=_CATALOGUE)
        functions["import_names"].allow_objects(["s3:PutObject"], storage.models_bucket, under=_CATALOGUE)

    def _grant_dataset(self) -> None:
        """Give what the dataset's verbs do; refreshing itself is the learning stack's."""
        storage, functions, learning = self._storage, self._functions, self._learning
        dataset_table, jobs_table = storage.dataset_table, storage.jobs_table
        for verb in ("jobs", "dataset"):
            learning.allow_asking_for_jobs(functions[verb])
        functions["jobs"].allow(["dynamodb:Query"], [_index(jobs_table, JOBS_CLOSED_INDEX)])
        functions["status"].allow(["dynamodb:GetItem"], [jobs_table.table_arn])
        for verb in ("stats", "species"):
            functions[verb].allow(["dynamodb:GetItem"], [dataset_table.table_arn])
        dataset = functions["dataset"]
        dataset.allow(["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"], [dataset_table.table_arn])
        dataset.allow(["dynamodb:Query"], [_index(dataset_table, DATASET_BY_STATE_INDEX)])
        dataset.allow_objects(["s3:PutObject"], storage.raw_bucket)
        dataset.allow_objects(["s3:GetObject", "s3:PutObject"], storage.clean_bucket)
        dataset.allow(["s3:ListBucket"], [storage.clean_bucket.bucket_arn])

    def _sweep(self, settle: VerbFunction) -> None:
        events.Rule(
            self,
            "SettleOpenIntents",
            description="Finishes feedback that a crash left half-done.",
            schedule=events.Schedule.rate(Duration.minutes(5)),
            targets=[
                targets.LambdaFunction(
                    settle.function,
                    dead_letter_queue=self._dead_letters,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ],
        )


def _index(table: dynamodb.ITable, name: str) -> str:
    return f"{table.table_arn}/index/{name}"
