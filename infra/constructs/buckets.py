"""Buckets as Avocet makes them: private, encrypted, over TLS only, with every access on record."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.waivers import waive
from infra.environments import Environment

_ACCESS_LOG_DAYS = 90


class LogBucket(Construct):
    """Where the other buckets of a stack record who read or wrote what."""

    def __init__(self, scope: Construct, construct_id: str, *, place: Environment) -> None:
        """Make the bucket; its records are deleted after 90 days."""
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=place.removal_policy,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(_ACCESS_LOG_DAYS), noncurrent_version_expiration=Duration.days(1)
                )
            ],
        )
        waive(self.bucket, {"AwsSolutions-S1": "This is the bucket the access logs go to."})


class PrivateBucket(Construct):
    """A private bucket. It tells nobody of its objects: nothing listens, and each event would be paid for."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Environment,
        access_logs: LogBucket,
        keeps_data: bool = True,
        versioned: bool = True,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
        cors: Sequence[s3.CorsRule] = (),
    ) -> None:
        """Make the bucket.

        Args:
            scope: The stack it belongs to.
            construct_id: Its name in the template, and the prefix of its access records.
            place: The environment it is for.
            access_logs: Where its access records go.
            keeps_data: Whether it holds what cannot be made again; only then does the environment's policy keep it.
            versioned: Whether overwritten and deleted objects can be brought back.
            lifecycle_rules: When its objects go away.
            cors: Which origins' browsers may do what.
        """
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=place.removal_policy if keeps_data else RemovalPolicy.DESTROY,
            versioned=versioned,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1)),
                *lifecycle_rules,
            ],
            cors=list(cors) or None,
            server_access_logs_bucket=access_logs.bucket,
            server_access_logs_prefix=f"{construct_id.lower()}/",
        )
