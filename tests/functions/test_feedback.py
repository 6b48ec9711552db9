"""POST /predictions/{id}/feedback, GET /predictions/{id} and the sweep, event to answer."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.client import BaseClient

from tests.made.bundles import GREEN, RED
from tests.made.events import ALICE, BOB, claims_of, event
from tests.made.photos import jpeg


class Context:
    """Lambda's context, with time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def photo_id(served, function) -> str:
    asked = event("POST", "/predictions", body=jpeg(exif=True), content_type="image/jpeg", claims=claims_of(ALICE))
    return json.loads(function("predict")(asked, None)["body"])["prediction_id"]


@pytest.fixture
def feedback(function):
    return function("feedback")


def give(feedback, photo_id, body, *, owner_id: str = ALICE, terms_version: str | None = "2026-11"):
    answer = feedback(
        event(
            "POST",
            "/predictions/{id}/feedback",
            path_parameters={"id": photo_id},
            body=body,
            claims=claims_of(owner_id, terms_version=terms_version),
        ),
        None,
    )
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def read(function, photo_id, *, owner_id: str = ALICE):
    asked = event("GET", "/predictions/{id}", path_parameters={"id": photo_id}, claims=claims_of(owner_id))
    answer = function("get_prediction")(asked, None)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    ("body", "folder", "status"),
    [
        ({"feedback": "confirmed"}, RED, "received"),
        ({"feedback": "corrected", "species_id": GREEN}, GREEN, "received"),
        ({"feedback": "corrected", "species_id": "house-sparrow"}, "house-sparrow", "received"),
        ({"feedback": "unknown"}, "unknown", "review"),
    ],
)
def test_each_answer_puts_the_photo_where_it_belongs(served, function, feedback, photo_id, body, folder, status):
    answered, taken, _ = give(feedback, photo_id, body)
    assert answered == 200, taken
    assert (taken["status"], taken["licence"], taken["terms_version"]) == (status, "CC-BY-4.0", "2026-11")
    assert served.raw_keys() == [f"{folder}/{photo_id}.jpg"]
    assert b"SecretCamera" not in served.raw_bytes(served.raw_keys()[0])
    shown = {"feedback": body["feedback"], "species_id": taken["species_id"], "status": status}
    assert read(function, photo_id)[1]["feedback"] == shown


def test_a_change_of_mind_moves_the_photo_and_counts_once(served, function, feedback, photo_id):
    for body in (
        {"feedback": "confirmed"},
        {"feedback": "unknown"},
        {"feedback": "confirmed"},
        {"feedback": "confirmed"},
    ):
        assert give(feedback, photo_id, body)[0] == 200
    assert served.raw_keys() == [f"{RED}/{photo_id}.jpg"]
    stats = function("stats")(event("GET", "/stats"), None)
    counted = json.loads(stats["body"])
    assert counted["contributions"] == 1
    assert [(week["confirmed"], week["corrected"], week["unknown"]) for week in counted["answers"]] == [(1, 0, 0)]


@pytest.fixture
def one_call_at_a_time(monkeypatch):
    """Make moto take each call as a whole, as the services do; by itself it is not safe under threads."""
    lock, call = threading.Lock(), BaseClient._make_api_call

    def locked(self, operation_name, api_params):
        with lock:
            return call(self, operation_name, api_params)

    monkeypatch.setattr(BaseClient, "_make_api_call", locked)


@pytest.mark.usefixtures("one_call_at_a_time")
def test_eight_clicks_at_once_leave_one_photo(served, function, feedback, photo_id):
    with ThreadPoolExecutor(8) as clicks:
        answers = list(clicks.map(lambda _: give(feedback, photo_id, {"feedback": "confirmed"})[0], range(8)))
    assert set(answers) <= {200, 409}
    assert 200 in answers
    assert served.raw_keys() == [f"{RED}/{photo_id}.jpg"]
    assert json.loads(function("stats")(event("GET", "/stats"), None)["body"])["contributions"] == 1


def test_somebody_elses_prediction_is_not_there(function, feedback, photo_id):
    assert give(feedback, photo_id, {"feedback": "confirmed"}, owner_id=BOB)[0] == 404
    assert read(function, photo_id, owner_id=BOB)[0] == 404
    assert read(function, "f" * 32)[0] == 404
    assert read(function, "#tally#0")[0] == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid-request"),
        ({"feedback": "maybe"}, 422, "invalid-request"),
        ({"feedback": "corrected"}, 422, "invalid-feedback"),
        ({"feedback": "unknown", "species_id": GREEN}, 422, "invalid-feedback"),
        ({"feedback": "corrected", "species_id": "dodo-of-mars"}, 422, "unknown-species"),
        (b"[]", 400, "bad-request"),
    ],
)
def test_an_answer_that_makes_no_sense_is_explained(served, feedback, photo_id, body, status, code):
    answered, problem, _ = give(feedback, photo_id, body)
    assert (answered, problem["type"]) == (status, f"/problems/{code}")
    assert served.raw_keys() == []


