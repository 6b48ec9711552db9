"""Training on the deployed stack: the real queue, worker, recipe, event and registry; what fails or is cancelled is told."""

from typing import Any

import pytest

from cli.labelled_sets import open_set
from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_dataset import SET, job_done, send
from tests.deployed.waiting import until

LABELS = 4


def train(admin: Person, **parameters: str) -> dict[str, Any]:
    return succeeded(admin.post("/admin/jobs", json={"kind": "train", "parameters": parameters}), 202)


def closed(admin: Person, job: dict[str, Any], within_s: float = 600) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        now = succeeded(admin.get(f"/admin/jobs/{job['job_id']}"))
        return now if now["state"] not in ("queued", "running") else None

    return until(over, within_s=within_s)


@pytest.fixture(scope="module")
def snapshot(admin: Person) -> dict[str, Any]:
    """A dataset with at least two species, real ones where the sample is at hand."""
    if SET.is_dir():
        photos = [(p.label, p.scientific, p.read()) for p in open_set(SET).photos[: 4 * LABELS]]
    else:
        names = ("MALLARD DUCK", "ROBIN", "COMMON LOON")
        photos = [(names[n % 3], "", made_photo(10_000 + n)) for n in range(12)]
    send(admin, photos)
    job_done(admin, "refresh")
    return succeeded(admin.get("/admin/dataset"))["snapshot"]


def test_a_training_ends_in_a_registered_challenger_with_both_models_figures(
    cloud: Cloud, admin: Person, snapshot: dict[str, Any]
) -> None:
    job = train(admin, recipe="head")
    ended = closed(admin, job)
    assert ended["state"] == "finished", ended["reason"]
    assert ended["result"]["snapshot_id"] == snapshot["snapshot_id"]
    assert int(ended["result"]["test_photos"]) == sum(count["test"] for count in snapshot["species"].values())
    version = ended["result"]["model_version"]
    models = succeeded(admin.get("/admin/models"))
    assert models["challenger"] == version
    assert ended["result"]["champion_test_accuracy"].endswith("%")
    lines = succeeded(admin.get(f"/admin/jobs/{job['job_id']}/log"))["lines"]
    assert any(line.startswith("[progress]") for line in lines)
    # How it went is kept with the version, and was told meanwhile.
    curve = succeeded(admin.get(f"/admin/models/{version}/learning-curve"))
    (part,) = curve["parts"]
    assert (part["kind"], part["total"], len(part["points"])) == ("candidates", len(part["points"]), part["total"])
    best = next(point for point in part["points"] if point["step"] == part["best"])
    assert best["validation_loss"] == min(point["validation_loss"] for point in part["points"])
    assert succeeded(admin.get(f"/admin/jobs/{job['job_id']}/learning-curve"))["parts"] == curve["parts"]
    parent = succeeded(admin.get(f"/admin/models/{version}"))["model"]["parent_version"]
    assert isinstance(succeeded(admin.get(f"/admin/models/{parent}/learning-curve"))["parts"], list)
    assert any(version in line for line in lines)


def test_a_cancelled_training_stops_and_the_next_one_gets_its_turn(
    cloud: Cloud, admin: Person, snapshot: dict[str, Any]
) -> None:
    first, second = train(admin, take="1"), train(admin, take="2")
    assert second["waits_for"] == [first["job_id"]]
    cancelled = succeeded(cloud.request("DELETE", f"/admin/jobs/{first['job_id']}", token=admin.id_token))
    assert cancelled["state"] == "cancelled"
    assert closed(admin, second)["state"] == "finished"
    assert succeeded(admin.get(f"/admin/jobs/{first['job_id']}"))["state"] == "cancelled"
    again = cloud.request("DELETE", f"/admin/jobs/{first['job_id']}", token=admin.id_token)
    assert succeeded(again)["state"] == "cancelled", "whoever saw no answer may ask again"
    again = cloud.request("DELETE", f"/admin/jobs/{second['job_id']}", token=admin.id_token)
    assert (again.status_code, again.json()["type"].rsplit("/", 1)[-1]) == (409, "not-cancellable")


def test_a_recipe_that_nobody_can_run_here_is_refused_in_words(admin: Person) -> None:
    answer = admin.post("/admin/jobs", json={"kind": "train", "parameters": {"recipe": "magic"}})
    assert answer.status_code == 422
    assert "head" in answer.json()["detail"]
    answer = admin.post("/admin/jobs", json={"kind": "train", "parameters": {"recipe": "full", "backbone": "magic"}})
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (422, "unusable-training")


def test_an_evaluation_scores_a_version_once_and_says_how_good_it_is(admin: Person, snapshot: dict[str, Any]) -> None:
    job = succeeded(admin.post("/admin/jobs", json={"kind": "evaluate", "parameters": {"split": "validation"}}), 202)
    ended = closed(admin, job)
    assert ended["state"] == "finished", ended["reason"]
    photos = sum(count["validation"] for count in snapshot["species"].values())
    assert (int(ended["result"]["photos"]), ended["progress"]["total"]) == (photos, photos)
    again = closed(
        admin,
        succeeded(admin.post("/admin/jobs", json={"kind": "evaluate", "parameters": {"split": "validation"}}), 202),
    )
    assert again["progress"]["total"] == 0
    assert again["result"]["accuracy"] == ended["result"]["accuracy"]
