"""Starting and stopping as a person does it: what is wrong is said in one sentence, and a killed start heals itself."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A home and a port of its own; whatever runs there is ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AVOCET_")}
    kept["PYTHONPATH"] = "layers/core/python"
    made = {**kept, "AVOCET_HOME": str(tmp_path / "home"), "AVOCET_PORT": str(port)}
    yield made
    cloud(made, "stop")


def cloud(surroundings: Mapping[str, str], command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.cloud", command], cwd=ROOT, env=surroundings, capture_output=True, text=True
    )


def assert_one_sentence(finished: subprocess.CompletedProcess[str], about: str) -> None:
    assert finished.returncode != 0
    (line,) = finished.stderr.strip().splitlines()
    assert line.startswith("avocet: ")
    assert about in line
    assert "Traceback" not in finished.stdout + finished.stderr


def test_a_taken_port_is_said_in_one_sentence(surroundings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(surroundings["AVOCET_PORT"])))
        other.listen()
        assert_one_sentence(cloud(surroundings, "up"), f"port {surroundings['AVOCET_PORT']} is taken")


@pytest.mark.parametrize("port", ["99", "65536", "http"])
def test_a_port_that_is_none_is_said_in_one_sentence(surroundings, port):
    assert_one_sentence(cloud({**surroundings, "AVOCET_PORT": port}, "up"), "AVOCET_PORT must be a number")


def install(path: str, program: str = "") -> subprocess.CompletedProcess[str]:
    command = f"{program}\nimport runpy; runpy.run_module('local.install', run_name='__main__')"
    return subprocess.run([sys.executable, "-c", command], cwd=ROOT, env={"PATH": path}, capture_output=True, text=True)


def test_a_missing_node_is_said_in_one_sentence(tmp_path):
    assert_one_sentence(install(str(tmp_path)), "Node 20 or newer")


def test_an_old_node_is_said_in_one_sentence(tmp_path):
    for name, says in (("node", "v18.1.0"), ("npm", "9")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {says}\n")
        (tmp_path / name).chmod(0o755)
    assert_one_sentence(install(f"{tmp_path}:/usr/bin:/bin"), "this is v18.1.0")


def test_a_wrong_python_is_said_in_one_sentence(tmp_path):
    assert_one_sentence(install(str(tmp_path), "import sys; sys.version_info = (3, 9, 1)"), "this is 3.9")


def test_a_full_disk_is_said_in_one_sentence(tmp_path):
    program = "import shutil, types; shutil.disk_usage = lambda _: types.SimpleNamespace(free=1000)"
    assert_one_sentence(install(os.environ["PATH"], program), "disk space")


def test_ending_what_does_not_run_is_no_error(surroundings):
    assert cloud(surroundings, "stop").returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("after_s", [3.0, 7.0, 12.0])
def test_a_first_start_killed_at_any_moment_is_made_good_by_the_next(surroundings, after_s):
    process = subprocess.Popen(
        [sys.executable, "-m", "local.cloud", "up"],
        cwd=ROOT,
        env=surroundings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Event().wait(after_s)
    home = Path(surroundings["AVOCET_HOME"])
    for group in (
        str(process.pid),
        *(path.read_text() for path in (home / "tool.lock", home / "state/lock") if path.exists()),
    ):
        try:
            os.killpg(int(group), signal.SIGKILL)
        except (ValueError, ProcessLookupError):
            continue
    process.wait()

    again = cloud(surroundings, "up")
    assert again.returncode == 0, again.stderr
    told = json.loads((home / "local.json").read_text())
    with urllib.request.urlopen(f"{told['api_url']}/status", timeout=30) as answer:
        assert answer.status == 200
