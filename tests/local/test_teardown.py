"""Taking an environment down: asked first, emptied as far as it goes, and what the templates keep is kept and listed."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.steps import SetupError
from local.teardown import Plan, Thing, destroy, empty, plan

STACK = "avocet-prod-storage"
RESOURCES = {
    "Raw": ("AWS::S3::Bucket", "raw-1", "Retain"),
    "Uploads": ("AWS::S3::Bucket", "uploads-1", "Delete"),
    "Photos": ("AWS::DynamoDB::Table", "photos-1", "RetainExceptOnCreate"),
    "Topic": ("AWS::SNS::Topic", "topic-1", None),
}


class Stacks:
    """CloudFormation as far as it is asked: one stack of ours and one of somebody else's."""

    def __init__(self) -> None:
        self.names = [STACK, "avocet-dev-storage", "somebody-s"]

    def get_paginator(self, name: str) -> "Stacks":
        self._asked = name
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        if self._asked == "describe_stacks":
            return iter([{"Stacks": [{"StackName": name} for name in self.names]}])
        listed = [
            {"LogicalResourceId": logical, "ResourceType": kind, "PhysicalResourceId": name}
            for logical, (kind, name, _) in RESOURCES.items()
        ]
        return iter([{"StackResourceSummaries": listed}])

    def get_template(self, **_: str) -> dict[str, Any]:
        made = {
            logical: {"Type": kind} | ({"DeletionPolicy": policy} if policy else {})
            for logical, (kind, _, policy) in RESOURCES.items()
        }
        return {"TemplateBody": {"Resources": made}}


class Account:
    """A place with those stacks and real buckets."""

    environment = "prod"

    def __init__(self) -> None:
        self.stacks = Stacks()

    def client(self, service: str) -> Any:
        return self.stacks if service == "cloudformation" else boto3.client(service, region_name="us-east-1")


class Tool:
    """The command-line tool, which records what it was told to do."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def destroy(self) -> None:
        self.told.append("destroy")

    def forget(self) -> None:
        self.told.append("forget")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        here = Account()
        s3 = here.client("s3")
        for bucket in ("raw-1", "uploads-1"):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            for key in ("a", "b", "a"):
                s3.put_object(Bucket=bucket, Key=key, Body=b"photo")
            s3.delete_object(Bucket=bucket, Key="b")
        yield here


def versions(account: Account, bucket: str) -> int:
    page = account.client("s3").list_object_versions(Bucket=bucket)
    return len(page.get("Versions", ())) + len(page.get("DeleteMarkers", ()))


def test_a_plan_says_what_goes_and_what_stays_and_looks_at_one_environment_only(account):
    assert plan(account) == Plan(
        stacks=[STACK],
        emptied=["uploads-1"],
        kept=[Thing("AWS::S3::Bucket", "raw-1"), Thing("AWS::DynamoDB::Table", "photos-1")],
    )


def test_emptying_takes_every_version_and_every_mark_of_deletion(account):
    assert empty(account.client("s3"), "uploads-1") == 4
    assert versions(account, "uploads-1") == 0


def test_what_is_kept_is_not_emptied_and_its_end_is_explained(account, capsys):
    tool = Tool()
    destroy(account, tool, confirmed=lambda told: "raw-1" in told)
    assert tool.told == ["destroy", "forget"]
    assert versions(account, "uploads-1") == 0
    assert versions(account, "raw-1") == 4
    said = capsys.readouterr().out
    assert "delete-bucket --bucket raw-1" in said
    assert "delete-table --table-name photos-1" in said


def test_nothing_changes_until_somebody_agrees(account):
    tool = Tool()
    with pytest.raises(SetupError, match="nothing was changed"):
        destroy(account, tool, confirmed=lambda _: False)
    assert tool.told == []
    assert versions(account, "uploads-1") == 4


def test_where_nothing_stands_nothing_is_asked(account):
    account.stacks.names = ["somebody-s"]
    with pytest.raises(SetupError, match="nothing of prod stands here"):
        destroy(account, Tool(), confirmed=lambda _: pytest.fail("asked"))
