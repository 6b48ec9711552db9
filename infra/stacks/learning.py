"""What makes the dataset grow: a state machine for each kind of job, the topic that tells the admins, and the sweep."""

from dataclasses import replace
from pathlib import Path

from aws_cdk import ArnFormat, CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from avocet.settings import (
    CLEAN_TIMEOUT_S,
    DATASET_BY_LABEL_INDEX,
    DATASET_BY_STATE_INDEX,
    FRESH_COUNT_PREFIX,
    JOBS_CLOSED_INDEX,
    NOTICES_DUE_INDEX,
    PHOTOS_FRESH_INDEX,
    WORK_PREFIX,
    WRITE_TIMEOUT_S,
    Settings,
)
from infra.constructs.function import VerbFunction, VerbSpec
from infra.constructs.job_machine import (
    JobMachine,
    drift_steps,
    evaluate_steps,
    launching_step,
    refresh_steps,
    single_step,
    sync_steps,
)
from infra.constructs.layers import LayerAssets, StackLayers
from infra.constructs.sagemaker_trainings import SageMakerTrainings
from infra.constructs.waivers import resource_finding, waive
from infra.environments import Environment
from infra.stacks.storage import StorageStack

_ONE_VCPU_MB = 1769
_WRITER_MB = 3008
_PHOTOS = "photos/"
_BUNDLES = "bundles/"
_KINDS = ("refresh", "verify", "train", "evaluate", "check_drift", "sync")
_RECIPES = ("head", "full")
_TRAINING = "training/"
_EVALUATIONS = "evaluations/"
# Longer than a worker is silent about a message it works on; a message that nobody finished comes back then.
_TRAINING_VISIBILITY_S = 60
_TRAINING_ATTEMPTS = 5
_ARCHIVES = "archives/"
_SYNC_WORK = "sync/"
_SKETCHES = "embeddings/sketches/"

# Called by nobody who waits for an answer.
SCHEDULED = ("sweep_jobs", "finish_training", "check_drift")
# After the daily sync; a check that comes too early waits for it anyway.
_CHECK_HOUR_UTC = "5"
_OUTCOMES = "drift/"
_REPORTS = "drift-reports/"

