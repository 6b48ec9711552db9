"""The dataset on the deployed stack: import, refresh, verify, a contribution, a correction, an erasure, a killed job."""

import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cli.labelled_sets import open_set
from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.waiting import until

SET = Path(__file__).parents[3] / "shared" / "data" / "birds-sample"
LABELS = 12


def job_done(admin: Person, kind: str) -> dict[str, Any]:
    """Ask for a job and wait until it is closed, which must be well."""
    job = succeeded(admin.post("/admin/jobs", json={"kind": kind}), 202)

    def closed() -> dict[str, Any] | None:
        now = succeeded(admin.get(f"/admin/jobs/{job['job_id']}"))
        return now if now["state"] in ("finished", "failed") else None

    ended = until(closed, within_s=240)
    assert ended["state"] == "finished", ended["reason"]
    return ended["result"]


def send(admin: Person, photos: list[tuple[str, str, bytes]], source: str = "kaggle") -> dict[str, Any]:
    """Import photos, given as label, scientific name and bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        entries = [
            {"file": f"{number}.jpg", "name": f"{label}/{number}", "label": label, "scientific": scientific}
            for number, (label, scientific, _) in enumerate(photos)
        ]
        packed.writestr("manifest.json", json.dumps(entries))
        for number, (_, _, data) in enumerate(photos):
            packed.writestr(f"{number}.jpg", data)
    answer = admin.post(
        "/admin/dataset/photos",
        params={"source": source},
        content=buffer.getvalue(),
        headers={"Content-Type": "application/zip"},
    )
    return succeeded(answer)


@pytest.fixture(scope="module")
def dataset(admin: Person) -> dict[str, Any]:
    """A dataset to stand on: a dozen labels of the sample where it is at hand, made photos otherwise."""
    if SET.is_dir():
        photos = [(p.label, p.scientific, p.read()) for p in open_set(SET).photos[: 4 * LABELS]]
    else:
        names = ("MALLARD DUCK", "ROBIN", "COMMON LOON")
        photos = [(names[n % 3], "", made_photo(10_000 + n)) for n in range(12)]
    assert send(admin, photos)["refused"] == []
    job_done(admin, "refresh")
    return succeeded(admin.get("/admin/dataset"))


def test_import_refresh_and_verify_are_green_and_a_second_refresh_does_nothing(
    admin: Person, dataset: dict[str, Any]
) -> None:
    assert dataset["snapshot"]["photos"] >= 12
    assert all(count["test"] >= 1 for count in dataset["snapshot"]["species"].values())
    assert job_done(admin, "refresh") == {}
    after = succeeded(admin.get("/admin/dataset"))
    assert after["snapshot"]["snapshot_id"] == dataset["snapshot"]["snapshot_id"]
    assert int(job_done(admin, "verify")["photos"]) >= dataset["snapshot"]["photos"]


def test_importing_again_takes_nothing(admin: Person, dataset: dict[str, Any]) -> None:
    photos = [("MALLARD DUCK", "", made_photo(77_000 + n)) for n in range(3)]
    assert send(admin, photos)["taken"] + send(admin, photos)["known"] >= 3
    assert send(admin, photos)["taken"] == 0


def test_a_corrected_contribution_keeps_its_split_and_an_erased_photo_is_gone(
    cloud: Cloud, admin: Person, owner: Person, dataset: dict[str, Any]
) -> None:
    first, second = list(dataset["snapshot"]["species"])[:2]
    # The champion knows both species, and a made photo is no bird: it is set aside, and nothing of it is lost.
    photo_id = owner.predict(made_photo(random.Random("dataset").getrandbits(32)))["prediction_id"]
    succeeded(owner.answer(photo_id, "corrected", first))
    result = job_done(admin, "refresh")
    assert int(result["added"]) + int(result["set_aside"]) >= 1
    assert len(cloud.raw_keys(photo_id)) == 1
    corrected = succeeded(owner.post(f"/contributions/{photo_id}/correction", json={"species_id": second}))
    assert corrected["species_id"] == second
    assert cloud.raw_keys(photo_id) == [f"{second}/{photo_id}.jpg"]
    job_done(admin, "refresh")
    job = succeeded(cloud.request("DELETE", f"/admin/dataset/photos/{photo_id}", token=admin.id_token), 202)

    def erased() -> bool:
        return succeeded(admin.get(f"/admin/jobs/{job['job_id']}"))["state"] == "finished"

    until(erased, within_s=240)
    assert cloud.raw_keys(photo_id) == []
    assert owner.get(f"/predictions/{photo_id}").status_code == 404
    job_done(admin, "verify")


def test_two_refreshes_at_once_are_one_after_the_other(admin: Person, dataset: dict[str, Any]) -> None:
    jobs = [succeeded(admin.post("/admin/jobs", json={"kind": "refresh"}), 202) for _ in range(4)]
    assert len({job["job_id"] for job in jobs}) <= 2
    job_done(admin, "verify")


def test_a_kind_that_cannot_be_done_here_is_refused_in_words(admin: Person) -> None:
    answer = admin.post("/admin/jobs", json={"kind": "check_drift"})
    assert answer.status_code == 409
    assert "no way to run check_drift" in answer.json()["detail"]


def test_people_see_how_many_photos_are_missing(cloud: Cloud, dataset: dict[str, Any]) -> None:
    known = succeeded(cloud.request("GET", f"/species/{next(iter(dataset['snapshot']['species']))}"))
    assert known["learning"] == "trainable"
    unseen = succeeded(cloud.request("GET", "/species/kakapo"))
    assert unseen["learning"] in ("unseen", "trainable")
    stats = succeeded(cloud.request("GET", "/stats"))
    assert sum(stats["dataset_sources"].values()) == stats["dataset_photos"]
