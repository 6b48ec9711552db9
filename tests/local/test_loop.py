"""The whole promise, as `make loop` shows it: a species nobody knew is contributed, learnt, promoted, named, and taken back."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.made.species_photos import write_species_photos

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT.parent / "shared/data/birds-sample"
LABELS = ["ABBOTTS BABBLER", "EMU", "HOATZIN", "KAKAPO", "KING VULTURE", "SHOEBILL", "MANDRIN DUCK"]
RECORDED_LIMIT_S = 900


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Real photos where they are at hand, made ones otherwise."""
    return SAMPLE if SAMPLE.is_dir() else write_species_photos(tmp_path / "made", LABELS, each=4)


@pytest.mark.timeout(2400)
def test_a_species_nobody_knew_is_contributed_learnt_promoted_named_and_taken_back(photos, own_cloud):
    told = subprocess.run(
        [sys.executable, "-m", "local.loop", "--photos", str(photos), "--few", "6"],
        cwd=ROOT,
        env=own_cloud.environment,
        capture_output=True,
        text=True,
    )
    # Each step of it fails when the cloud does not do as it says.
    assert told.returncode == 0, told.stdout[-4000:] + told.stderr
    assert "And back again" in told.stdout
    assert_recorded_in_mlflow(own_cloud.home.folder)


def assert_recorded_in_mlflow(home: Path) -> None:
    """The run stands in MLflow, finished, and its version in MLflow's registry."""
    deadline = time.monotonic() + RECORDED_LIMIT_S
    while time.monotonic() < deadline:
        url = json.loads((home / "local.json").read_text("utf-8"))["mlflow_url"]
        if url and (versions := versions_with_a_run(url)):
            assert any(version.startswith("head-") for version in versions)
            assert_the_page_leads_there(home, url, next(iter(versions.values())))
            return
        threading.Event().wait(2)
    pytest.fail(f"the training is not in MLflow; the worker says: {(home / 'training-worker.log').read_text()[-2000:]}")


def assert_the_page_leads_there(home: Path, url: str, run_id: str) -> None:
    """The address that the page puts a run's id behind leads to that run's record."""
    endpoint = json.loads((home / "local.json").read_text("utf-8"))["cognito_url"]
    answer = httpx.get(f"{endpoint}/_avocet/runs/{run_id}", timeout=30, trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"{url}/#/runs/{run_id}")


def versions_with_a_run(url: str) -> dict[str, str]:
    """Return the ids of runs by the versions that came of them."""
    with httpx.Client(base_url=f"{url}/api/2.0/mlflow", timeout=30, trust_env=False) as mlflow:
        found = mlflow.get("/model-versions/search", params={"filter": "name='avocet'"})
        if found.is_error:
            return {}
        return {
            tag["value"]: version["run_id"]
            for version in found.json().get("model_versions", [])
            if version.get("run_id")
            for tag in version["tags"]
            if tag["key"] == "avocet.model_version"
        }
