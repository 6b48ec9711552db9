"""What an answer does to the photo: exactly one photo in raw, exactly one record, whatever happens."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.deployed.made_photos import COMMENT, OWNER_NAME, XMP, made_photo

ANSWERS = [("confirmed", None), ("corrected", "pied-avocet"), ("unknown", None)]


def _contributions(cloud: Cloud) -> int:
    return int(succeeded(cloud.request("GET", "/stats"))["contributions"])


def _only_photo(cloud: Cloud, photo_id: str) -> bytes:
    (key,) = cloud.raw_keys(photo_id)
    return cloud.raw_photo(key)


@pytest.mark.parametrize(("feedback", "species_id"), ANSWERS)
def test_an_answer_puts_the_photo_where_it_belongs(
    cloud: Cloud, owner: Person, photo: bytes, feedback: str, species_id: str | None
) -> None:
    prediction = owner.predict(photo)
    photo_id = prediction["prediction_id"]
    taken = succeeded(owner.answer(photo_id, feedback, species_id))
    folder = {
        "confirmed": prediction["predictions"][0]["species_id"],
        "corrected": species_id,
        "unknown": "unknown",
    }[feedback]
    assert cloud.raw_keys(photo_id) == [f"{folder}/{photo_id}.jpg"]
    assert taken["photo_id"] == photo_id
    assert taken["species_id"] == (None if feedback == "unknown" else folder)
    assert taken["status"] == ("review" if feedback == "unknown" else "received")
    assert taken["licence"] == "CC-BY-4.0"
    read = succeeded(owner.get(f"/predictions/{photo_id}"))["feedback"]
    assert read == {"feedback": feedback, "species_id": taken["species_id"], "status": taken["status"]}


def test_what_lies_in_raw_tells_nothing_but_the_picture(cloud: Cloud, owner: Person) -> None:
    photo = made_photo(11, width_px=640, height_px=480, orientation=6)
    photo_id = owner.predict(photo)["prediction_id"]
    succeeded(owner.answer(photo_id, "confirmed"))
    kept = _only_photo(cloud, photo_id)
    for secret in (OWNER_NAME.encode(), XMP, COMMENT, b"Phonemaker", b"Exif", b"GPS", b"http://ns.adobe.com"):
        assert secret not in kept
    image = Image.open(io.BytesIO(kept))
    assert image.format == "JPEG"
    assert image.size == (480, 640), "the camera's note is gone, so the picture itself is turned"
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    stored = cloud.s3.head_object(Bucket=cloud.outputs["RawBucketName"], Key=cloud.raw_keys(photo_id)[0])
    assert stored["ContentType"] == "image/jpeg"
    assert owner.username not in str(stored)


@pytest.mark.parametrize(("feedback", "species_id"), ANSWERS)
def test_a_second_click_adds_nothing(
    cloud: Cloud, owner: Person, photo: bytes, feedback: str, species_id: str | None
) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    before = _contributions(cloud)
    first = succeeded(owner.answer(photo_id, feedback, species_id))
    assert _contributions(cloud) == before + 1
    kept = _only_photo(cloud, photo_id)
    assert succeeded(owner.answer(photo_id, feedback, species_id)) == first
    assert _only_photo(cloud, photo_id) == kept
    assert _contributions(cloud) == before + 1


def test_an_answer_can_be_changed_and_the_photo_moves_along(cloud: Cloud, owner: Person, photo: bytes) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    before = _contributions(cloud)
    steps = [("unknown", None), ("corrected", "pied-avocet"), ("corrected", "house-sparrow"), ("confirmed", None)]
    for feedback, species_id in [*steps, steps[0]]:
        taken = succeeded(owner.answer(photo_id, feedback, species_id))
        folder = taken["species_id"] or "unknown"
        assert cloud.raw_keys(photo_id) == [f"{folder}/{photo_id}.jpg"]
    assert _contributions(cloud) == before + 1


def test_an_answer_can_be_changed_when_the_original_is_gone(cloud: Cloud, owner: Person, photo: bytes) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    succeeded(owner.answer(photo_id, "unknown"))
    kept = _only_photo(cloud, photo_id)
    cloud.s3.delete_object(Bucket=cloud.outputs["UploadsBucketName"], Key=f"photos/{photo_id}")
    succeeded(owner.answer(photo_id, "corrected", "pied-avocet"))
    assert cloud.raw_keys(photo_id) == [f"pied-avocet/{photo_id}.jpg"]
    assert _only_photo(cloud, photo_id) == kept


def test_eight_clicks_at_once_count_once(cloud: Cloud, owner: Person, photo: bytes) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    before = _contributions(cloud)
    assert owner.id_token
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda _: owner.answer(photo_id, "corrected", "pied-avocet"), range(8)))
    statuses = {response.status_code for response in responses}
    assert statuses <= {200, 409}, statuses
    assert 200 in statuses
    assert all("Retry-After" in response.headers for response in responses if response.status_code == 409)
    assert cloud.raw_keys(photo_id) == [f"pied-avocet/{photo_id}.jpg"]
    assert _contributions(cloud) == before + 1


def test_different_answers_at_once_leave_one_of_them(cloud: Cloud, owner: Person, photo: bytes) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    before = _contributions(cloud)
    wishes = [("corrected", "pied-avocet"), ("corrected", "house-sparrow"), ("unknown", None), ("confirmed", None)]
    assert owner.id_token
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda wish: owner.answer(photo_id, *wish), wishes * 2))
    assert {response.status_code for response in responses} <= {200, 409}
    assert 200 in {response.status_code for response in responses}
    left = succeeded(owner.get(f"/predictions/{photo_id}"))["feedback"]
    assert cloud.raw_keys(photo_id) == [f"{left['species_id'] or 'unknown'}/{photo_id}.jpg"]
    assert _contributions(cloud) == before + 1


def test_somebody_elses_prediction_looks_like_none(
    cloud: Cloud, owner: Person, stranger: Person, admin: Person, photo: bytes
) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    for person in (stranger, admin):
        for other_id in (photo_id, "0" * 32):
            problem(person.get(f"/predictions/{other_id}"), 404, "not-found")
            problem(person.answer(other_id, "confirmed"), 404, "not-found")
    assert cloud.raw_keys(photo_id) == []
    assert succeeded(owner.get(f"/predictions/{photo_id}"))["feedback"] is None


def test_an_upload_that_was_not_identified_cannot_be_answered(owner: Person, photo: bytes) -> None:
    response = owner.answer(owner.upload(photo), "confirmed")
    assert response.status_code in {404, 409}


def test_a_day_later_it_is_too_late(cloud: Cloud, owner: Person, photo: bytes) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    yesterday = datetime.now(UTC) - timedelta(hours=24, minutes=1)
    cloud.set_attribute(photo_id, "created_at", {"S": yesterday.isoformat(timespec="microseconds")})
    problem(owner.answer(photo_id, "confirmed"), 410, "upload-expired")
    assert cloud.raw_keys(photo_id) == []


def test_a_day_later_an_answer_that_was_given_can_still_be_changed(cloud: Cloud, owner: Person, photo: bytes) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    succeeded(owner.answer(photo_id, "unknown"))
    yesterday = datetime.now(UTC) - timedelta(days=3)
    cloud.set_attribute(photo_id, "created_at", {"S": yesterday.isoformat(timespec="microseconds")})
    succeeded(owner.answer(photo_id, "corrected", "pied-avocet"))
    assert cloud.raw_keys(photo_id) == [f"pied-avocet/{photo_id}.jpg"]


def test_a_photo_in_a_snapshot_stays_where_it_is(cloud: Cloud, owner: Person, photo: bytes) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    succeeded(owner.answer(photo_id, "unknown"))
    cloud.set_attribute(photo_id, "snapshot_id", {"S": "0" * 64})
    problem(owner.answer(photo_id, "corrected", "pied-avocet"), 409, "in-snapshot")
    assert cloud.raw_keys(photo_id) == [f"unknown/{photo_id}.jpg"]


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        ({}, {400, 422}),
        ({"feedback": "maybe"}, {422}),
        ({"feedback": None}, {400, 422}),
        ({"feedback": "corrected"}, {422}),
        ({"feedback": "corrected", "species_id": "no-such-bird"}, {404, 422}),
        ({"feedback": "corrected", "species_id": "../../models"}, {404, 422}),
        ({"feedback": "corrected", "species_id": "unknown"}, {404, 422}),
        ({"feedback": "corrected", "species_id": "x" * 10_000}, {404, 422}),
        ({"feedback": "corrected", "species_id": ["pied-avocet"]}, {400, 422}),
        ({"feedback": "unknown", "species_id": "pied-avocet"}, {422}),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_and_changes_nothing(
    cloud: Cloud, owner: Person, photo: bytes, body: dict[str, object], statuses: set[int]
) -> None:
    photo_id = owner.predict(photo)["prediction_id"]
    response = owner.post(f"/predictions/{photo_id}/feedback", json=body)
    assert response.status_code in statuses, response.text
    assert response.json()["detail"]
    assert cloud.raw_keys(photo_id) == []


def test_settling_finishes_what_a_crash_left_half_done(cloud: Cloud, owner: Person, photo: bytes) -> None:
    """The photo is taken away and the record set back to the intent, as a crash between the two leaves them."""
    photo_id = owner.predict(photo)["prediction_id"]
    succeeded(owner.answer(photo_id, "corrected", "pied-avocet"))
    record = cloud.record(photo_id)
    assert record is not None
    contribution = record["contribution"]["M"] | {"finished": {"BOOL": False}}
    contribution.pop("stored_key", None)
    cloud.s3.delete_object(Bucket=cloud.outputs["RawBucketName"], Key=f"pied-avocet/{photo_id}.jpg")
    cloud.set_attribute(photo_id, "contribution", {"M": contribution})
    cloud.set_attribute(photo_id, "open_intent", {"S": "open"})
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="microseconds")
    cloud.set_attribute(photo_id, "lease_until", {"S": long_ago})
    functions = cloud.aws("lambda").list_functions()["Functions"]
    (settle,) = [one["FunctionName"] for one in functions if "settle" in one["FunctionName"].lower()]
    answer = cloud.aws("lambda").invoke(FunctionName=settle, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert cloud.raw_keys(photo_id) == [f"pied-avocet/{photo_id}.jpg"]
    assert succeeded(owner.get(f"/predictions/{photo_id}"))["feedback"]["status"] == "received"
