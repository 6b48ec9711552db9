"""From a photo to three names: inline and by upload, for the person it belongs to."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.deployed.made_photos import animation, big_photo, made_photo, pixel_bomb


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_gets_its_three_likeliest_names(owner: Person, form: str) -> None:
    answer = owner.predict(made_photo(1, form=form))
    scores = [one["score"] for one in answer["predictions"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= sum(scores) <= 1.0001
    assert len({one["species_id"] for one in answer["predictions"]}) == 3
    assert all(one["names"]["scientific"] for one in answer["predictions"])
    assert {"decode", "infer", "store", "total"} <= set(answer["timings_ms"])
    assert answer["timings_ms"]["total"] >= answer["timings_ms"]["infer"] > 0
    in_a_day = datetime.now(UTC) + timedelta(hours=24)
    assert abs(datetime.fromisoformat(answer["expires_at"]) - in_a_day) < timedelta(minutes=10)


def test_the_model_that_answered_is_the_champion(cloud: Cloud, owner: Person, photo: bytes) -> None:
    key = {"version": {"S": "#champion"}}
    pointer = cloud.aws("dynamodb").get_item(TableName=cloud.outputs["ModelsTableName"], Key=key)["Item"]
    assert owner.predict(photo)["model_version"] == pointer["champion"]["S"]


def test_the_same_photo_is_named_the_same_however_it_travels(owner: Person, photo: bytes) -> None:
    inline = owner.predict(photo)
    by_upload = succeeded(owner.post("/predictions", json={"upload_id": owner.upload(photo)}), 201)
    assert by_upload["predictions"] == inline["predictions"]
    assert by_upload["prediction_id"] != inline["prediction_id"]


def test_the_declared_type_and_the_name_mean_nothing(owner: Person, photo: bytes) -> None:
    expected = owner.predict(photo)["predictions"]
    for declared in ("image/png", "application/octet-stream", "text/plain"):
        assert succeeded(owner.send_photo(photo, declared=declared), 201)["predictions"] == expected


def test_a_photo_taken_sideways_is_seen_upright(owner: Person) -> None:
    """The same pixels, once turned by hand and once by the camera's note, are the same photo."""
    import io

    from PIL import Image

    upright = Image.open(io.BytesIO(made_photo(7, form="PNG")))
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    upright.convert("RGB").transpose(Image.Transpose.ROTATE_90).save(stream, "PNG", exif=exif)
    expected = owner.predict(made_photo(7, form="PNG"))["predictions"]
    seen = owner.predict(stream.getvalue())["predictions"]
    assert [one["species_id"] for one in seen] == [one["species_id"] for one in expected]
    assert [one["score"] for one in seen] == pytest.approx([one["score"] for one in expected], abs=1e-4)


def test_a_big_photo_goes_by_upload(owner: Person) -> None:
    upload_id = owner.upload(big_photo(1))
    answer = succeeded(owner.post("/predictions", json={"upload_id": upload_id}), 201)
    assert answer["prediction_id"] == upload_id, "one id follows a photo all the way"


def test_asking_twice_about_an_upload_gives_the_prediction_that_was_made(owner: Person, photo: bytes) -> None:
    body = {"upload_id": owner.upload(photo)}
    first = succeeded(owner.post("/predictions", json=body), 201)
    second = owner.post("/predictions", json=body)
    assert second.status_code in {200, 201}
    for part in ("prediction_id", "model_version", "predictions", "expires_at"):
        assert second.json()[part] == first[part]


def test_a_prediction_can_be_read_again(owner: Person, photo: bytes) -> None:
    made = owner.predict(photo)
    read = succeeded(owner.get(f"/predictions/{made['prediction_id']}"))
    assert read["predictions"] == made["predictions"]
    assert read["feedback"] is None


def test_an_upload_that_never_arrived_is_said_to_be_missing(owner: Person) -> None:
    ticket = succeeded(owner.post("/uploads", json={"size_bytes": 1000}), 201)
    problem(owner.post("/predictions", json={"upload_id": ticket["upload_id"]}), 409, "photo-missing")


