"""What must not be lost: the buckets and the tables. Nothing runs here."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from avocet.settings import (
    DATASET_BY_LABEL_INDEX,
    DATASET_BY_STATE_INDEX,
    JOBS_CLOSED_INDEX,
    MODELS_LISTED_INDEX,
    NOTICES_DUE_INDEX,
    PHOTOS_BY_OWNER_INDEX,
    PHOTOS_FRESH_INDEX,
    PHOTOS_OPEN_INTENTS_INDEX,
    PHOTOS_TTL_ATTRIBUTE,
)
from infra.constructs.buckets import LogBucket, PrivateBucket
from infra.environments import Environment

_CHECKPOINT_DAYS = 7
_OLD_VERSIONS_DAYS = 90


class StorageStack(Stack):
    """Buckets for photos and models, tables for what is known of them."""

    def __init__(self, scope: Construct, construct_id: str, *, place: Environment, page_origin: str) -> None:
        """Make the stack for ``place``; browsers may upload from ``page_origin`` only."""
        super().__init__(scope, construct_id, description=f"Avocet ({place.name}): buckets and tables")
        self._place = place
        logs = LogBucket(self, "AccessLogs", place=place)
        keep_old = s3.LifecycleRule(noncurrent_version_expiration=Duration.days(_OLD_VERSIONS_DAYS))
        # No versions here: they would keep a photo beyond the 48 hours within which it must be gone.
        self.uploads_bucket = PrivateBucket(
            self,
            "Uploads",
            place=place,
            access_logs=logs,
            keeps_data=False,
            versioned=False,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(1))],
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.POST],
                    allowed_origins=[page_origin],
                    allowed_headers=["*"],
                    max_age=3600,
                )
            ],
        ).bucket
        self.raw_bucket = PrivateBucket(self, "Raw", place=place, access_logs=logs, lifecycle_rules=[keep_old]).bucket
        self.clean_bucket = PrivateBucket(
            self, "Clean", place=place, access_logs=logs, lifecycle_rules=[keep_old]
        ).bucket
        # A training that is over needs its checkpoints no more; one goes on from them within hours.
        checkpoints = s3.LifecycleRule(prefix="checkpoints/", expiration=Duration.days(_CHECKPOINT_DAYS))
        self.models_bucket = PrivateBucket(
            self, "Models", place=place, access_logs=logs, lifecycle_rules=[keep_old, checkpoints]
        ).bucket

        # Its stream names the photos that changed and tells nothing of them; whoever follows it looks for itself.
        self.photos_table = self._table(
            "Photos",
            key="photo_id",
            ttl_attribute=PHOTOS_TTL_ATTRIBUTE,
            stream=dynamodb.StreamViewType.KEYS_ONLY,
        )
        self.photos_table.add_global_secondary_index(
            index_name=PHOTOS_BY_OWNER_INDEX,
            partition_key=dynamodb.Attribute(name="owner_id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="created_at", type=dynamodb.AttributeType.STRING),
        )
        # Sparse: only records whose feedback was begun and not finished carry `open_intent`.
        self.photos_table.add_global_secondary_index(
            index_name=PHOTOS_OPEN_INTENTS_INDEX,
            partition_key=dynamodb.Attribute(name="open_intent", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="lease_until", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        # Sparse: only records whose answer no refresh has acted on yet carry `fresh_contribution`.
        self.photos_table.add_global_secondary_index(
            index_name=PHOTOS_FRESH_INDEX,
            partition_key=dynamodb.Attribute(name="fresh_contribution", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="created_at", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.dataset_table = self._table("Dataset", key="key")
        # Sparse: photos that somebody has yet to act on; those in the dataset are listed by its snapshots.
        self.dataset_table.add_global_secondary_index(
            index_name=DATASET_BY_STATE_INDEX,
            partition_key=dynamodb.Attribute(name="listed_as", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        # Sparse: imported photos, so that what is said of a label reaches all that came under it.
        self.dataset_table.add_global_secondary_index(
            index_name=DATASET_BY_LABEL_INDEX,
            partition_key=dynamodb.Attribute(name="label_id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.jobs_table = self._table("Jobs", key="job_id")
        self.jobs_table.add_global_secondary_index(
            index_name=JOBS_CLOSED_INDEX,
            partition_key=dynamodb.Attribute(name="closed", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="finished_at", type=dynamodb.AttributeType.STRING),
        )
        self.notices_table = self._table("Notices", key="key")
        self.notices_table.add_global_secondary_index(
            index_name=NOTICES_DUE_INDEX,
            partition_key=dynamodb.Attribute(name="waiting", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="due_at", type=dynamodb.AttributeType.STRING),
        )
        self.models_table = self._table("Models", key="version")
        # Sparse: versions only, not the champion pointer and the champions before.
        self.models_table.add_global_secondary_index(
            index_name=MODELS_LISTED_INDEX,
            partition_key=dynamodb.Attribute(name="listed_as", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="registered_at", type=dynamodb.AttributeType.STRING),
        )
        self.people_table = self._table("People", key="owner_id")

        for name, bucket in (
            ("UploadsBucketName", self.uploads_bucket),
            ("RawBucketName", self.raw_bucket),
            ("CleanBucketName", self.clean_bucket),
            ("ModelsBucketName", self.models_bucket),
        ):
            CfnOutput(self, name, value=bucket.bucket_name)
        for name, table in (
            ("PhotosTableName", self.photos_table),
            ("DatasetTableName", self.dataset_table),
            ("JobsTableName", self.jobs_table),
            ("ModelsTableName", self.models_table),
            ("PeopleTableName", self.people_table),
        ):
            CfnOutput(self, name, value=table.table_name)

    def _table(
        self,
        name: str,
        *,
        key: str,
        ttl_attribute: str | None = None,
        stream: dynamodb.StreamViewType | None = None,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            f"{name}Table",
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.DEFAULT,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self._place.keeps_data,
            removal_policy=RemovalPolicy.RETAIN if self._place.keeps_data else RemovalPolicy.DESTROY,
            time_to_live_attribute=ttl_attribute,
            stream=stream,
        )
