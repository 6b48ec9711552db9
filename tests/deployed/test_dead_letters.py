"""What fails every time lands among the dead letters, is seen by an admin, and does its work once its cause is mended."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.deployed.waiting import until


@pytest.fixture
def impatient(cloud: Cloud) -> Iterator[str]:
    """The queue of requests about people's data, giving up after one failure instead of five, at once."""
    sqs = cloud.aws("sqs")
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if "DataRequests" in url]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])["Attributes"]
    policy = json.loads(before["RedrivePolicy"]) | {"maxReceiveCount": 1}
    # The emulator's own worker must be done with a message before it comes again, also on a machine that does much else.
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "20", "RedrivePolicy": json.dumps(policy)})
    yield url
    sqs.set_queue_attributes(QueueUrl=url, Attributes=before)


@contextmanager
def misled(cloud: Cloud, verb: str, **settings: str) -> Iterator[None]:
    """Let the function of ``verb`` have wrong settings for a while."""
    functions = cloud.aws("lambda")
    (name,) = [
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each.get("Description", "").endswith(f": {verb}")
    ]
    right = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def set_to(variables: Mapping[str, str]) -> None:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        # Its process is a new one: what comes next must not wait for that.
        functions.invoke(FunctionName=name, Payload=b'{"Records": []}')

    set_to(right | settings)
    try:
        yield
    finally:
        set_to(right)


def test_a_request_that_failed_is_replayed_by_an_admin_and_done(cloud: Cloud, admin: Person, impatient: str) -> None:
    person, known = cloud.sign_up(), _letter_ids(admin)
    with misled(cloud, "fulfil", AVOCET_UPLOADS_BUCKET="a-bucket-that-is-not-there"):
        assert person.get("/me/export").status_code == 202
        letter = until(lambda: _new_letter(admin, known, about="export"), within_s=300, every_s=2)
    assert letter["addressee"] == "data-requests"
    assert letter["queue"] == "serving"
    problem(person.post(f"/admin/dead-letters/{letter['letter_id']}"), 403, "admins-only")

    assert succeeded(admin.post(f"/admin/dead-letters/{letter['letter_id']}"), 202) == letter
    until(lambda: person.get("/me/export").status_code == 200, within_s=300, every_s=1)
    assert _new_letter(admin, known, about="export") is None
    (noted,) = [
        each for each in succeeded(admin.get("/admin/audit"))["items"] if each["subject_id"] == letter["letter_id"]
    ]
    assert noted["action"] == "replay"
    assert noted["actor_id"] == admin.owner_id


def test_poison_harms_nobody_and_is_thrown_away(cloud: Cloud, admin: Person, impatient: str) -> None:
    known = _letter_ids(admin)
    cloud.aws("sqs").send_message(QueueUrl=impatient, MessageBody="poison")
    letter = until(lambda: _new_letter(admin, known, reason="cannot be read"), within_s=300, every_s=2)
    # Behind it, people's requests go on.
    person = cloud.sign_up()
    until(lambda: person.get("/me/export").status_code == 200, within_s=300, every_s=1)
    response = cloud.request("DELETE", f"/admin/dead-letters/{letter['letter_id']}", token=admin.id_token)
    assert succeeded(response)["addressee"] == "data-requests"
    assert _new_letter(admin, known, reason="cannot be read") is None


def _letters(admin: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = succeeded(admin.get("/admin/dead-letters"))["letters"]
    return found


def _letter_ids(admin: Person) -> set[str]:
    return {each["letter_id"] for each in _letters(admin)}


def _new_letter(admin: Person, known: set[str], **said: str) -> Mapping[str, Any] | None:
    """Return a letter like that which is not among the ``known``: what other tests gave up on is theirs."""
    new = [each for each in _letters(admin) if each["letter_id"] not in known]
    return next((each for each in new if all(each[name] == value for name, value in said.items())), None)
