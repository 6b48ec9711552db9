"""A cloud for the tests that bring one down: it is nobody else's, and those that need one share it, one after the other."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.emulated_cloud import Home

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class OwnCloud:
    """Where it lives, and how a person in a shell would run things on it."""

    home: Home

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program is to be started with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AVOCET_")}
        return {
            **kept,
            "AVOCET_HOME": str(self.home.folder),
            "AVOCET_PORT": str(self.home.port),
            "PYTHONPATH": "layers/core/python",
        }

    def up(self) -> Mapping[str, Any]:
        """Bring it up; return its local.json."""
        self.make("up")
        local: Mapping[str, Any] = json.loads((self.home.folder / "local.json").read_text("utf-8"))
        return local

    def make(self, *words: str) -> None:
        """Do what the Makefile's target of that name does; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "local.cloud", *words],
            cwd=ROOT,
            env=dict(self.environment),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.fail(f"{words[0]} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}", pytrace=False)


@pytest.fixture(scope="session")
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnCloud]:
    """Not started yet: what is done first with it starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cloud = OwnCloud(Home(tmp_path_factory.mktemp("cloud") / "home", port))
    yield cloud
    cloud.make("stop")
