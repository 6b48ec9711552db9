"""The dataset on the deployed stack: import, refresh, verify, a contribution, a correction, an erasure, a killed job."""

import io
import json
import random
import zipfile
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from avocet.adapters.objects import S3Objects
from avocet.domain.likeness import packed, sketches_key
from avocet.domain.prediction import SKETCH_BYTES
from avocet.domain.shards import unpack_shard
from avocet.usecases.read_snapshot import open_snapshot
from cli.labelled_sets import open_set
from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.waiting import until

SET = Path(__file__).parents[3] / "shared" / "data" / "birds-sample"
LABELS = 12


def job_done(admin: Person, kind: str) -> dict[str, Any]:
    """Ask for a job and wait until it is closed, which must be well; return what came of it."""
    result: dict[str, Any] = job_closed(admin, succeeded(admin.post("/admin/jobs", json={"kind": kind}), 202))["result"]
    return result


def job_closed(admin: Person, job: dict[str, Any]) -> dict[str, Any]:
    """Wait until a job is closed, which must be well."""

    def closed() -> dict[str, Any] | None:
        now = succeeded(admin.get(f"/admin/jobs/{job['job_id']}"))
        return now if now["state"] in ("finished", "failed") else None

    ended = until(closed, within_s=600)
    assert ended["state"] == "finished", ended["reason"]
    return ended


def nothing_runs(admin: Person) -> bool:
    """Whether every job is closed; one that is due by itself is asked for by looking."""
    return not any(job["state"] in ("queued", "running") for job in succeeded(admin.get("/admin/jobs"))["jobs"])


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
    # One that came by itself may have been there first.
    job_done(admin, "refresh")
    given = succeeded(owner.get("/me/contributions", params={"limit": 100}))["items"]
    assert next(each["status"] for each in given if each["photo_id"] == photo_id) != "received"
    assert len(cloud.raw_keys(photo_id)) == 1
    corrected = succeeded(owner.post(f"/contributions/{photo_id}/correction", json={"species_id": second}))
    assert corrected["species_id"] == second
    assert cloud.raw_keys(photo_id) == [f"{second}/{photo_id}.jpg"]
    job_done(admin, "refresh")
    job = succeeded(cloud.request("DELETE", f"/admin/dataset/photos/{photo_id}", token=admin.id_token), 202)

    def erased() -> bool:
        return succeeded(admin.get(f"/admin/jobs/{job['job_id']}"))["state"] == "finished"

    until(erased, within_s=600)
    assert cloud.raw_keys(photo_id) == []
    assert owner.get(f"/predictions/{photo_id}").status_code == 404
    job_done(admin, "verify")


def test_a_photo_of_a_snapshot_is_corrected_and_another_erased_in_every_version(
    cloud: Cloud, admin: Person, dataset: dict[str, Any]
) -> None:
    bucket = cloud.outputs["CleanBucketName"]
    clean = S3Objects(cloud.s3, bucket)
    before = open_snapshot(clean)
    corrected, erased = list(before.rows.values())[:2]
    other = next(name for name in before.counts if name != corrected.species_id)
    path = f"/admin/dataset/photos/{corrected.photo_id}/correction"
    succeeded(admin.post(path, json={"species_id": other}))
    looks, models = sketches_key("b" * 16, other), S3Objects(cloud.s3, cloud.outputs["ModelsBucketName"])
    models.put(looks, packed({row.photo_id: bytes(SKETCH_BYTES) for row in (corrected, erased)}))
    gone = f"/admin/dataset/photos/{erased.photo_id}"
    job = succeeded(cloud.request("DELETE", gone, token=admin.id_token), 202)
    assert erased.photo_id not in open_snapshot(clean).rows, "no reader hands it out from the first moment"
    until(lambda: succeeded(admin.get(f"/admin/jobs/{job['job_id']}"))["state"] == "finished", within_s=600)
    after = open_snapshot(clean)
    row = after.rows[corrected.photo_id]
    assert (row.species_id, row.split) == (other, corrected.split)
    assert before.rows.keys() - after.rows.keys() == {erased.photo_id}
    assert {photo.photo_id for photo, _ in after.photos()} == set(after.rows)
    pages = cloud.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="shards/")
    for version in (each for page in pages for each in page.get("Versions", [])):
        got = cloud.s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        assert erased.photo_id not in dict(unpack_shard(got["Body"].read())), version["Key"]
    assert cloud.raw_keys(erased.photo_id) == []
    assert models.get(looks) == packed({corrected.photo_id: bytes(SKETCH_BYTES)})
    models.purge(looks)
    job_done(admin, "verify")


def test_two_refreshes_at_once_are_one_after_the_other(admin: Person, dataset: dict[str, Any]) -> None:
    with ThreadPoolExecutor(4) as threads:
        wish: dict[str, Any] = {"json": {"kind": "refresh"}}
        asked = list(threads.map(lambda _: succeeded(admin.post("/admin/jobs", **wish), 202)["job_id"], range(4)))
    jobs = [job_closed(admin, {"job_id": job_id}) for job_id in dict.fromkeys(asked)]
    in_turn = sorted(jobs, key=lambda job: str(job["started_at"]))
    assert all(before["finished_at"] <= after["started_at"] for before, after in pairwise(in_turn))
    # Who asks while one is queued joins it: with one at work and one queued, a third comes only after the first one's end.
    assert all(
        first["finished_at"] <= third["requested_at"] for first, third in zip(in_turn, in_turn[2:], strict=False)
    )
    job_done(admin, "verify")


