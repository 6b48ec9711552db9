"""What people ask of their own contributions and data, through the handlers alone."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from tests.made.accounts import MemoryAccounts, account
from tests.made.aws import Deployment
from tests.made.bundles import RED
from tests.made.events import ALICE, BOB, claims_of, event
from tests.made.photos import jpeg


@pytest.fixture
def pool() -> MemoryAccounts:
    return MemoryAccounts.of(account(ALICE), account(BOB))


@pytest.fixture
def with_people(served: Deployment, pool: MemoryAccounts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A deployment with a queue of requests; the pool of accounts is in memory."""
    from avocet.http import people_wiring

    boto3.client("stepfunctions", region_name="eu-west-1").create_state_machine(
        name="avocet-test-refresh", definition="{}", roleArn="arn:aws:iam::123456789012:role/machine"
    )
    queue = boto3.client("sqs", region_name="eu-west-1").create_queue(QueueName="requests")["QueueUrl"]
    monkeypatch.setattr(people_wiring, "accounts", lambda: pool)
    monkeypatch.setenv("AVOCET_DATA_REQUESTS_QUEUE", queue)
    monkeypatch.setenv("AVOCET_JOB_MACHINES", "arn:aws:states:eu-west-1:123456789012:stateMachine:avocet-test-")
    monkeypatch.setenv("AVOCET_JOB_KINDS", "refresh")
    monkeypatch.setenv("AVOCET_ADMIN_TOPIC", "arn:aws:sns:eu-west-1:123456789012:admins")
    return served


@pytest.fixture
def give(with_people: Deployment, function: Any) -> Callable[..., str]:
    predict, feedback = function("predict"), function("feedback")

    def given(owner_id: str = ALICE, answer: dict[str, str] | None = None) -> str:
        asked = event("POST", "/predictions", body=jpeg(), content_type="image/jpeg", claims=claims_of(owner_id))
        photo_id = json.loads(predict(asked, None)["body"])["prediction_id"]
        body = answer or {"feedback": "confirmed"}
        path = {"id": photo_id}
        said = event("POST", "/predictions/{id}/feedback", path_parameters=path, body=body, claims=claims_of(owner_id))
        assert feedback(said, None)["statusCode"] == 200
        return str(photo_id)

    return given


def ask(handler: Any, method: str, resource: str, owner_id: str = ALICE, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = handler(event(method, resource, claims=claims_of(owner_id), **more), None)
    return answer["statusCode"], json.loads(answer["body"])


def deliver(handler: Any, **more: Any) -> int:
    """Hand the function what waits in the queue; return how many messages that were."""
    sqs, name = boto3.client("sqs", region_name="eu-west-1"), "requests"
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **more).get("Messages", [])
    for message in messages:
        handler({"Records": [{"body": message["Body"]}]}, None)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return len(messages)


def test_people_page_through_their_own_contributions_and_see_nobody_else_s(give, function):
    mine = [give() for _ in range(3)]
    give(BOB)
    me = function("me")
    seen: list[dict[str, Any]] = []
    query: dict[str, str] = {"limit": "2"}
    for _ in range(2):
        status, page = ask(me, "GET", "/me/contributions", query=query)
        assert status == 200
        seen += page["items"]
        query = {"limit": "2", "cursor": page["next"] or ""}
    assert page["next"] is None
    assert [item["photo_id"] for item in seen] == mine[::-1]
    assert {(item["status"], item["species_id"]) for item in seen} == {("received", RED)}
    assert seen[0]["photo_url"].startswith("https://")
    assert seen[0]["names"]["en"]


@pytest.mark.parametrize("query", [{"cursor": "!"}, {"cursor": "YWJj"}, {"limit": "0"}, {"limit": "101"}])
def test_a_mark_that_is_none_of_ours_is_refused(with_people, function, query):
    assert ask(function("me"), "GET", "/me/contributions", query=query)[0] == 422


def test_a_withdrawn_photo_is_gone_from_raw_and_its_owner_sees_that_it_is(give, function, with_people):
    photo_id = give()
    me, path = function("me"), {"id": photo_id}
    assert ask(me, "DELETE", "/me/contributions/{id}", BOB, path_parameters=path)[0] == 404
    for _ in range(2):
        assert ask(me, "DELETE", "/me/contributions/{id}", path_parameters=path)[0] == 200
    assert with_people.raw_keys() == []
    (item,) = ask(me, "GET", "/me/contributions")[1]["items"]
    assert (item["status"], item["photo_url"]) == ("withdrawn", None)
    assert "fresh_contribution" not in with_people.item(photo_id)
    again = event(
        "POST",
        "/predictions/{id}/feedback",
        path_parameters=path,
        body={"feedback": "confirmed"},
        claims=claims_of(ALICE),
    )
    assert function("feedback")(again, None)["statusCode"] == 404
    assert with_people.raw_keys() == []


