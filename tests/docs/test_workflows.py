"""The workflows run what is there, hold no key, and may do no more than they need."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.test_commands import targets

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in PATHS}


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_command_of_a_workflow_is_one_of_ours(name):
    for step in steps(WORKFLOWS[name]):
        for target in re.findall(r"\bmake ([a-z][a-z-]*)", step.get("run", "")):
            assert target in targets(), target
        for module in re.findall(r"python -m (handbook[\w.]*)", step.get("run", "")):
            assert (ROOT / (module.replace(".", "/") + ".py")).is_file(), module


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_workflow_begins_with_the_right_to_read_and_ends_in_time(name):
    workflow = WORKFLOWS[name]
    assert set(workflow["permissions"].values()) <= {"read"} or name == "release"
    for job in workflow["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 60
    for step in steps(workflow):
        assert "uses" not in step or re.search(r"@v\d+", step["uses"]), step


def test_no_key_of_aws_is_stored_and_prod_waits_for_its_approval():
    for path in PATHS:
        secrets = set(re.findall(r"secrets\.(\w+)", path.read_text("utf-8")))
        assert secrets <= {"GITHUB_TOKEN"}, path
    deploy = WORKFLOWS["deploy"]["jobs"]
    assert deploy["deploy"]["needs"] == "test"
    assert "prod" in deploy["deploy"]["environment"]
    assert deploy["deploy"]["permissions"] == {"contents": "read", "id-token": "write"}


def test_what_is_deployed_carries_bytecode_of_lambda_s_own_interpreter():
    from local.layers import CLOUD_PYTHON

    for name in ("deploy", "release"):
        versions = [str(step.get("with", {}).get("python-version", "")) for step in steps(WORKFLOWS[name])]
        assert any(CLOUD_PYTHON in version.split() for version in versions), name


def test_updates_are_looked_for_wherever_something_is_locked():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))["updates"]
    covered = {place for each in updates for place in each.get("directories", [each.get("directory")])}
    ignored = {".venv", ".avocet", "node_modules", "build", "benchmarks"}
    for pattern in ("requirements.in", "package-lock.json"):
        for path in ROOT.rglob(pattern):
            parts = path.relative_to(ROOT).parts
            if not ignored & set(parts):
                assert "/" + "/".join(parts[:-1]) in covered, path
