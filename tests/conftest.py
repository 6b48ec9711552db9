"""What every test shares: how many examples the property tests draw, and the one embedded cloud of a test run."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from avocet.observability import follow
from local.emulated_cloud import EmulatedCloud, Home

settings.register_profile(
    "sample", max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("full" if os.environ.get("AVOCET_FULL") == "1" else "sample")

_ROOT = Path(__file__).resolve().parent.parent


def _home() -> Home:
    """Where the embedded cloud of this test run lives."""
    if folder := os.environ.get("AVOCET_TEST_HOME"):
        api = urlsplit(json.loads(Path(folder, "local.json").read_text("utf-8"))["cognito_url"])
        return Home(Path(folder), api.port or 4566)
    return Home(_ROOT / ".avocet" / "tests", int(os.environ.get("AVOCET_TEST_PORT", "4567")))


@pytest.fixture(autouse=True)
def nothing_is_followed() -> Iterator[None]:
    """Forget the request whose steps a test ran in this process; a function's process would do nothing else."""
    yield
    follow(None)


@pytest.fixture(scope="session")
def embedded_cloud() -> Iterator[Mapping[str, Any]]:
    """The whole stack on the emulator, as `make up` brings it up; yields its local.json.

    It has a home and a port of its own and keeps its state from one run to the next, so that a second run starts fast.
    ``AVOCET_TEST_HOME`` names the home of an embedded cloud that runs already: that one is used, and left running.
    """
    home = _home()
    is_mine = "AVOCET_TEST_HOME" not in os.environ
    if is_mine:
        _make("up", home)
    try:
        yield json.loads((home.folder / "local.json").read_text("utf-8"))
    finally:
        if is_mine:
            _make("stop", home)


@pytest.fixture(scope="session")
def home(embedded_cloud: Mapping[str, Any]) -> Home:
    """Where the embedded cloud of this test run keeps everything."""
    return _home()


@pytest.fixture
def kill_and_start_again(embedded_cloud: Mapping[str, Any]) -> Callable[[], None]:
    """End everything as a power cut would, then bring it up as a person would."""

    def do() -> None:
        EmulatedCloud(_home()).kill()
        _make("up", _home())

    return do


def _make(target: str, home: Home) -> None:
    # What the outer make and its caller set is meant for them alone.
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("AVOCET_", "MAKE", "MFLAGS"))}
    mine |= {"AVOCET_HOME": str(home.folder), "AVOCET_PORT": str(home.port)}
    done = subprocess.run(["make", target], cwd=_ROOT, env=mine, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"make {target} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}", pytrace=False)
