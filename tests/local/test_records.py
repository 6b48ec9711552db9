"""A training's record reaches a real MLflow whenever that is there: during the run, after it, twice, or a week later."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from avocet.domain.evaluation import Outcome, loss_of, pack_outcomes
from avocet.domain.prediction import ScoredSpecies
from local import install
from local.emulated_cloud import Home
from local.tracking import TrackingServer
from training_job.records.journal import Journal

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    made = TrackingServer(Home(tmp_path_factory.mktemp("home"), 4599))
    made.ensure()
    yield made
    assert made.stop()
    assert made.running_at() is None


@pytest.fixture(scope="module")
def mlflow(server: TrackingServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.running_at()}/api/2.0/mlflow", timeout=30, trust_env=False) as client:
        yield client


def follow(folder: Path, url: str, *, patience_s: float = 300) -> subprocess.CompletedProcess[str]:
    python = install.RECORDS_ENVIRONMENT / "bin/python"
    words = ["-m", "training_job.records", "follow", str(folder), "--url", url, "--code-version", "abc123"]
    return subprocess.run(
        [str(python), *words, "--patience-s", str(patience_s), "--photo-link", "https://example.org/{photo_id}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "layers/core/python", "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
    )


def outcome(photo: int, species: str, answer: str, score: float) -> Outcome:
    ranked = (ScoredSpecies(answer, score), ScoredSpecies("osprey", 1 - score))
    return Outcome(f"{photo:032x}", species, ranked, loss_of(score if species == answer else 1 - score), 1.0, True)


def trained(folder: Path, name: str, *, is_finished: bool = True) -> Journal:
    """A run as a training leaves it."""
    journal = Journal(folder)
    journal.started(
        run_name=name,
        parameters={"recipe": "head", "champion": "starter-1", "usd_per_hour": "0.5"},
        snapshot_id="5" * 64,
        photos={"train": 70, "validation": 15, "test": 15},
    )
    for step, loss in enumerate((0.9, 0.4)):
        journal.measured({"validation_choice_loss": loss}, step=step)
    answers = [outcome(1, "smew", "smew", 0.9), outcome(2, "smew", "osprey", 0.7), outcome(3, "osprey", "osprey", 0.8)]
    (folder / "test.photos.jsonl.gz").write_bytes(pack_outcomes(answers))
    manifest = {"model_version": f"head-{name}", "recipe": "head", "backbone": "b0", "created_on": "2026-11-25"}
    (folder / "bundle.json").write_text(json.dumps({**manifest, "species": ["osprey", "smew"]}))
    journal.kept("bundle.json", folder / "bundle.json")
    if is_finished:
        journal.finished(is_good=True)
    return journal


def runs_named(mlflow: httpx.Client, name: str) -> list[dict[str, Any]]:
    experiment = mlflow.get("/experiments/get-by-name", params={"experiment_name": "avocet"}).raise_for_status().json()
    asked = {
        "experiment_ids": [experiment["experiment"]["experiment_id"]],
        "filter": f"tags.`avocet.run` = '{name}'",
    }
    return list(mlflow.post("/runs/search", json=asked).raise_for_status().json().get("runs", []))


def named(pairs: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in pairs}


def artifacts(mlflow: httpx.Client, run_id: str, path: str) -> set[str]:
    found = mlflow.get("/artifacts/list", params={"run_id": run_id, "path": path}).raise_for_status().json()
    return {Path(each["path"]).name for each in found.get("files", [])}


def test_a_run_is_recorded_whole_and_once_however_often_it_is_copied(tmp_path, server, mlflow):
    trained(tmp_path, "job-1")
    for _ in range(2):
        done = follow(tmp_path, server.running_at() or "")
        assert done.returncode == 0, done.stderr
    (run,) = runs_named(mlflow, "job-1")
    assert run["info"]["status"] == "FINISHED"
    assert named(run["data"]["params"])["champion"] == "starter-1"
    assert named(run["data"]["tags"])["mlflow.source.git.commit"] == "abc123"
    metrics = named(run["data"]["metrics"])
    assert metrics["test_accuracy"] == pytest.approx(2 / 3)
    assert metrics["cost_usd"] == pytest.approx(metrics["wall_clock_s"] / 3600 * 0.5)
    (dataset,) = run["inputs"]["dataset_inputs"]
    assert json.loads(dataset["dataset"]["source"])["snapshot_id"] == "5" * 64
    run_id = run["info"]["run_id"]
    history = mlflow.get(
        "/metrics/get-history", params={"run_id": run_id, "metric_key": "validation_choice_loss"}
    ).json()
    assert [(each["step"], each["value"]) for each in history["metrics"]] == [(0, 0.9), (1, 0.4)]
    assert artifacts(mlflow, run_id, "bundle") == {"bundle.json"}
    assert artifacts(mlflow, run_id, "test") == {
        "classification_report.txt",
        "confusion_matrix.csv",
        "confusion_matrix.png",
        "reliability.png",
        "weakest_species.md",
    }


def test_what_mlflow_missed_while_it_was_down_is_copied_later(tmp_path, server, mlflow):
    journal = trained(tmp_path, "job-2", is_finished=False)
    assert follow(tmp_path, NOBODY, patience_s=1).returncode == 75
    journal.finished(is_good=False, reason="the loss is no longer finite")
    assert follow(tmp_path, server.running_at() or "").returncode == 0
    (run,) = runs_named(mlflow, "job-2")
    assert run["info"]["status"] == "FAILED"
    assert named(run["data"]["tags"])["avocet.reason"] == "the loss is no longer finite"