def test_without_accepted_terms_nothing_is_taken(served, feedback, photo_id):
    answered, problem, _ = give(feedback, photo_id, {"feedback": "confirmed"}, terms_version=None)
    assert (answered, problem["type"]) == (403, "/problems/terms-not-accepted")
    assert served.raw_keys() == []


def test_terms_on_record_are_enough(served, function, feedback, photo_id):
    token = {
        "triggerSource": "TokenGeneration_Authentication",
        "request": {"userAttributes": {"sub": ALICE, "custom:terms_version": "2026-11"}},
        "response": {},
    }
    assert function("pre_token")(token, None) == token
    assert give(feedback, photo_id, {"feedback": "confirmed"}, terms_version=None)[0] == 200


def test_a_photo_in_a_snapshot_keeps_its_answer(served, feedback, photo_id):
    give(feedback, photo_id, {"feedback": "confirmed"})
    served.dynamodb.update_item(
        TableName="photos",
        Key={"photo_id": {"S": photo_id}},
        UpdateExpression="SET snapshot_id = :s",
        ExpressionAttributeValues={":s": {"S": "s1"}},
    )
    answered, problem, _ = give(feedback, photo_id, {"feedback": "unknown"})
    assert (answered, problem["type"]) == (409, "/problems/in-snapshot")


class ProcessDiedError(BaseException):
    """What a kill looks like from inside."""


def test_a_function_that_died_half_way_is_completed_by_the_sweep(served, function, feedback, photo_id, monkeypatch):
    from avocet.adapters.s3 import S3RawPhotos

    def die(*_):
        raise ProcessDiedError

    with monkeypatch.context() as patched:
        patched.setattr(S3RawPhotos, "put", die)
        with pytest.raises(ProcessDiedError):
            give(feedback, photo_id, {"feedback": "confirmed"})
    assert read(function, photo_id)[1]["feedback"]["status"] == "pending"

    answered, problem, headers = give(feedback, photo_id, {"feedback": "unknown"})
    assert (answered, problem["type"]) == (409, "/problems/answer-in-progress")
    assert 1 <= int(headers["Retry-After"]) <= 60

    settle = function("settle")
    assert settle({"source": "aws.events"}, Context()) == {"completed": 0, "withdrawn": 0, "postponed": 1}
    lapse = "SET contribution.leases = :none, lease_until = :past"
    served.dynamodb.update_item(
        TableName="photos",
        Key={"photo_id": {"S": photo_id}},
        UpdateExpression=lapse,
        ExpressionAttributeValues={":none": {"M": {}}, ":past": {"S": "2020-01-01T00:00:00.000000+00:00"}},
    )
    assert settle({"source": "aws.events"}, Context()) == {"completed": 1, "withdrawn": 0, "postponed": 0}
    assert served.raw_keys() == [f"{RED}/{photo_id}.jpg"]
    assert read(function, photo_id)[1]["feedback"]["status"] == "received"
    assert settle({}, Context()) == {"completed": 0, "withdrawn": 0, "postponed": 0}


def test_a_sweep_without_time_postpones(served, function, feedback, photo_id, monkeypatch):
    from avocet.adapters.s3 import S3RawPhotos

    def die(*_):
        raise ProcessDiedError

    with monkeypatch.context() as patched:
        patched.setattr(S3RawPhotos, "put", die)
        with pytest.raises(ProcessDiedError):
            give(feedback, photo_id, {"feedback": "confirmed"})

    class Late(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 1_000

    assert function("settle")({}, Late()) == {"completed": 0, "withdrawn": 0, "postponed": 1}


def test_an_accepted_photo_that_is_lost_raises_an_alarm(served, function, feedback, photo_id):
    give(feedback, photo_id, {"feedback": "confirmed"})
    served.s3.delete_object(Bucket="raw", Key=f"{RED}/{photo_id}.jpg")
    served.s3.delete_object(Bucket="uploads", Key=f"photos/{photo_id}")
    served.dynamodb.update_item(
        TableName="photos",
        Key={"photo_id": {"S": photo_id}},
        UpdateExpression="SET contribution.finished = :no, open_intent = :open, lease_until = :past",
        ExpressionAttributeValues={":no": {"BOOL": False}, ":open": {"S": "open"}, ":past": {"S": "2020"}},
    )
    with pytest.raises(Exception, match="cannot be found"):
        function("settle")({}, Context())