def test_a_kind_that_nobody_knows_is_refused_in_words(admin: Person) -> None:
    answer = admin.post("/admin/jobs", json={"kind": "make_coffee"})
    assert answer.status_code == 422
    assert "check_drift" in answer.text


def test_people_see_how_many_photos_are_missing(cloud: Cloud, dataset: dict[str, Any]) -> None:
    known = succeeded(cloud.request("GET", f"/species/{next(iter(dataset['snapshot']['species']))}"))
    assert known["learning"] == "trainable"
    unseen = succeeded(cloud.request("GET", "/species/kakapo"))
    assert unseen["learning"] in ("unseen", "trainable")
    stats = succeeded(cloud.request("GET", "/stats"))
    assert sum(stats["dataset_sources"].values()) == stats["dataset_photos"]


def test_a_species_of_the_dataset_is_shown_with_a_picture_that_a_browser_can_load(
    cloud: Cloud, dataset: dict[str, Any]
) -> None:
    species_id = next(iter(dataset["snapshot"]["species"]))
    shown = succeeded(cloud.request("GET", f"/species/{species_id}"))["reference_photo"]
    assert (shown["source"], shown["licence"]) == ("kaggle", None)
    picture = cloud.http.get(shown["url"])
    assert (picture.status_code, picture.content[:2]) == (200, b"\xff\xd8")
    assert succeeded(cloud.request("GET", "/species/somali-ostrich"))["reference_photo"] is None


def test_a_settled_label_and_an_added_species_take_their_photos_along(
    cloud: Cloud, admin: Person, dataset: dict[str, Any]
) -> None:
    known = next(iter(dataset["snapshot"]["species"]))
    clean = S3Objects(cloud.s3, cloud.outputs["CleanBucketName"])
    before = open_snapshot(clean).counts[known].total
    # The cloud of an earlier run may still stand here.
    token = "".join(random.SystemRandom().choices("bcdfgh", k=10))
    odd, new = f"QQXV '{token}' /🦤", f'QQXV "{token}"'
    photos = [(odd, "", made_photo(random.SystemRandom().getrandbits(32))) for n in range(3)] + [
        (new, "", made_photo(random.SystemRandom().getrandbits(32))) for n in range(2)
    ]
    answer = send(admin, photos, "walk")
    assert {each["label"] for each in answer["unresolved"]} == {odd, new}
    labels = {each["label"]: each for each in succeeded(admin.get("/admin/dataset/labels"))["labels"]}
    assert (labels[odd]["photos"], labels[odd]["state"]) == (3, "open")
    wanted = {
        "scientific": f"Avis {token}",
        "en": f"Bird {token}",
        "family": "Recurvirostridae",
        "fr": f"Oiseau {token}",
    }
    added = succeeded(admin.post("/admin/species", json=wanted), 201)
    for label, species in ((odd, known), (new, added["species_id"])):
        path = f"/admin/dataset/labels/{labels[label]['label_id']}"
        settled = succeeded(cloud.request("PUT", path, token=admin.id_token, json={"species_id": species}))
        assert settled["awaits_refresh"]
    # Importing may have started one before the decision; whichever came last has carried it out.
    job_done(admin, "refresh")
    assert open_snapshot(clean).counts[known].total == before + 3
    listed = succeeded(admin.get("/admin/dataset/labels"))["labels"]
    assert not any(each["awaits_refresh"] for each in listed)
    page = succeeded(cloud.request("GET", f"/species/{added['species_id']}"))
    assert (page["names"]["fr"], page["learning"]) == (f"Oiseau {token}", "pending")
    assert page["missing_photos"] >= 1
    job_done(admin, "verify")


def test_more_batches_than_a_machine_holds_are_mapped_by_executions_of_their_own(
    cloud: Cloud, admin: Person, dataset: dict[str, Any]
) -> None:
    machines = cloud.aws("stepfunctions")
    (arn,) = [
        each["stateMachineArn"]
        for each in machines.list_state_machines()["stateMachines"]
        if each["name"].endswith("-refresh")
    ]
    definition = machines.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = json.loads(definition)
    # The deployed machine with one figure changed: a hundred thousand photos would take an hour here.
    changed["States"]["AnythingToDo"]["Choices"][0]["NumericGreaterThan"] = 0
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(changed))
    try:
        send(admin, [("MALLARD DUCK", "", made_photo(random.SystemRandom().getrandbits(32)))])
        # An import may have started one already; either has to map its batches so.
        job_done(admin, "refresh")
    finally:
        machines.update_state_machine(stateMachineArn=arn, definition=definition)
    runs = [each["executionArn"] for each in machines.list_executions(stateMachineArn=arn)["executions"]]
    assert any(machines.list_map_runs(executionArn=run)["mapRuns"] for run in runs)
