"""A release deployed over another, and rolled back: the new code answers, the old one again, and nothing given is lost."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.aws import Place
from local.emulated_cloud import Home
from tests.deployed.cloud import Cloud, Person, succeeded

ROOT = Path(__file__).parents[2]
STACK = "avocet-local-serving"
TEMPLATE = f"{STACK}.template.json"
PROMISE = "x-release"


def deploy(assembly: Path, home: Home) -> None:
    """Deploy one stack of an assembly over what stands there, with the CDK's own command line."""
    options = ("--exclusively", "--require-approval", "never", "--method", "direct", "--no-notices", "--ci")
    finished = subprocess.run(
        [ROOT / "node_modules/.bin/cdk", "deploy", STACK, "--app", assembly, *options],
        env=Place("local", home.endpoint).tool_environment(),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-2000:]


@pytest.fixture
def next_release(home: Home, tmp_path: Path) -> Path:
    """The deployed assembly with one function's code changed and its memory too."""
    first, second = home.folder / "cdk.out", tmp_path / "cdk.out"
    shutil.copytree(first, second, symlinks=True)
    template = json.loads((second / TEMPLATE).read_text())
    (status,) = (
        made
        for made in template["Resources"].values()
        if made["Type"] == "AWS::Lambda::Function" and made["Properties"]["Description"].endswith(": status")
    )
    old = status["Properties"]["Code"]["S3Key"].removesuffix(".zip")
    code = (second / f"asset.{old}" / "handler.py").read_text()
    code += (
        "\n\n_answer_of_before = handler\n\n\n"
        "def handler(event, context):\n"
        "    answer = _answer_of_before(event, context)\n"
        f"    answer['headers']['{PROMISE}'] = 'next'\n"
        "    return answer\n"
    )
    new = hashlib.sha256(code.encode()).hexdigest()
    (second / f"asset.{old}").rename(second / f"asset.{new}")
    (second / f"asset.{new}" / "handler.py").write_text(code)
    status["Properties"]["MemorySize"] = 640
    (second / TEMPLATE).write_text(json.dumps(template))
    for path in (second / TEMPLATE, second / f"{STACK}.assets.json"):
        text = path.read_text().replace(old, new)
        path.write_text(text)
    # The template is an asset too, named by its content.
    assets = json.loads((second / f"{STACK}.assets.json").read_text())
    digest = hashlib.sha256((second / TEMPLATE).read_bytes()).hexdigest()
    (before,) = (name for name, each in assets["files"].items() if each["source"]["path"] == TEMPLATE)
    for path in (second / f"{STACK}.assets.json", second / "manifest.json"):
        path.write_text(path.read_text().replace(before, digest))
    return second


@contextmanager
def released(assembly: Path, home: Home) -> Iterator[None]:
    """Deploy ``assembly``; afterwards roll back to the release before, whatever went wrong with this one."""
    deploy(assembly, home)
    try:
        yield
    finally:
        deploy(home.folder / "cdk.out", home)


def memory_mb(cloud: Cloud) -> int:
    functions = cloud.aws("lambda").get_paginator("list_functions").paginate()
    (status,) = (
        each for page in functions for each in page["Functions"] if each["Description"] == "Avocet (local): status"
    )
    return int(status["MemorySize"])


@pytest.mark.timeout(1200)
def test_a_release_is_deployed_over_another_and_rolled_back_and_nothing_given_is_lost(
    cloud: Cloud, owner: Person, photo: bytes, home: Home, next_release: Path
):
    prediction = owner.predict(photo)
    photo_id = prediction["prediction_id"]
    succeeded(owner.answer(photo_id, "confirmed", None))
    before, api = memory_mb(cloud), cloud.api_url

    with released(next_release, home):
        answer = cloud.request("GET", "/status")
        assert answer.headers.get(PROMISE) == "next"
        assert memory_mb(cloud) == 640 != before
        kept = succeeded(owner.get(f"/predictions/{photo_id}"))
        assert kept["model_version"] == prediction["model_version"]
        assert len(cloud.raw_keys(photo_id)) == 1
        new = owner.predict(photo)

    assert PROMISE not in cloud.request("GET", "/status").headers
    assert memory_mb(cloud) == before
    assert succeeded(owner.get(f"/predictions/{new['prediction_id']}"))["prediction_id"] == new["prediction_id"]
    assert len(cloud.raw_keys(photo_id)) == 1
    assert cloud.outputs["ApiUrl"] == api
