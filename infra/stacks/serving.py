"""What answers: the REST API, one function for each verb, and the sweep that finishes what a crash left open."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aws_cdk import ArnFormat, CfnOutput, Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from avocet.settings import (
    DATASET_BY_LABEL_INDEX,
    DATASET_BY_STATE_INDEX,
    FEEDBACK_TIMEOUT_S,
    FULFIL_TIMEOUT_S,
    LAST_CHECK_KEY,
    MODELS_LISTED_INDEX,
    PHOTOS_BY_OWNER_INDEX,
    PHOTOS_FRESH_INDEX,
    PHOTOS_OPEN_INTENTS_INDEX,
    SETTLE_TIMEOUT_S,
    SHADOW_PREFIX,
    SHADOW_TIMEOUT_S,
    Settings,
)
from infra.constructs.api import STAGE, Api, Route
from infra.constructs.function import VerbFunction, VerbSpec, called_again_as
from infra.constructs.layers import LayerAssets, StackLayers
from infra.environments import Environment
from infra.stacks.learning import SCHEDULED, LearningStack
from infra.stacks.storage import StorageStack

_ONE_VCPU_MB = 1769
_GATEWAY_LIMIT_S = 29
_PHOTOS = "photos/"
_BUNDLES = "bundles/"
_CATALOGUE = "catalogue/"
_EVALUATIONS = "evaluations/"
_NUMBERS = "numbers/"
_EXPORTS = "exports/"
_PICTURES = "references/"
_TOMBSTONES = "tombstones/"
_SKETCHES = "embeddings/sketches/"
# A request that failed comes back when the function that had it is surely gone, and goes to the dead letters after so many.
_FULFIL_ATTEMPTS = 5
_DRIFT_REPORTS = "drift-reports/"
_CALLED_BY_NOBODY_WHO_WAITS = ("settle", "shadow")
_SHADOW_BATCH = 10
_SHADOW_WINDOW_S = 30
_SHADOW_ATTEMPTS = 5

ROUTES = (
    Route(method="POST", path="/uploads", verb="upload", rate_per_s=20, burst=40),
    Route(method="POST", path="/predictions", verb="predict", rate_per_s=20, burst=40),
    Route(method="GET", path="/predictions/{id}", verb="get_prediction"),
    Route(method="POST", path="/predictions/{id}/feedback", verb="feedback", rate_per_s=20, burst=40),
    Route(method="GET", path="/species", verb="species", is_public=True),
    Route(method="GET", path="/species/{id}", verb="species", is_public=True),
    Route(method="PUT", path="/admin/species/names", verb="import_names", rate_per_s=1, burst=2),
    Route(method="POST", path="/admin/species/names", verb="species", rate_per_s=10, burst=20),
    Route(method="GET", path="/status", verb="status", is_public=True, rate_per_s=20, burst=40),
    Route(method="GET", path="/stats", verb="stats", is_public=True, rate_per_s=20, burst=40),
    Route(method="POST", path="/contributions/{id}/correction", verb="correction", rate_per_s=20, burst=40),
    Route(method="GET", path="/me/contributions", verb="me", rate_per_s=20, burst=40),
    Route(method="DELETE", path="/me/contributions/{id}", verb="me", rate_per_s=20, burst=40),
    Route(method="GET", path="/me/export", verb="me", rate_per_s=5, burst=10),
    Route(method="PUT", path="/me/terms", verb="me", rate_per_s=5, burst=10),
    Route(method="DELETE", path="/me", verb="me", rate_per_s=1, burst=5),
    Route(method="GET", path="/admin/review", verb="review"),
    Route(method="POST", path="/admin/review/{id}", verb="review"),
    Route(method="GET", path="/admin/review/{id}/look-alikes", verb="review", rate_per_s=20, burst=40),
    Route(method="GET", path="/admin/audit", verb="review"),
    Route(method="GET", path="/admin/users", verb="users"),
    Route(method="POST", path="/admin/users", verb="users", rate_per_s=1, burst=5),
    Route(method="PATCH", path="/admin/users/{id}", verb="users", rate_per_s=5, burst=10),
    Route(method="DELETE", path="/admin/users/{id}", verb="users", rate_per_s=1, burst=5),
    Route(method="GET", path="/admin/users/{id}/trust", verb="users", rate_per_s=5, burst=10),
    Route(method="GET", path="/admin/notifications", verb="users"),
    Route(method="PUT", path="/admin/notifications", verb="users", rate_per_s=1, burst=5),
    Route(method="GET", path="/admin/jobs", verb="jobs"),
    Route(method="POST", path="/admin/jobs", verb="jobs"),
    Route(method="GET", path="/admin/jobs/{id}", verb="jobs"),
    Route(method="DELETE", path="/admin/jobs/{id}", verb="jobs"),
    Route(method="GET", path="/admin/jobs/{id}/log", verb="jobs"),
    Route(method="GET", path="/admin/jobs/{id}/learning-curve", verb="jobs"),
    Route(method="GET", path="/admin/dataset", verb="dataset"),
    Route(method="GET", path="/admin/dataset/labels", verb="dataset"),
    Route(method="PUT", path="/admin/dataset/labels/{id}", verb="dataset"),
    Route(method="POST", path="/admin/species", verb="dataset"),
    Route(method="GET", path="/admin/dataset/snapshots/{id}", verb="dataset"),
    Route(method="POST", path="/admin/dataset/known", verb="dataset"),
    Route(method="POST", path="/admin/dataset/photos", verb="dataset"),
    Route(method="DELETE", path="/admin/dataset/photos/{id}", verb="dataset"),
    Route(method="POST", path="/admin/dataset/photos/{id}/correction", verb="dataset"),
    Route(method="GET", path="/admin/models", verb="models"),
    Route(method="GET", path="/admin/models/{version}", verb="models"),
    Route(method="GET", path="/admin/models/{version}/confusion", verb="models", rate_per_s=5, burst=10),
    Route(method="GET", path="/admin/models/{version}/learning-curve", verb="models", rate_per_s=5, burst=10),
    Route(method="GET", path="/admin/models/{version}/shadow", verb="models", rate_per_s=5, burst=10),
    Route(method="GET", path="/admin/models/{version}/photos", verb="models", rate_per_s=5, burst=10),
    Route(method="GET", path="/admin/models/comparison", verb="models", rate_per_s=2, burst=5),
    Route(method="GET", path="/admin/models/champion", verb="models"),
    Route(method="PUT", path="/admin/models/champion", verb="models", rate_per_s=2, burst=5),
    Route(method="POST", path="/admin/models/rollback", verb="models", rate_per_s=2, burst=5),
    Route(method="GET", path="/admin/drift-reports", verb="drift_reports"),
    Route(method="GET", path="/admin/drift-reports/{id}", verb="drift_reports"),
    Route(method="GET", path="/admin/dead-letters", verb="tend_dead_letters", rate_per_s=2, burst=5),
    Route(method="POST", path="/admin/dead-letters/{id}", verb="tend_dead_letters", rate_per_s=5, burst=10),
    Route(method="DELETE", path="/admin/dead-letters/{id}", verb="tend_dead_letters", rate_per_s=5, burst=10),
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
        VerbSpec(verb="me", timeout_s=_GATEWAY_LIMIT_S),
        VerbSpec(verb="fulfil", timeout_s=FULFIL_TIMEOUT_S, memory_mb=1024),
        VerbSpec(verb="review", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=FEEDBACK_TIMEOUT_S),
        VerbSpec(verb="users", timeout_s=_GATEWAY_LIMIT_S),
        # Cold, on a busy machine, it has been cut off at ten seconds.
        VerbSpec(verb="jobs", timeout_s=_GATEWAY_LIMIT_S),
        VerbSpec(verb="dataset", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=_GATEWAY_LIMIT_S),
        # Opens bundles before they may serve.
        VerbSpec(verb="models", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=_GATEWAY_LIMIT_S),
        VerbSpec(verb="tend_dead_letters", timeout_s=_GATEWAY_LIMIT_S),
        VerbSpec(verb="drift_reports"),
        VerbSpec(verb="openapi", layers=("core",), memory_mb=256),
        VerbSpec(verb="shadow", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=SHADOW_TIMEOUT_S),
        VerbSpec(verb="settle", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=SETTLE_TIMEOUT_S),
    )
}


def dead_alarms_queue(place: Environment) -> str:
    """Return the name of the queue of alarms that could not be told."""
    return f"avocet-{place.name}-watching-dead-letters"


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
        self._user_pool = user_pool
        self._page_origin = page_origin
        self._functions_dir = functions_dir
        self._layers = StackLayers(self, "Layers", assets=layer_assets)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.data_requests = sqs.Queue(
            self,
            "DataRequests",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            visibility_timeout=Duration.seconds(FULFIL_TIMEOUT_S + 60),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=_FULFIL_ATTEMPTS),
        )

        self._functions = {verb: self._function(spec) for verb, spec in SPECS.items()}
        self._grant()
        self._tend_dead_letters()
        self._sweep(self._functions["settle"])
        self._shadow(self._functions["shadow"])
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
        CfnOutput(self, "DataRequestsUrl", value=self.data_requests.queue_url)
        CfnOutput(self, "DeadLettersUrl", value=self.dead_letters.queue_url)
        if place.tracking_url:
            CfnOutput(self, "TrackingUrl", value=place.tracking_url)

    def function(self, verb: str) -> lambda_.IFunction:
        """Return the function of a verb, to be watched."""
        return self._functions[verb].function

    def _function(self, spec: VerbSpec) -> VerbFunction:
        return VerbFunction(
            self,
            spec=spec,
            place=self._place,
            settings=self._settings(),
            layers=self._layers,
            functions_dir=self._functions_dir,
            dead_letters=self.dead_letters if spec.verb in _CALLED_BY_NOBODY_WHO_WAITS else None,
        )

    def _settings(self) -> Settings:
        return replace(
            self._learning.settings,
            people_table=self._storage.people_table.table_name,
            user_pool_id=self._user_pool.user_pool_id,
            data_requests_queue=self.data_requests.queue_url,
            page_origin=self._page_origin,
            has_inbox_only="yes" if self._place.is_embedded else "",
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

        for verb in ("feedback", "settle", "correction", "review"):
            moves = functions[verb]
            moves.allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], [photos.table_arn])
            moves.allow_objects(["s3:GetObject"], storage.uploads_bucket, under=_PHOTOS)
            moves.allow_objects(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], storage.raw_bucket)
            # Without the right to list, S3 says 403 of a key that is not there, and absence looks like a fault.
            moves.allow(["s3:ListBucket"], [storage.uploads_bucket.bucket_arn, storage.raw_bucket.bucket_arn])
        functions["feedback"].allow(["dynamodb:GetItem"], [people.table_arn])
        functions["settle"].allow(["dynamodb:Query"], [_index(photos, PHOTOS_OPEN_INTENTS_INDEX)])

        self._grant_dataset()
        self._grant_people()
        self._grant_models()
        functions["get_prediction"].allow(["dynamodb:GetItem"], [photos.table_arn])
        stats = functions["stats"]
        stats.allow(["dynamodb:BatchGetItem"], [photos.table_arn])
        stats.allow(["dynamodb:GetItem"], [models.table_arn])
        stats.allow(["dynamodb:Query"], [_index(models, MODELS_LISTED_INDEX)])
        stats.allow_objects(["s3:GetObject"], storage.clean_bucket, under=_NUMBERS)
        stats.allow(["s3:ListBucket"], [storage.clean_bucket.bucket_arn])

        for verb in ("predict", "species", "status", "shadow"):
            functions[verb].allow(["dynamodb:GetItem"], [models.table_arn])
        for verb in ("predict", "species", "shadow"):
            functions[verb].allow_objects(["s3:GetObject"], storage.models_bucket, under=_BUNDLES)
        status = functions["status"]
        status.allow(["s3:GetObject"], [storage.models_bucket.arn_for_objects(LAST_CHECK_KEY)])
        # Before the first check there is none, which S3 says only to those who may list.
        status.allow(["s3:ListBucket"], [storage.models_bucket.bucket_arn])
        species = functions["species"]
        species.allow_objects(["s3:GetObject"], storage.models_bucket, under=_CATALOGUE)
        # Links to pictures are signed with the function's own right to read them; a tombstone says that one must not be shown.
        for under in (_PICTURES, _TOMBSTONES):
            species.allow_objects(["s3:GetObject"], storage.clean_bucket, under=under)
        species.allow(["s3:ListBucket"], [storage.clean_bucket.bucket_arn])
        functions["import_names"].allow_objects(["s3:PutObject"], storage.models_bucket, under=_CATALOGUE)

    def _grant_dataset(self) -> None:
        """Give what the dataset's verbs do; refreshing itself is the learning stack's."""
        storage, functions, learning = self._storage, self._functions, self._learning
        dataset_table, jobs_table = storage.dataset_table, storage.jobs_table
        for verb in ("jobs", "dataset"):
            learning.allow_asking_for_jobs(functions[verb])
        learning.allow_watching_triggers(functions["jobs"])
        learning.allow_sweeping_jobs(functions["jobs"])
        functions["jobs"].allow(["dynamodb:GetItem"], [dataset_table.table_arn])
        learning.allow_watching_trainings(functions["jobs"])
        learning.allow_stopping_trainings(functions["jobs"])
        functions["status"].allow(["dynamodb:GetItem"], [jobs_table.table_arn])
        # All but the first three read no more than the taxa that admins added.
        for verb in (
            "stats",
            "species",
            "status",
            "predict",
            "get_prediction",
            "feedback",
            "correction",
            "models",
            "shadow",
        ):
            functions[verb].allow(["dynamodb:GetItem"], [dataset_table.table_arn])
        reports = functions["drift_reports"]
        reports.allow_objects(["s3:GetObject"], storage.models_bucket, under=_DRIFT_REPORTS)
        reports.allow(["s3:ListBucket"], [storage.models_bucket.bucket_arn])
        # Links to photos are signed with the function's own right to read them.
        reports.allow_objects(["s3:GetObject"], storage.raw_bucket)
        reports.allow(["dynamodb:BatchGetItem"], [dataset_table.table_arn])
        dataset = functions["dataset"]
        dataset.allow(["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"], [dataset_table.table_arn])
        indexes = (DATASET_BY_STATE_INDEX, DATASET_BY_LABEL_INDEX)
        dataset.allow(["dynamodb:Query"], [_index(dataset_table, index) for index in indexes])
        dataset.allow_objects(["s3:PutObject"], storage.raw_bucket)
        dataset.allow_objects(["s3:GetObject", "s3:PutObject"], storage.clean_bucket)
        dataset.allow(["s3:ListBucket"], [storage.clean_bucket.bucket_arn])

    def _grant_people(self) -> None:
        """Give what the verbs about people's own data do; erasing needs every version of an object."""
        storage, functions, learning = self._storage, self._functions, self._learning
        photos, dataset_table = storage.photos_table, storage.dataset_table
        for verb in ("me", "fulfil"):
            works = functions[verb]
            learning.allow_asking_for_jobs(works)
            works.allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], [photos.table_arn])
            works.allow(["dynamodb:Query"], [_index(photos, PHOTOS_BY_OWNER_INDEX)])
            works.allow(["dynamodb:GetItem", "dynamodb:BatchGetItem"], [dataset_table.table_arn])
            removes = ["s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
            works.allow_objects(removes, storage.raw_bucket)
            works.allow_objects(removes, storage.uploads_bucket, under=_PHOTOS)
            works.allow_objects(["s3:GetObject", "s3:PutObject"], storage.uploads_bucket, under=_EXPORTS)
            for bucket in (storage.raw_bucket, storage.uploads_bucket):
                works.allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket.bucket_arn])
            for under in (_TOMBSTONES, "erasures/"):
                works.allow_objects(["s3:PutObject"], storage.clean_bucket, under=under)
            works.allow(["sqs:SendMessage"], [self.data_requests.queue_arn])
            works.allow(
                [
                    "cognito-idp:ListUsers",
                    "cognito-idp:ListUsersInGroup",
                    "cognito-idp:AdminListGroupsForUser",
                    "cognito-idp:AdminDisableUser",
                    "cognito-idp:AdminUserGlobalSignOut",
                ],
                [self._user_pool.user_pool_arn],
            )
        functions["me"].allow(["dynamodb:GetItem", "dynamodb:PutItem"], [storage.people_table.table_arn])
        review = functions["review"]
        review.allow(
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"],
            [dataset_table.table_arn],
        )
        review.allow(["dynamodb:Query"], [_index(dataset_table, DATASET_BY_STATE_INDEX)])
        review.allow(
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"], [storage.people_table.table_arn]
        )
        review.allow(["sqs:SendMessage"], [self.data_requests.queue_arn])
        # A tombstone says that a photo must not be shown any more.
        review.allow_objects(["s3:GetObject"], storage.clean_bucket, under=_TOMBSTONES)
        review.allow_objects(["s3:GetObject"], storage.models_bucket, under=_SKETCHES)
        review.allow(["s3:ListBucket"], [storage.clean_bucket.bucket_arn, storage.models_bucket.bucket_arn])
        users = functions["users"]
        users.allow(
            [
                "cognito-idp:ListUsers",
                "cognito-idp:ListUsersInGroup",
                "cognito-idp:AdminListGroupsForUser",
                "cognito-idp:AdminCreateUser",
                "cognito-idp:AdminGetUser",
                "cognito-idp:AdminAddUserToGroup",
                "cognito-idp:AdminRemoveUserFromGroup",
                "cognito-idp:AdminEnableUser",
                "cognito-idp:AdminDisableUser",
                "cognito-idp:AdminUserGlobalSignOut",
            ],
            [self._user_pool.user_pool_arn],
        )
        users.allow(["sqs:SendMessage"], [self.data_requests.queue_arn])
        # Notes what was decided; reads what reviewers said of a person's labels, and when.
        users.allow(["dynamodb:PutItem", "dynamodb:BatchGetItem"], [dataset_table.table_arn])
        users.allow(["dynamodb:Query"], [_index(dataset_table, DATASET_BY_STATE_INDEX)])
        users.allow(["dynamodb:BatchGetItem"], [storage.people_table.table_arn])
        learning.allow_choosing_notifications(users)
        fulfil = functions["fulfil"]
        learning.allow_ending_notifications(fulfil)
        fulfil.allow(["dynamodb:DeleteItem"], [photos.table_arn])
        fulfil.allow(
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:DeleteItem"], [storage.people_table.table_arn]
        )
        fulfil.allow_objects(["s3:DeleteObject", "s3:AbortMultipartUpload"], storage.uploads_bucket, under=_EXPORTS)
        fulfil.allow_objects(["s3:PutObject"], storage.clean_bucket, under="erased-people/")
        fulfil.allow(["cognito-idp:AdminDeleteUser"], [self._user_pool.user_pool_arn])
        fulfil.function.add_event_source(event_sources.SqsEventSource(self.data_requests, batch_size=1))

    def _grant_models(self) -> None:
        """Give what choosing a champion takes; nothing here may change a bundle or an evaluation."""
        storage, models = self._storage, self._functions["models"]
        table = storage.models_table
        models.allow(
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], [table.table_arn]
        )
        models.allow(["dynamodb:Query"], [_index(table, MODELS_LISTED_INDEX)])
        for under in (_BUNDLES, _EVALUATIONS):
            models.allow_objects(["s3:GetObject"], storage.models_bucket, under=under)
        # Without the right to list, S3 says 403 of a key that is not there, and absence looks like a fault.
        models.allow(["s3:ListBucket"], [storage.models_bucket.bucket_arn])
        # Links to the photos behind a mistake are signed with the function's own right to read them.
        models.allow_objects(["s3:GetObject"], storage.raw_bucket)
        models.allow(["dynamodb:BatchGetItem"], [storage.dataset_table.table_arn])
        self._learning.allow_notifying(models)

    def _shadow(self, shadow: VerbFunction) -> None:
        """Let the challenger's answers be kept apart from everybody's, and have it told of the photos of the sample."""
        photos, uploads = self._storage.photos_table, self._storage.uploads_bucket
        shadow.allow(["dynamodb:GetItem"], [photos.table_arn])
        # Its own items, never a photo's record.
        self._allow_shadow_items(
            shadow, ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"], photos.table_arn
        )
        shadow.allow_objects(["s3:GetObject"], uploads, under=_PHOTOS)
        # Without the right to list, S3 says 403 of a key that is not there, and absence looks like a fault.
        shadow.allow(["s3:ListBucket"], [uploads.bucket_arn])
        models = self._functions["models"]
        self._allow_shadow_items(models, ["dynamodb:GetItem", "dynamodb:BatchGetItem"], photos.table_arn)
        self._allow_shadow_items(models, ["dynamodb:Query"], _index(photos, PHOTOS_FRESH_INDEX))
        if not self._place.shadow_sample:
            return
        # Filtered where it comes from: of the other photos nothing is started and nothing is paid. The shards of the
        # stream, of which one batch at a time is worked off each, bound how much runs at once.
        shadow.function.add_event_source(
            event_sources.DynamoEventSource(
                photos,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=_SHADOW_BATCH,
                max_batching_window=Duration.seconds(_SHADOW_WINDOW_S),
                parallelization_factor=1,
                filters=[
                    lambda_.FilterCriteria.filter(
                        {
                            "eventName": lambda_.FilterRule.or_("INSERT", "MODIFY"),
                            "dynamodb": {
                                "Keys": {
                                    "photo_id": {"S": [{"prefix": each} for each in self._place.shadow_sample]},
                                }
                            },
                        }
                    )
                ],
                bisect_batch_on_error=True,
                retry_attempts=_SHADOW_ATTEMPTS,
                max_record_age=Duration.hours(1),
                on_failure=event_sources.SqsDlq(self.dead_letters),
            )
        )

    def _allow_shadow_items(self, function: VerbFunction, actions: Sequence[str], resource: str) -> None:
        function.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=list(actions),
                resources=[resource],
                conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{SHADOW_PREFIX}*"]}},
            )
        )

    def _tend_dead_letters(self) -> None:
        """Let admins look at what was given up on, and send it again to whom it was for and nobody else."""
        tends, learning, place = self._functions["tend_dead_letters"], self._learning, self._place
        functions = {
            verb: called_again_as(place, verb) for verb in (*_CALLED_BY_NOBODY_WHO_WAITS, *SCHEDULED, "tell_alarm")
        }
        sent: dict[str, sqs.IQueue] = {"data-requests": self.data_requests}
        if learning.training_queue:
            sent["trainings"] = learning.training_queue
        senders = [f"queue:{word}={queue.queue_name}" for word, queue in sent.items()]
        senders += [f"function:{verb}={name}" for verb, name in functions.items()]
        dead = {"serving": self.dead_letters.queue_name, "learning": learning.dead_letters.queue_name}
        dead["watching"] = dead_alarms_queue(place)
        settings = Settings(
            dead_letter_queues=",".join(f"{stack}={name}" for stack, name in dead.items()),
            dead_letter_senders=",".join(senders),
        )
        for name, value in settings.to_environment().items():
            tends.function.add_environment(name, value)

        alarms_queue = self.format_arn(service="sqs", resource=dead_alarms_queue(place))
        boxes = [self.dead_letters.queue_arn, learning.dead_letters.queue_arn, alarms_queue]
        tends.allow(
            [
                "sqs:GetQueueUrl",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
            ],
            boxes,
        )
        tends.allow(["sqs:GetQueueUrl", "sqs:SendMessage"], [queue.queue_arn for queue in sent.values()])
        arns = [
            self.format_arn(
                service="lambda",
                resource="function",
                resource_name=name,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for name in functions.values()
        ]
        tends.allow(["lambda:InvokeFunction"], arns)
        tends.allow(["dynamodb:BatchGetItem", "dynamodb:PutItem"], [self._storage.dataset_table.table_arn])

    def _sweep(self, settle: VerbFunction) -> None:
        events.Rule(
            self,
            "SettleOpenIntents",
            description="Finishes feedback that a crash left half-done.",
            schedule=events.Schedule.rate(Duration.minutes(5)),
            targets=[
                targets.LambdaFunction(
                    settle.function,
                    dead_letter_queue=self.dead_letters,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ],
        )


def _index(table: dynamodb.ITable, name: str) -> str:
    return f"{table.table_arn}/index/{name}"