def test_an_upload_belongs_to_who_asked_for_it(owner: Person, stranger: Person, photo: bytes) -> None:
    body = {"upload_id": owner.upload(photo)}
    theirs = problem(stranger.post("/predictions", json=body), 404, "not-found")
    nobodys = problem(stranger.post("/predictions", json={"upload_id": "0" * 32}), 404, "not-found")
    assert theirs["detail"] == nobodys["detail"], "what is somebody else's looks like what is not there"


def test_an_upload_is_refused_after_a_day(cloud: Cloud, owner: Person, photo: bytes) -> None:
    upload_id = owner.upload(photo)
    yesterday = datetime.now(UTC) - timedelta(hours=24, minutes=1)
    cloud.set_attribute(upload_id, "created_at", {"S": yesterday.isoformat(timespec="microseconds")})
    problem(owner.post("/predictions", json={"upload_id": upload_id}), 410, "upload-expired")


def test_the_storage_takes_no_more_than_was_granted(cloud: Cloud, owner: Person) -> None:
    ticket = succeeded(owner.post("/uploads", json={"size_bytes": 1000}), 201)
    response = cloud.post_form(ticket, bytes(ticket["max_bytes"] + 1))
    assert 400 <= response.status_code < 500


@pytest.mark.parametrize("key", ["photos/" + "0" * 32, "../raw/x", "elsewhere"])
def test_an_upload_goes_where_it_was_granted_and_nowhere_else(
    cloud: Cloud, owner: Person, photo: bytes, key: str
) -> None:
    ticket = succeeded(owner.post("/uploads", json={"size_bytes": len(photo)}), 201)
    assert cloud.post_form(ticket, photo, key=key).status_code == 403


def test_an_upload_that_is_too_big_is_refused_before_it_starts(owner: Person) -> None:
    for size_bytes in (25 * 1024 * 1024 + 1, 10**12):
        assert owner.post("/uploads", json={"size_bytes": size_bytes}).status_code in {413, 422}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "unreadable-photo"),
        (b"hello", 415, "unsupported-format"),
        (b"<html><script>alert(1)</script></html>", 415, "unsupported-format"),
        (b"%PDF-1.7", 415, "unsupported-format"),
        (made_photo(1)[:2000], 422, "unreadable-photo"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 1000, 422, "unreadable-photo"),
        (pixel_bomb(), 413, "photo-too-large"),
        (animation(), 415, "unsupported-format"),
    ],
    ids=["empty", "text", "html", "pdf", "half a photo", "zeros", "pixel bomb", "animated gif"],
)
def test_what_is_no_photo_is_refused_in_words(owner: Person, body: bytes, status: int, code: str) -> None:
    problem(owner.send_photo(body), status, code)


def test_what_is_no_photo_is_refused_by_upload_too(owner: Person) -> None:
    upload_id = owner.upload(b"no photo at all" * 100)
    problem(owner.post("/predictions", json={"upload_id": upload_id}), 415, "unsupported-format")


def test_a_refused_photo_leaves_nothing_behind(cloud: Cloud, owner: Person) -> None:
    """Only what was identified is kept; the rest would wait a day for nothing."""

    def kept() -> set[str]:
        pages = cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=cloud.outputs["UploadsBucketName"])
        return {found["Key"] for page in pages for found in page.get("Contents", [])}

    before = kept()
    owner.send_photo(b"no photo")
    # Somebody who was erased just before may still be losing theirs.
    assert kept() <= before


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "{}", '{"upload_id": 3}', '{"upload_id": "../../etc"}', '{"upload_id": "#champion"}'],
)
def test_a_request_that_names_no_upload_is_refused_in_words(owner: Person, body: str) -> None:
    response = owner.post("/predictions", content=body.encode(), headers={"Content-Type": "application/json"})
    assert 400 <= response.status_code < 500, response.text
    assert response.json()["detail"]


def test_a_photo_too_big_to_travel_inline_is_told_the_other_way(owner: Person) -> None:
    response = owner.send_photo(big_photo(2, at_least_bytes=4_600_000))
    assert response.status_code == 413
    assert "upload" in response.json()["detail"].lower()
