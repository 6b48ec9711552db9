"""What the emulator acknowledged outlives kill -9, at whatever moment it comes; a deployment is all or nothing."""

import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Place
from local.emulated_cloud import EmulatedCloud, Home
from local.steps import SetupError
from tests.deployed.waiting import until

TABLE = "things"
BUCKET = "things-bucket"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[EmulatedCloud]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cloud = EmulatedCloud(Home(folder=tmp_path / "home", port=port))
    if not Path(".avocet/emulator-venv").exists():
        pytest.skip("the emulator is not installed: make install")
    cloud.start()
    yield cloud
    cloud.kill() if cloud.is_running() else None


def client(cloud: EmulatedCloud, service: str) -> Any:
    return Place("local", cloud.home.endpoint).client(service)


def deploy_something(cloud: EmulatedCloud) -> None:
    """As a deployment does: hold, make, release."""
    cloud.hold()
    client(cloud, "dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client(cloud, "s3").create_bucket(Bucket=BUCKET)
    cloud.release()


def write_until_it_dies(cloud: EmulatedCloud, write: Callable[[int], None], acknowledged: list[int]) -> None:
    number = 0
    while True:
        try:
            write(number)
        except (BotoCoreError, ClientError, OSError):
            return
        acknowledged.append(number)
        number += 1


def kill_while_writing(
    cloud: EmulatedCloud, writes: dict[str, Callable[[int], None]], after_s: float
) -> dict[str, list[int]]:
    acknowledged: dict[str, list[int]] = {name: [] for name in writes}
    threads = [
        threading.Thread(target=write_until_it_dies, args=(cloud, write, acknowledged[name]))
        for name, write in writes.items()
    ]
    for thread in threads:
        thread.start()
    threading.Event().wait(after_s)
    try:
        # However slow the machine, each has written some by then.
        until(lambda: all(len(numbers) > 5 for numbers in acknowledged.values()), within_s=120, every_s=0.05)
    finally:
        cloud.kill()
    for thread in threads:
        thread.join()
    return acknowledged


def items(cloud: EmulatedCloud) -> dict[str, dict[str, Any]]:
    pages = client(cloud, "dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    return {item["id"]["S"]: item for page in pages for item in page["Items"]}


@pytest.mark.parametrize("after_s", [0.7, 6.3])
def test_every_acknowledged_write_outlives_kill_9(cloud: EmulatedCloud, after_s: float) -> None:
    # The later one is killed after a checkpoint was taken in the midst of the writing.
    deploy_something(cloud)
    table, s3, ssm = client(cloud, "dynamodb"), client(cloud, "s3"), client(cloud, "ssm")

    def put(number: int) -> None:
        table.put_item(TableName=TABLE, Item={"id": {"S": f"put-{number}"}})

    def count(_number: int) -> None:
        table.update_item(
            TableName=TABLE,
            Key={"id": {"S": "counter"}},
            UpdateExpression="ADD seen :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def store(number: int) -> None:
        s3.put_object(Bucket=BUCKET, Key=f"{number}", Body=b"photo")

    def note(number: int) -> None:
        ssm.put_parameter(Name="/noted", Value=f"{number}", Type="String", Overwrite=True)

    acknowledged = kill_while_writing(cloud, {"put": put, "count": count, "store": store, "note": note}, after_s)

    cloud.start()
    found = items(cloud)
    assert {f"put-{number}" for number in acknowledged["put"]} <= set(found)
    # One write may have been applied and not acknowledged, and none may count twice.
    assert len(acknowledged["count"]) <= int(found["counter"]["seen"]["N"]) <= len(acknowledged["count"]) + 1
    noted = int(ssm.get_parameter(Name="/noted")["Parameter"]["Value"])
    assert noted - acknowledged["note"][-1] in (0, 1)
    for number in acknowledged["store"]:
        assert s3.get_object(Bucket=BUCKET, Key=f"{number}")["Body"].read() == b"photo"


def test_a_condition_decides_the_same_when_it_is_replayed(cloud: EmulatedCloud) -> None:
    deploy_something(cloud)
    table = client(cloud, "dynamodb")
    first = {"id": {"S": "pointer"}, "champion": {"S": "first"}}
    table.put_item(TableName=TABLE, Item=first, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(table.exceptions.ConditionalCheckFailedException):
        table.put_item(
            TableName=TABLE,
            Item={**first, "champion": {"S": "second"}},
            ConditionExpression="attribute_not_exists(id)",
        )
    table.put_item(TableName=TABLE, Item={"id": {"S": "gone"}})
    table.delete_item(TableName=TABLE, Key={"id": {"S": "gone"}})

    cloud.kill()
    cloud.start()
    assert items(cloud) == {"pointer": first}
    cloud.kill()
    cloud.start()
    assert items(cloud) == {"pointer": first}, "a second replay changed something"


def test_a_person_who_signed_up_can_sign_in_after_kill_9(cloud: EmulatedCloud) -> None:
    cognito = client(cloud, "cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    app = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    joined = cognito.sign_up(ClientId=app, Username="ada", Password="Aa1!aaaaaaaa")["UserSub"]
    cognito.confirm_sign_up(ClientId=app, Username="ada", ConfirmationCode="123456")

    cloud.kill()
    cloud.start()
    parameters = {"USERNAME": "ada", "PASSWORD": "Aa1!aaaaaaaa"}
    answer = cognito.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    person = cognito.get_user(AccessToken=answer["AuthenticationResult"]["AccessToken"])
    assert {"Name": "sub", "Value": joined} in person["UserAttributes"]


def test_a_deployment_killed_half_way_never_was(cloud: EmulatedCloud) -> None:
    deploy_something(cloud)
    table, s3 = client(cloud, "dynamodb"), client(cloud, "s3")
    cloud.hold()
    table.put_item(TableName=TABLE, Item={"id": {"S": "accepted meanwhile"}})
    table.create_table(
        TableName="half-made",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    s3.create_bucket(Bucket="half-made-bucket")
    s3.put_object(Bucket="half-made-bucket", Key="asset", Body=b"zip")
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"photo")

    cloud.kill()
    cloud.start()
    assert set(items(cloud)) == {"accepted meanwhile"}
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"photo"


def test_a_torn_last_line_of_the_journal_is_left_out(cloud: EmulatedCloud) -> None:
    deploy_something(cloud)
    client(cloud, "dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "whole"}})
    cloud.kill()
    journal = max((cloud.home.state / "checkpoint").glob("journal-*.jsonl"))
    line = journal.read_bytes()
    journal.write_bytes(line + line[: random.Random(7).randrange(1, len(line) - 1)])

    cloud.start()
    assert set(items(cloud)) == {"whole"}


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_what_cannot_be_read_is_never_served_as_an_empty_cloud(cloud: EmulatedCloud, service: str) -> None:
    deploy_something(cloud)
    client(cloud, "dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "kept"}})
    cloud.kill()
    folder = cloud.home.state / "checkpoint"
    file = folder / json.loads((folder / "manifest.json").read_text())["files"][service]
    whole = file.read_bytes()
    file.write_bytes(whole[:-2])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    with pytest.raises(SetupError, match="cannot go on from what is on disk"):
        cloud.start()
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: found[name] for name in before} == before

    file.write_bytes(whole)
    cloud.start()
    assert set(items(cloud)) == {"kept"}
    assert [bucket["Name"] for bucket in client(cloud, "s3").list_buckets()["Buckets"]] == [BUCKET]


def test_one_left_in_the_middle_of_a_deployment_goes_back_to_its_beginning(cloud: EmulatedCloud) -> None:
    deploy_something(cloud)
    cloud.hold()
    client(cloud, "s3").create_bucket(Bucket="half-made-bucket")
    assert cloud.start(), "an emulator that is held belongs to a deployment that died"
    assert [bucket["Name"] for bucket in client(cloud, "s3").list_buckets()["Buckets"]] == [BUCKET]


def test_a_second_start_keeps_the_first_one(cloud: EmulatedCloud) -> None:
    before = (cloud.home.state / "lock").read_text()
    assert not cloud.start()
    assert (cloud.home.state / "lock").read_text() == before


def test_ending_in_peace_keeps_everything(cloud: EmulatedCloud) -> None:
    deploy_something(cloud)
    client(cloud, "ssm").put_parameter(Name="/marker", Value="1", Type="String")
    client(cloud, "events").put_rule(Name="daily", ScheduleExpression="rate(1 day)")
    assert cloud.stop()
    assert not cloud.stop()
    cloud.start()
    assert client(cloud, "ssm").get_parameter(Name="/marker")["Parameter"]["Value"] == "1"
    assert [rule["Name"] for rule in client(cloud, "events").list_rules()["Rules"]] == ["daily"]
    manifest = json.loads((cloud.home.state / "checkpoint" / "manifest.json").read_text())
    assert set(manifest) == {"files", "journal"}