_WITH_PHOTOS = ("core", "runtime", "inference")
SPECS = {
    spec.verb: spec
    for spec in (
        VerbSpec(verb="refresh_plan", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="refresh_clean", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=CLEAN_TIMEOUT_S),
        VerbSpec(verb="refresh_write", layers=_WITH_PHOTOS, memory_mb=_WRITER_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="verify_dataset", layers=_WITH_PHOTOS, memory_mb=_WRITER_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="compact_dataset", memory_mb=_WRITER_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="evaluate", layers=_WITH_PHOTOS, memory_mb=_WRITER_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="start_training", timeout_s=60),
        VerbSpec(verb="finish_training", layers=_WITH_PHOTOS, memory_mb=_WRITER_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(verb="check_drift", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=WRITE_TIMEOUT_S),
        VerbSpec(
            verb="sync_kaggle",
            layers=("core", "runtime", "data"),
            memory_mb=_ONE_VCPU_MB,
            timeout_s=WRITE_TIMEOUT_S,
        ),
        VerbSpec(verb="sync_extract", layers=_WITH_PHOTOS, memory_mb=_ONE_VCPU_MB, timeout_s=WRITE_TIMEOUT_S),
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
        self._machines_prefix = prefix = f"avocet-{place.name}-"
        self._event_bus_arn = self.format_arn(service="events", resource="event-bus", resource_name="default")
        self._machines_arn = self.format_arn(
            service="states", resource="stateMachine", resource_name=prefix, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        waive(
            self.dead_letters,
            {"AwsSolutions-SQS3": "It holds dead letters itself: what functions and rules failed on."},
        )
        # One of the two runs trainings: a worker beside the emulator takes them from a queue, AWS has SageMaker.
        self.training_queue = self._make_training_queue() if place.is_embedded else None
        self.sagemaker = (
            None if place.is_embedded else SageMakerTrainings(self, "Training", place=place, storage=storage)
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
            people_table=storage.people_table.table_name,
            job_machines=self._machines_arn,
            job_kinds=",".join(_KINDS),
            notices_table=storage.notices_table.table_name,
            training_queue=self.training_queue.queue_url if self.training_queue else "",
            training_role=self.sagemaker.role.role_arn if self.sagemaker else "",
            training_code=self.sagemaker.code_uri if self.sagemaker else "",
            training_machines=self.sagemaker.machines if self.sagemaker else "",
            tracking_url=place.tracking_url,
            training_recipes=",".join(_RECIPES),
            admin_topic=self.admin_topic.topic_arn,
            gate_floor_photos=str(place.gate_floor_photos),
            refresh_floor_contributions=str(place.refresh_floor_contributions),
            shadow_sample=",".join(place.shadow_sample),
            kaggle_dataset=place.kaggle_dataset,
            kaggle_credentials=f"avocet/{place.name}/kaggle",
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
                dead_letters=self.dead_letters if verb in SCHEDULED else None,
            )
            for verb, spec in SPECS.items()
        }
        self._grant()
        self._sweep()
        self.allow_sweeping_jobs(self._functions["sweep_jobs"])
        self._make_machines(place, prefix)
        self._hear_of_trainings()
        if self.training_queue:
            CfnOutput(self, "TrainingQueueUrl", value=self.training_queue.queue_url)
        self._check_daily()
        CfnOutput(self, "AdminTopicArn", value=self.admin_topic.topic_arn)

    def _make_training_queue(self) -> sqs.Queue:
        return sqs.Queue(
            self,
            "Trainings",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(1),
            visibility_timeout=Duration.seconds(_TRAINING_VISIBILITY_S),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=_TRAINING_ATTEMPTS),
        )

    def _make_machines(self, place: Environment, prefix: str) -> None:
        of = {verb: made.function for verb, made in self._functions.items()}
        steps = refresh_steps(
            plan=of["refresh_plan"].function_arn,
            clean=of["refresh_clean"].function_arn,
            write=of["refresh_write"].function_arn,
            close=of["close_job"].function_arn,
            compact=of["compact_dataset"].function_arn,
            work_bucket=self._storage.clean_bucket.bucket_name,
        )
        verbs = ("refresh_plan", "refresh_clean", "refresh_write", "close_job", "compact_dataset")
        refresh = JobMachine(
            self, "refresh", place=place, name=f"{prefix}refresh", steps=steps, functions=[of[verb] for verb in verbs]
        )
        refresh.allow_distributed_map(self._storage.clean_bucket, under=WORK_PREFIX)
        JobMachine(
            self,
            "verify",
            place=place,
            name=f"{prefix}verify",
            steps=single_step(of["verify_dataset"].function_arn, close=of["close_job"].function_arn),
            functions=[of["verify_dataset"], of["close_job"]],
        )
        JobMachine(
            self,
            "train",
            place=place,
            name=f"{prefix}train",
            steps=launching_step(of["start_training"].function_arn, close=of["close_job"].function_arn),
            functions=[of["start_training"], of["close_job"]],
        )
        JobMachine(
            self,
            "check_drift",
            place=place,
            name=prefix + _machine("check_drift"),
            steps=drift_steps(of["check_drift"].function_arn, close=of["close_job"].function_arn),
            functions=[of["check_drift"], of["close_job"]],
        )
        JobMachine(
            self,
            "evaluate",
            place=place,
            name=f"{prefix}evaluate",
            steps=evaluate_steps(of["evaluate"].function_arn, close=of["close_job"].function_arn),
            functions=[of["evaluate"], of["close_job"]],
        )
        JobMachine(
            self,
            "sync",
            place=place,
            name=f"{prefix}sync",
            steps=sync_steps(
                kaggle=of["sync_kaggle"].function_arn,
                extract=of["sync_extract"].function_arn,
                close=of["close_job"].function_arn,
            ),
            functions=[of["sync_kaggle"], of["sync_extract"], of["close_job"]],
        )

    def allow_asking_for_jobs(self, function: VerbFunction) -> None:
        """Let a function ask for jobs, look at them, and start those whose turn has come."""
        function.allow(["dynamodb:GetItem", "dynamodb:PutItem"], [self._storage.jobs_table.table_arn])
        function.allow(["states:StartExecution"], [f"{self._machines_arn}{_machine(kind)}" for kind in _KINDS])
        self.allow_notifying(function)

    def allow_sweeping_jobs(self, function: VerbFunction) -> None:
        """Let a function see whether the work of a running job has broken off; executions are named when they begin."""
        for kind in _KINDS:
            name = f"{self._machines_prefix}{_machine(kind)}:*"
            function.allow(
                ["states:DescribeExecution"],
                [
                    self.format_arn(
                        service="states",
                        resource="execution",
                        resource_name=name,
                        arn_format=ArnFormat.COLON_RESOURCE_NAME,
                    )
                ],
            )
            waive(
                function, {resource_finding("states", f"execution:{name}"): "An execution is named after its attempt."}
            )

    def allow_watching_trainings(self, function: VerbFunction) -> None:
        """Let a function see how trainings stand and what they say of themselves."""
        models = self._storage.models_bucket
        function.allow_objects(["s3:GetObject"], models, under=_TRAINING)
        function.allow(["s3:ListBucket"], [models.bucket_arn])
        if self.sagemaker:
            self.sagemaker.allow_jobs(function.role, "sagemaker:DescribeTrainingJob")

    def allow_stopping_trainings(self, function: VerbFunction) -> None:
        """Let a function ask a training to stop, and read its log."""
        if self.sagemaker is None:
            function.allow_objects(["s3:PutObject"], self._storage.models_bucket, under=_TRAINING)
            return
        self.sagemaker.allow_jobs(function.role, "sagemaker:StopTrainingJob")
        self.sagemaker.allow_logs(function.role, of_group=["logs:DescribeLogStreams"], of_streams=["logs:GetLogEvents"])

    def allow_notifying(self, function: VerbFunction) -> None:
        """Let a function tell the admins something."""
        function.allow(["sns:Publish"], [self.admin_topic.topic_arn])
        function.allow(
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
            [self._storage.notices_table.table_arn],
        )

    def allow_ending_notifications(self, function: VerbFunction) -> None:
        """Let a function end what somebody is told, and forget their choice."""
        # SNS weighs what is done to a subscription against its topic.
        function.allow(["sns:ListSubscriptionsByTopic", "sns:Unsubscribe"], [self.admin_topic.topic_arn])
        function.allow(["dynamodb:GetItem", "dynamodb:DeleteItem"], [self._storage.notices_table.table_arn])

    def allow_choosing_notifications(self, function: VerbFunction) -> None:
        """Let a function have the admins told what they choose; by e-mail and in no other way."""
        self.allow_ending_notifications(function)
        function.allow(["dynamodb:PutItem"], [self._storage.notices_table.table_arn])
        function.allow(["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes"], [self.admin_topic.topic_arn])
        function.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sns:Subscribe"],
                resources=[self.admin_topic.topic_arn],
                conditions={"StringEquals": {"sns:Protocol": "email"}},
            )
        )

    def allow_watching_triggers(self, function: VerbFunction) -> None:
        """Let a function read what decides whether a refresh is due: counters, head, standings, the last jobs."""
        storage = self._storage
        photos, dataset = storage.photos_table, storage.dataset_table
        function.allow(["dynamodb:BatchGetItem"], [photos.table_arn])
        function.allow(
            ["dynamodb:Query"],
            [_index(photos, PHOTOS_FRESH_INDEX), _index(storage.jobs_table, JOBS_CLOSED_INDEX)],
        )
        function.allow(["dynamodb:GetItem", "dynamodb:BatchGetItem"], [dataset.table_arn])

    def _grant(self) -> None:
        """Give each function what its verb does, named action by action."""
        storage, functions = self._storage, self._functions
        clean, dataset, photos = storage.clean_bucket, storage.dataset_table, storage.photos_table
        for verb in ("close_job", "sweep_jobs", "finish_training"):
            self.allow_asking_for_jobs(functions[verb])
        functions["sweep_jobs"].allow(["dynamodb:Query"], [_index(storage.notices_table, NOTICES_DUE_INDEX)])
        for verb in ("refresh_plan", "refresh_clean", "refresh_write", "verify_dataset"):
            # Signs of life.
            functions[verb].allow(["dynamodb:GetItem", "dynamodb:PutItem"], [storage.jobs_table.table_arn])
        for verb in ("refresh_plan", "refresh_clean", "refresh_write", "compact_dataset"):
            functions[verb].allow_objects(["s3:GetObject", "s3:PutObject"], clean)
            functions[verb].allow(["s3:ListBucket"], [clean.bucket_arn])
        for verb in ("refresh_plan", "refresh_write", "close_job"):
            functions[verb].allow_objects(["s3:DeleteObject", "s3:DeleteObjectVersion"], clean)
            functions[verb].allow(["s3:ListBucket", "s3:ListBucketVersions"], [clean.bucket_arn])
        functions["verify_dataset"].allow_objects(["s3:GetObject"], clean)
        functions["verify_dataset"].allow(["s3:ListBucket"], [clean.bucket_arn])
        functions["verify_dataset"].allow(["dynamodb:GetItem", "dynamodb:BatchGetItem"], [dataset.table_arn])
        functions["compact_dataset"].allow(["dynamodb:GetItem"], [dataset.table_arn])
        for verb in ("refresh_plan", "refresh_write"):
            # Both finish what an earlier writer left, erasures included.
            writes = functions[verb]
            writes.allow(
                [
                    "dynamodb:GetItem",
                    "dynamodb:BatchGetItem",
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:ConditionCheckItem",
                ],
                [dataset.table_arn],
            )
            writes.allow(
                ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
                [photos.table_arn],
            )
            writes.allow(
                ["dynamodb:Query"], [_index(photos, PHOTOS_FRESH_INDEX), _index(dataset, DATASET_BY_STATE_INDEX)]
            )
        functions["refresh_plan"].allow(["dynamodb:Query"], [_index(dataset, DATASET_BY_LABEL_INDEX)])
        for verb in ("refresh_plan", "refresh_write"):
            writes = functions[verb]
            erases = ["s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
            writes.allow_objects(erases, storage.raw_bucket)
            writes.allow_objects(erases, storage.uploads_bucket, under=_PHOTOS)
            # What erased photos look like, by what trainings keep.
            writes.allow_objects([*erases, "s3:PutObject"], storage.models_bucket, under=_SKETCHES)
            for bucket in (storage.raw_bucket, storage.uploads_bucket, storage.models_bucket):
                writes.allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket.bucket_arn])
        self._grant_sync()
        sweeps = functions["sweep_jobs"]
        self.allow_watching_triggers(sweeps)
        # Only counters that came back to nothing, never a photo's record.
        sweeps.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["dynamodb:DeleteItem"],
                resources=[photos.table_arn],
                conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{FRESH_COUNT_PREFIX}*"]}},
            )
        )
        functions["refresh_write"].allow(["dynamodb:BatchGetItem"], [storage.people_table.table_arn])
        self._grant_training()
        self._grant_checking()
        cleans = functions["refresh_clean"]
        cleans.allow_objects(["s3:GetObject"], storage.raw_bucket)
        cleans.allow(["s3:ListBucket"], [storage.raw_bucket.bucket_arn])
        # The champion, and the taxa that admins added to what it may name.
        cleans.allow(["dynamodb:GetItem"], [storage.models_table.table_arn, dataset.table_arn])
        cleans.allow_objects(["s3:GetObject"], storage.models_bucket, under=_BUNDLES)

    def _grant_training(self) -> None:
        storage, functions = self._storage, self._functions
        models, table = storage.models_bucket, storage.models_table
        starts = functions["start_training"]
        starts.allow(
            ["dynamodb:GetItem"], [storage.dataset_table.table_arn, table.table_arn, storage.jobs_table.table_arn]
        )
        if self.training_queue:
            starts.allow(["sqs:SendMessage"], [self.training_queue.queue_arn])
            starts.allow_objects(["s3:PutObject"], models, under=_TRAINING)
        if self.sagemaker:
            self.sagemaker.allow_starting(starts.role)
            self.sagemaker.allow_jobs(starts.role, "sagemaker:StopTrainingJob")
        evaluates = functions["evaluate"]
        evaluates.allow(["dynamodb:GetItem", "dynamodb:PutItem"], [storage.jobs_table.table_arn])
        evaluates.allow(["dynamodb:GetItem"], [table.table_arn])
        evaluates.allow(["s3:ListBucket"], [models.bucket_arn, storage.clean_bucket.bucket_arn])
        evaluates.allow_objects(["s3:GetObject"], storage.clean_bucket)
        evaluates.allow_objects(["s3:GetObject"], models, under=_BUNDLES)
        evaluates.allow_objects(["s3:GetObject", "s3:PutObject"], models, under=_EVALUATIONS)
        finishes = functions["finish_training"]
        # The taxa that admins added to what a model may name.
        finishes.allow(["dynamodb:GetItem"], [storage.dataset_table.table_arn])
        finishes.allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], [table.table_arn])
        finishes.allow(["s3:ListBucket"], [models.bucket_arn, storage.clean_bucket.bucket_arn])
        finishes.allow_objects(["s3:GetObject"], storage.clean_bucket)
        finishes.allow_objects(["s3:PutObject"], models, under=_BUNDLES)
        finishes.allow_objects(["s3:GetObject", "s3:PutObject"], models, under=_EVALUATIONS)
        for verb in ("sweep_jobs", "finish_training"):
            self.allow_watching_trainings(functions[verb])
        # An ending whose event was lost is told again.
        functions["sweep_jobs"].allow(["events:PutEvents"], [self._event_bus_arn])

    def _hear_of_trainings(self) -> None:
        events.Rule(
            self,
            "TrainingEnded",
            description="A training came to its end: SageMaker's own events, and those of a worker in its place.",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker", "avocet.training"],
                detail_type=["SageMaker Training Job State Change"],
                detail={"TrainingJobStatus": ["Completed", "Failed", "Stopped"]},
            ),
            targets=[
                targets.LambdaFunction(
                    self._functions["finish_training"].function,
                    dead_letter_queue=self.dead_letters,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ],
        )

    def _grant_checking(self) -> None:
        storage, photos = self._storage, self._storage.photos_table
        checks = self._functions["check_drift"]
        checks.allow_objects(["s3:GetObject"], storage.clean_bucket)
        checks.allow(["s3:ListBucket"], [storage.clean_bucket.bucket_arn, storage.models_bucket.bucket_arn])
        # The champion, and the taxa that admins added to what it may name.
        checks.allow(["dynamodb:GetItem"], [storage.models_table.table_arn, storage.dataset_table.table_arn])
        checks.allow(["dynamodb:BatchGetItem"], [photos.table_arn])
        checks.allow_objects(["s3:GetObject"], storage.models_bucket, under=_BUNDLES)
        for prefix in (_OUTCOMES, _REPORTS):
            checks.allow_objects(["s3:GetObject", "s3:PutObject"], storage.models_bucket, under=prefix)

    def _check_daily(self) -> None:
        events.Rule(
            self,
            "CheckDriftSchedule",
            description="Asks for the daily check of the model.",
            schedule=events.Schedule.cron(hour=_CHECK_HOUR_UTC, minute="30"),
            targets=[
                targets.LambdaFunction(
                    self._functions["check_drift"].function,
                    event=events.RuleTargetInput.from_object({"step": "ask", "event_id": events.EventField.event_id}),
                    dead_letter_queue=self.dead_letters,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ],
        )

    def _grant_sync(self) -> None:
        storage, dataset = self._storage, self._storage.dataset_table
        fetches, takes_in = self._functions["sync_kaggle"], self._functions["sync_extract"]
        fetches.allow(["dynamodb:GetItem", "dynamodb:PutItem"], [dataset.table_arn])
        fetches.allow_objects(
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            storage.raw_bucket,
            under=_ARCHIVES,
        )
        secret = self.format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{self.settings.kaggle_credentials}-??????",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        # An admin stores it; CloudFormation never sees it. Before that there is none, which asks for the bare name.
        bare = secret.removesuffix("-??????")
        fetches.allow(["secretsmanager:GetSecretValue"], [secret, bare])
        takes_in.allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:BatchGetItem"], [dataset.table_arn])
        takes_in.allow_objects(["s3:PutObject"], storage.raw_bucket)
        takes_in.allow_objects(
            ["s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"], storage.raw_bucket, under=_ARCHIVES
        )
        takes_in.allow_objects(
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            storage.clean_bucket,
            under=_SYNC_WORK,
        )
        for bucket in (storage.raw_bucket, storage.clean_bucket):
            takes_in.allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket.bucket_arn])
        fetches.allow(["s3:ListBucket"], [storage.raw_bucket.bucket_arn])

    def _sweep(self) -> None:
        events.Rule(
            self,
            "SyncSchedule",
            description="Looks for a new version of the set at Kaggle.",
            schedule=events.Schedule.rate(Duration.days(1)),
            targets=[
                targets.LambdaFunction(
                    self._functions["sweep_jobs"].function,
                    event=events.RuleTargetInput.from_object({"job": "sync", "event_id": events.EventField.event_id}),
                    dead_letter_queue=self.dead_letters,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ],
        )
        events.Rule(
            self,
            "SweepSchedule",
            description="Finds jobs nobody has heard from, and asks for a refresh when one is due.",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[
                targets.LambdaFunction(
                    self._functions["sweep_jobs"].function,
                    dead_letter_queue=self.dead_letters,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ],
        )


def _machine(kind: str) -> str:
    """Return what a kind's machine is called, as the launcher looks for it."""
    return kind.replace("_", "-")


def _index(table: dynamodb.ITable, name: str) -> str:
    return f"{table.table_arn}/index/{name}"
