"""What every test shares: how many examples the property tests draw, and the one embedded cloud of a test run."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "sample", max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("full" if os.environ.get("AVOCET_FULL") == "1" else "sample")

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def embedded_cloud() -> Iterator[Mapping[str, Any]]:
    """The whole stack on the emulator, as `make up` brings it up; yields its local.json.

    It has a home and a port of its own and keeps its state from one run to the next, so that a second run starts fast.
    ``AVOCET_TEST_HOME`` names the home of an embedded cloud that runs already: that one is used, and left running.
    """
    if home := os.environ.get("AVOCET_TEST_HOME"):
        yield json.loads(Path(home, "local.json").read_text("utf-8"))
        return
    folder = _ROOT / ".avocet" / "tests"
    surroundings = {
        name: value for name, value in os.environ.items() if not name.startswith(("AVOCET_", "MAKE", "MFLAGS"))
    }
    surroundings |= {"AVOCET_HOME": str(folder), "AVOCET_PORT": os.environ.get("AVOCET_TEST_PORT", "4567")}
    _make("up", surroundings)
    try:
        yield json.loads((folder / "local.json").read_text("utf-8"))
    finally:
        _make("stop", surroundings)


def _make(target: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run(["make", target], cwd=_ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"make {target} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}", pytrace=False)
