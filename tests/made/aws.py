"""The buckets and tables of one deployment, in moto, as the storage stack shapes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto import mock_aws

from avocet.settings import (
    DATASET_BY_LABEL_INDEX,
    DATASET_BY_STATE_INDEX,
    JOBS_CLOSED_INDEX,
    MODELS_LISTED_INDEX,
    NOTICES_DUE_INDEX,
    PHOTOS_BY_OWNER_INDEX,
    PHOTOS_FRESH_INDEX,
    PHOTOS_OPEN_INTENTS_INDEX,
    Settings,
)
from tests.made.events import PAGE_ORIGIN

SETTINGS = Settings(
    stage="test",
    uploads_bucket="uploads",
    raw_bucket="raw",
    models_bucket="models",
    clean_bucket="clean",
    photos_table="photos",
    dataset_table="dataset",
    jobs_table="jobs",
    notices_table="notices",
    models_table="models",
    people_table="people",
    shadow_sample=",".join("0123456789abcdef"),
    page_origin=PAGE_ORIGIN,
)
ENVIRONMENT = {
    **SETTINGS.to_environment(),
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


@dataclass
class Deployment:
    """What lies in the cloud."""

    s3: Any
    dynamodb: Any

    def raw_keys(self) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket="raw").get("Contents", [])]

    def raw_bytes(self, key: str) -> bytes:
        return self.s3.get_object(Bucket="raw", Key=key)["Body"].read()

    def item(self, photo_id: str) -> dict[str, Any]:
        return self.dynamodb.get_item(TableName="photos", Key={"photo_id": {"S": photo_id}})["Item"]

    def photo_ids(self) -> list[str]:
        items = self.dynamodb.scan(TableName="photos")["Items"]
        return [item["photo_id"]["S"] for item in items if not item["photo_id"]["S"].startswith("#")]

    def publish(self, files: dict[str, bytes], model_version: str) -> None:
        for name, data in files.items():
            self.s3.put_object(Bucket="models", Key=f"bundles/{model_version}/{name}", Body=data)
        self.point_to(model_version)

    def empty_dataset(self) -> None:
        self.dynamodb.delete_table(TableName="dataset")
        _dataset_table(self.dynamodb)

    def point_to(self, model_version: str) -> None:
        pointer = {"version": {"S": "#champion"}, "champion": {"S": model_version}, "revision": {"N": "1"}}
        self.dynamodb.put_item(TableName="models", Item=pointer)


@contextmanager
def deployment() -> Iterator[Deployment]:
    """An empty deployment."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-1")
        dynamodb = boto3.client("dynamodb", region_name="eu-west-1")
        for bucket in ("uploads", "raw", "clean", "models"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        _table(dynamodb, "people", "owner_id")
        _table(dynamodb, "models", "version", {MODELS_LISTED_INDEX: ("listed_as", "registered_at")})
        _table(
            dynamodb,
            "photos",
            "photo_id",
            {
                PHOTOS_BY_OWNER_INDEX: ("owner_id", "created_at"),
                PHOTOS_OPEN_INTENTS_INDEX: ("open_intent", "lease_until"),
                PHOTOS_FRESH_INDEX: ("fresh_contribution", "created_at"),
            },
        )
        _dataset_table(dynamodb)
        _table(dynamodb, "jobs", "job_id", {JOBS_CLOSED_INDEX: ("closed", "finished_at")})
        _table(dynamodb, "notices", "key", {NOTICES_DUE_INDEX: ("waiting", "due_at")})
        s3.put_bucket_versioning(Bucket="clean", VersioningConfiguration={"Status": "Enabled"})
        yield Deployment(s3, dynamodb)


def _dataset_table(dynamodb: Any) -> None:
    indexes = {DATASET_BY_STATE_INDEX: ("listed_as", "key"), DATASET_BY_LABEL_INDEX: ("label_id", "key")}
    _table(dynamodb, "dataset", "key", indexes)


def _table(dynamodb: Any, name: str, key: str, indexes: dict[str, tuple[str, str]] | None = None) -> None:
    attributes = {key} | {attribute for pair in (indexes or {}).values() for attribute in pair}
    extra = {
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": sort, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, (partition, sort) in (indexes or {}).items()
        ]
    }
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in sorted(attributes)],
        BillingMode="PAY_PER_REQUEST",
        **(extra if indexes else {}),
    )
