"""The dataset grows by itself: a new version at Kaggle, and contributions worth a hundredth, without a hand being raised."""

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.schedules import sent_by_schedule
from tests.deployed.test_dataset import nothing_runs
from tests.deployed.waiting import until
from tests.made.kaggle import StandIn, archive, kaggle

SECRET = "avocet/local/kaggle"
FLOOR = 20
LABELS = {"MALLARD DUCK": 5, "HOUSE SPARROW": 5}


def letters(cloud: Cloud) -> list[dict[str, Any]]:
    answer = httpx.get(cloud.local["inbox_url"], params={"language": "en"}, trust_env=False, timeout=30)
    found: list[dict[str, Any]] = answer.json()["letters"]
    return found


def told(cloud: Cloud, subject: str, text: str) -> dict[str, Any]:
    """Wait for a letter to the admins."""

    def arrived() -> dict[str, Any] | None:
        return next((each for each in letters(cloud) if subject in each["subject"] and text in each["text"]), None)

    return until(arrived, within_s=300, every_s=1)


def refresh_because(admin: Person, words: str, *, known: set[str]) -> dict[str, Any]:
    """Wait until a refresh that gives this reason is closed, well."""

    def closed() -> dict[str, Any] | None:
        jobs = succeeded(admin.get("/admin/jobs"))["jobs"]
        new = [job for job in jobs if job["kind"] == "refresh" and job["job_id"] not in known]
        return next(
            (job for job in new if words in (job["because"] or "") and job["state"] in ("finished", "failed")), None
        )

    job = until(closed, within_s=600, every_s=1)
    assert job["state"] == "finished", job["reason"]
    return job


def job_ids(admin: Person, *kinds: str) -> set[str]:
    jobs = succeeded(admin.get("/admin/jobs"))["jobs"]
    return {job["job_id"] for job in jobs if not kinds or job["kind"] in kinds}


def sync_status(admin: Person) -> dict[str, Any]:
    status: dict[str, Any] = succeeded(admin.get("/admin/dataset"))["sync"]
    return status


@pytest.fixture(scope="module")
def stand_in(cloud: Cloud, admin: Person) -> Iterator[StandIn]:
    # Newer than whatever the cloud of an earlier run has.
    seed, version = random.SystemRandom().getrandbits(30), (sync_status(admin).get("version") or 0) + 1
    with kaggle(StandIn(archive(lambda number: made_photo(seed + number), LABELS), version)) as running:
        yield running
    secrets = cloud.aws("secretsmanager")
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def test_a_new_version_arrives_is_refreshed_and_announced_without_a_hand_being_raised(
    cloud: Cloud, admin: Person, stand_in: StandIn
) -> None:
    before = job_ids(admin, "sync")
    sent_by_schedule(cloud, "SyncSchedule", times=3)
    until(lambda: sync_status(admin)["status"] == "not-configured", within_s=300)
    assert len(job_ids(admin, "sync") - before) == 1, "an event that is delivered three times is one wish"
    known = job_ids(admin)
    cloud.aws("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps(stand_in.secret))
    sent_by_schedule(cloud, "SyncSchedule")
    job = refresh_because(admin, f"version {stand_in.version} of the set brought", known=known)
    assert sync_status(admin)["version"] == stand_in.version
    told(cloud, "new photos fetched", f"Version {stand_in.version} of the set is here")
    told(cloud, "dataset refresh started", job["job_id"])
    assert "avocet train" in told(cloud, "dataset refresh finished", job["job_id"])["text"]
    assert stand_in.leaked == []


def test_a_withdrawn_set_is_said_in_words_to_everybody_and_told_once(
    cloud: Cloud, admin: Person, stand_in: StandIn
) -> None:
    stand_in.refuse = 404
    sent_by_schedule(cloud, "SyncSchedule")
    until(lambda: sync_status(admin)["status"] == "withdrawn", within_s=300)
    told(cloud, "no new photos can be fetched", "no longer offered")
    assert "no longer offered" in succeeded(cloud.request("GET", "/status"))["activity"]["en"]
    assert sync_status(admin)["version"] == stand_in.version


def test_contributions_worth_a_hundredth_start_a_refresh_by_themselves(
    cloud: Cloud, admin: Person, owner: Person, stand_in: StandIn
) -> None:
    # A refresh under way would count some of them among what it takes in.
    until(lambda: nothing_runs(admin), within_s=600)
    dataset = succeeded(admin.get("/admin/dataset"))["snapshot"]
    species_id, known = next(iter(dataset["species"])), job_ids(admin)
    for number in range(max(FLOOR, -(-dataset["photos"] // 100))):
        prediction = owner.predict(made_photo(random.Random(f"hundredth {number}").getrandbits(30)))
        succeeded(owner.answer(prediction["prediction_id"], "corrected", species_id))
    job = refresh_because(admin, "contributions are new", known=known)
    assert job["requested_by"] == "system"
    told(cloud, "dataset refresh finished", job["job_id"])