def test_an_export_holds_every_answer_and_every_photo(give, function, with_people):
    photo_id, withdrawn = give(), give()
    me = function("me")
    ask(me, "DELETE", "/me/contributions/{id}", path_parameters={"id": withdrawn})
    for _ in range(2):
        assert ask(me, "GET", "/me/export")[0] == 202
    assert deliver(function("fulfil")) == 1, "asking twice makes one"
    status, ready = ask(me, "GET", "/me/export")
    assert status == 200
    assert "exports/" in ready["url"]
    stored = with_people.s3.get_object(Bucket="uploads", Key=f"exports/{ALICE}/avocet-export.zip")["Body"].read()
    assert len(stored) == ready["size_bytes"]
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        assert archive.read(f"photos/{photo_id}.jpg") == with_people.raw_bytes(f"{RED}/{photo_id}.jpg")
        told = {each["photo_id"]: each for each in json.loads(archive.read("contributions.json"))}
        assert json.loads(archive.read("person.json"))["account"] == {"sub": ALICE}
    assert told[photo_id]["feedback"]["kind"] == "confirmed"
    assert told[withdrawn]["photo"] is None


def test_an_erased_person_leaves_nothing_and_others_lose_nothing(give, function, with_people, pool):
    give()
    kept = give(BOB)
    me = function("me")
    assert ask(me, "DELETE", "/me", body={"confirmation": "yes"})[0] == 422
    assert ask(me, "DELETE", "/me", body={"confirmation": "erase-everything"})[0] == 202
    assert deliver(function("fulfil")) == 1
    assert with_people.raw_keys() == [f"{RED}/{kept}.jpg"]
    assert with_people.photo_ids() == [kept]
    assert pool.held.keys() == {BOB}
    assert with_people.s3.list_objects_v2(Bucket="clean", Prefix="erasures/")["KeyCount"] == 1
    assert "Item" not in with_people.dynamodb.get_item(TableName="people", Key={"owner_id": {"S": ALICE}})
    assert ask(me, "DELETE", "/me", body={"confirmation": "erase-everything"})[0] == 404


def test_an_admin_s_choice_of_messages_is_exported_and_goes_with_them(give, function, with_people, pool, monkeypatch):
    sns = boto3.client("sns", region_name="eu-west-1")
    topic = sns.create_topic(Name="admins")["TopicArn"]
    monkeypatch.setenv("AVOCET_ADMIN_TOPIC", topic)
    pool.held[ALICE] = replace(pool.held[ALICE], attributes={"sub": ALICE, "email_verified": "true"})
    users, path = function("users"), "/admin/notifications"

    def asked(method: str, groups: str = "admin", **more: Any) -> tuple[int, dict[str, Any]]:
        answer = users(event(method, path, claims=claims_of(ALICE, groups=groups), **more), None)
        return answer["statusCode"], json.loads(answer["body"])

    assert asked("GET", groups="user")[0] == 403
    for wrong in ({"kinds": ["weather"], "language": "en"}, {"kinds": "drift", "language": "en"}, {"kinds": []}):
        assert asked("PUT", body=wrong)[0] == 422
    assert asked("GET")[1]["delivery"] == "off"
    status, chosen = asked("PUT", body={"kinds": ["health", "drift"], "language": "fr"})
    assert (status, chosen["kinds"], chosen["language"]) == (200, ["drift", "health"], "fr")
    assert asked("GET") == (200, chosen)
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1

    me, fulfil = function("me"), function("fulfil")
    ask(me, "GET", "/me/export")
    deliver(fulfil)
    stored = with_people.s3.get_object(Bucket="uploads", Key=f"exports/{ALICE}/avocet-export.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        told = json.loads(archive.read("person.json"))["notifications"]
    assert told == {"kinds": ["drift", "health"], "language": "fr", "email": chosen["email"]}
    ask(me, "DELETE", "/me", body={"confirmation": "erase-everything"})
    deliver(fulfil)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert with_people.dynamodb.scan(TableName="notices")["Items"] == []


def test_somebody_invited_accepts_the_terms_once_and_can_then_give_photos(with_people, function):
    predict, feedback, me = function("predict"), function("feedback"), function("me")
    invited = claims_of(ALICE) | {"custom:terms_version": ""}
    asked = event("POST", "/predictions", body=jpeg(), content_type="image/jpeg", claims=invited)
    path = {"id": json.loads(predict(asked, None)["body"])["prediction_id"]}
    said = event(
        "POST", "/predictions/{id}/feedback", path_parameters=path, body={"feedback": "confirmed"}, claims=invited
    )
    assert feedback(said, None)["statusCode"] == 403

    first = ask(me, "PUT", "/me/terms", body={"terms_version": "2026-11"})
    assert first[0] == 200
    assert (first[1]["terms_version"], first[1]["licence"]) == ("2026-11", "CC-BY-4.0")
    assert ask(me, "PUT", "/me/terms", body={"terms_version": "2026-11"}) == first
    assert json.loads(feedback(said, None)["body"])["licence"] == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"terms_version": "1999-01"}, 403, "terms-not-accepted"),
        ({}, 422, "invalid-request"),
        ({"terms_version": 202611}, 422, "invalid-request"),
        ({"terms_version": "2" * 33}, 422, "invalid-request"),
    ],
)
def test_terms_that_are_not_on_offer_cannot_be_accepted(with_people, function, body, status, kind):
    answered, problem = ask(function("me"), "PUT", "/me/terms", body=body)
    assert (answered, problem["type"]) == (status, f"/problems/{kind}")


def test_nothing_is_kept_of_somebody_who_was_erased_while_their_token_still_lives(with_people, function, pool):
    from avocet.http import wiring

    pool.shut(pool.find(ALICE))
    answered, problem = ask(function("me"), "PUT", "/me/terms", body={"terms_version": "2026-11"})
    assert (answered, problem["type"]) == (404, "/problems/no-account")
    assert wiring.people().find(ALICE) is None
