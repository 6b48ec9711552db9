"""POST /uploads and POST /predictions, event to answer."""

import json

import httpx
import pytest

from tests.functions.conftest import MODEL_VERSION
from tests.made.bundles import GREEN, RED, make_bundle
from tests.made.events import ALICE, BOB, claims_of, event
from tests.made.photos import BLUISH, GREENISH, REDDISH, jpeg

JSON = dict[str, object]


@pytest.fixture
def predict(served, function):
    return function("predict")


def ask(predict, body, *, owner_id: str = ALICE, content_type: str | None = "image/jpeg"):
    answer = predict(
        event("POST", "/predictions", body=body, content_type=content_type, claims=claims_of(owner_id)), None
    )
    return answer["statusCode"], json.loads(answer["body"])


def uploaded(served, function, data: bytes | None, *, owner_id: str = ALICE) -> str:
    """Ask for an upload and put the photo where the form would."""
    asked = event("POST", "/uploads", body={"size_bytes": 100}, claims=claims_of(owner_id))
    granted = json.loads(function("upload")(asked, None)["body"])
    if data is not None:
        served.s3.put_object(Bucket="uploads", Key=granted["fields"]["key"], Body=data)
    return granted["upload_id"]


def test_an_upload_is_granted_for_one_key_of_ours(served, function):
    asked = event("POST", "/uploads", body={"size_bytes": 3_000_000}, claims=claims_of(ALICE))
    answer = function("upload")(asked, None)
    assert answer["statusCode"] == 201
    granted = json.loads(answer["body"])
    assert granted["fields"]["key"] == f"photos/{granted['upload_id']}"
    assert granted["max_bytes"] == 25 * 1024 * 1024
    assert httpx.URL(granted["url"]).host
    assert served.item(granted["upload_id"])["owner_id"] == {"S": ALICE}


def test_an_upload_over_25_mb_is_refused_before_it_begins(cloud, function):
    asked = event("POST", "/uploads", body={"size_bytes": 25 * 1024 * 1024 + 1}, claims=claims_of(ALICE))
    answer = function("upload")(asked, None)
    assert answer["statusCode"] == 413
    assert cloud.photo_ids() == []


def test_the_answer_has_three_species_with_names_and_says_who_made_it(predict):
    status, body = ask(predict, jpeg(GREENISH))
    assert status == 201
    assert body["model_version"] == MODEL_VERSION
    assert [len(body["predictions"]), body["predictions"][0]["species_id"]] == [3, GREEN]
    first = body["predictions"][0]
    assert first["names"] == {"scientific": "Recurvirostra avosetta", "en": "Pied Avocet", "fr": first["names"]["fr"]}
    assert first["family"]["scientific"] == "Recurvirostridae"
    assert (first["rank"], body["unfamiliar"], body["feedback"]) == ("species", False, None)
    timings = body["timings_ms"]
    assert set(timings) == {"model", "decode", "infer", "store", "total"}
    assert timings["total"] >= sum(value for name, value in timings.items() if name != "total") - 0.05


def test_photo_and_record_are_durable_when_the_answer_is_given(predict, served):
    _, body = ask(predict, jpeg())
    photo_id = body["prediction_id"]
    assert served.s3.get_object(Bucket="uploads", Key=f"photos/{photo_id}")["Body"].read() == jpeg()
    item = served.item(photo_id)
    assert item["model_version"] == {"S": MODEL_VERSION}
    assert "purge_at" in item


def test_an_upload_is_named_once_and_remembered(predict, served, function):
    upload_id = uploaded(served, function, jpeg(BLUISH))
    status, first = ask(predict, {"upload_id": upload_id}, content_type=None)
    assert (status, first["prediction_id"]) == (201, upload_id)
    status, again = ask(predict, {"upload_id": upload_id}, content_type=None)
    assert (status, again["timings_ms"]) == (200, None)
    assert again["predictions"] == first["predictions"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "unreadable-photo"),
        (b"hello", 415, "unsupported-format"),
        (b"%PDF-1.4", 415, "unsupported-format"),
        (jpeg()[:300], 422, "unreadable-photo"),
        (jpeg() + bytes(4 * 1024 * 1024), 413, "photo-too-large"),
    ],
)
def test_what_is_no_photo_we_take_is_refused_and_leaves_nothing(predict, served, data, status, code):
    answered, body = ask(predict, data)
    assert (answered, body["type"]) == (status, f"/problems/{code}")
    assert served.photo_ids() == []
    assert "Contents" not in served.s3.list_objects_v2(Bucket="uploads")


def test_a_foreign_or_absent_upload_looks_the_same(predict, served, function):
    upload_id = uploaded(served, function, jpeg())
    status, foreign = ask(predict, {"upload_id": upload_id}, owner_id=BOB, content_type=None)
    assert status == 404
    status, absent = ask(predict, {"upload_id": "f" * 32}, owner_id=BOB, content_type=None)
    assert status == 404
    assert foreign["detail"] == absent["detail"]


def test_an_upload_that_never_came_is_asked_for(predict, served, function):
    status, body = ask(predict, {"upload_id": uploaded(served, function, None)}, content_type=None)
    assert (status, body["type"]) == (409, "/problems/photo-missing")


def test_an_upload_of_yesterday_is_gone(predict, served, function):
    upload_id = uploaded(served, function, jpeg())
    served.dynamodb.update_item(
        TableName="photos",
        Key={"photo_id": {"S": upload_id}},
        UpdateExpression="SET created_at = :then",
        ExpressionAttributeValues={":then": {"S": "2020-01-01T00:00:00.000000+00:00"}},
    )
    status, body = ask(predict, {"upload_id": upload_id}, content_type=None)
    assert (status, body["type"]) == (410, "/problems/upload-expired")


def test_without_a_champion_the_answer_says_so(cloud, function):
    status, body = ask(function("predict"), jpeg())
    assert (status, body["type"]) == (503, "/problems/no-model")


def test_a_promotion_is_followed_and_a_broken_bundle_is_not(predict, served, function):
    champion = predict.__globals__["_champion"]()
    assert ask(predict, jpeg(REDDISH))[1]["model_version"] == MODEL_VERSION
    served.publish(make_bundle("starter-00000002"), "starter-00000002")
    champion.wall_clock_s = lambda: 4e9
    assert ask(predict, jpeg(REDDISH))[1]["model_version"] == "starter-00000002"
    served.publish({**make_bundle("starter-00000003"), "model.onnx": b"broken"}, "starter-00000003")
    champion.wall_clock_s = lambda: 5e9
    status, body = ask(predict, jpeg(REDDISH))
    assert (status, body["model_version"]) == (201, "starter-00000002")
    assert body["predictions"][0]["species_id"] == RED


def test_without_claims_nobody_is_served(predict):
    answer = predict(event("POST", "/predictions", body=jpeg(), content_type="image/jpeg"), None)
    assert answer["statusCode"] == 401
