"""People's own contributions on the deployed stack: an unknown photo's way into the dataset and out again, export, erasure."""

import io
import random
import zipfile
from typing import Any

import httpx

from avocet.adapters.objects import S3Objects
from avocet.domain.likeness import SKETCHES
from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_dataset import job_done, send
from tests.deployed.waiting import until

SPECIES = "mallard"


def has_been_learnt(cloud: Cloud) -> bool:
    """Whether a training has seen photos of the species, as one of an earlier run may have."""
    models = S3Objects(cloud.s3, cloud.outputs["ModelsBucketName"])
    return any(key.endswith(f"/{SPECIES}") for key in models.keys(SKETCHES))


def own(person: Person, photo_id: str) -> dict[str, Any]:
    items = succeeded(person.get("/me/contributions", params={"limit": 100}))["items"]
    return next(item for item in items if item["photo_id"] == photo_id)


def fetched(url: str) -> bytes:
    """Return what a presigned link leads to."""
    return httpx.get(url, trust_env=False, timeout=60).raise_for_status().content


def reviewed(admin: Person, photo_id: str) -> dict[str, Any]:
    """Ask for photos to review until this one is handed out."""
    items = succeeded(admin.get("/admin/review", params={"limit": 100}))["items"]
    return next(item for item in items if item["photo_id"] == photo_id)


def test_an_unknown_photo_goes_through_review_into_the_dataset_and_out_again_when_it_is_withdrawn(
    cloud: Cloud, admin: Person, stranger: Person
) -> None:
    chance = random.Random("review")
    send(admin, [("MALLARD DUCK", "", made_photo(chance.getrandbits(32))) for _ in range(4)], source="review-test")
    # The photos are in, and no refresh of anybody else's comes between an answer and its review for the next day.
    job_done(admin, "refresh")
    photo_id = stranger.predict(made_photo(chance.getrandbits(32)))["prediction_id"]
    succeeded(stranger.answer(photo_id, "unknown"))
    assert own(stranger, photo_id)["status"] == "received"
    job_done(admin, "refresh")
    assert (own(stranger, photo_id)["status"], own(stranger, photo_id)["reason"]) == ("waiting_for_review", "unknown")

    item = reviewed(admin, photo_id)
    assert len(item["suggestions"]) == 3
    assert fetched(item["photo_url"]).startswith(b"\xff\xd8")
    refused = admin.post(f"/admin/review/{photo_id}", json={"action": "accept"})
    problem(refused, 422, "invalid-review")
    beside = succeeded(admin.get(f"/admin/review/{photo_id}/look-alikes", params={"species": SPECIES}))
    order = "similarity" if has_been_learnt(cloud) else "variety"
    assert (beside["order"], beside["names"]["fr"]) == (order, "Canard colvert")
    shown = {photo["photo_id"] for photo in beside["photos"]}
    assert 0 < len(shown) == len(beside["photos"]) <= 6
    assert photo_id not in shown
    assert all(photo["source"] for photo in beside["photos"])
    assert all(fetched(photo["url"]).startswith(b"\xff\xd8") for photo in beside["photos"])
    named = {"action": "correct", "species_id": SPECIES}
    assert succeeded(admin.post(f"/admin/review/{photo_id}", json=named))["status"] == "decided"
    job_done(admin, "refresh")

    gone = admin.get(f"/admin/review/{photo_id}/look-alikes", params={"species": SPECIES})
    problem(gone, 404, "not-found")
    held = own(stranger, photo_id)
    assert (held["status"], held["species_id"]) == ("in_dataset", SPECIES)
    assert held["snapshot_id"]
    assert succeeded(admin.get("/admin/audit"))["items"][0]["subject_id"] == photo_id
    problem(stranger.answer(photo_id, "unknown"), 409, "in-snapshot")

    gone = cloud.request("DELETE", f"/me/contributions/{photo_id}", token=stranger.id_token)
    assert succeeded(gone)["status"] == "withdrawn"
    assert cloud.raw_keys(photo_id) == []
    job_done(admin, "refresh")
    assert (own(stranger, photo_id)["status"], own(stranger, photo_id)["photo_url"]) == ("withdrawn", None)
    job_done(admin, "verify")


def test_somebody_takes_everything_along_and_is_forgotten(cloud: Cloud) -> None:
    leaving = cloud.sign_up()
    photo_id = leaving.predict(made_photo(7_070))["prediction_id"]
    succeeded(leaving.answer(photo_id, "unknown"))
    # A presigned link may be fetched by whoever holds it, so it is asked for and used at once.
    assert leaving.get("/me/export").status_code == 202

    def ready() -> dict[str, Any] | None:
        answer = leaving.get("/me/export")
        return answer.json() if answer.status_code == 200 else None

    archive = zipfile.ZipFile(io.BytesIO(fetched(until(ready, within_s=300)["url"])))
    assert f"photos/{photo_id}.jpg" in archive.namelist()
    meant = {"json": {"confirmation": "erase-everything"}}
    succeeded(cloud.request("DELETE", "/me", token=leaving.id_token, **meant), 202)
    until(lambda: cloud.record(photo_id) is None, within_s=300)
    assert cloud.raw_keys(photo_id) == []
    pool = cloud.outputs["UserPoolId"]
    cognito = cloud.aws("cognito-idp")
    until(
        lambda: not cognito.list_users(UserPoolId=pool, Filter=f'email = "{leaving.username}"')["Users"], within_s=300
    )
