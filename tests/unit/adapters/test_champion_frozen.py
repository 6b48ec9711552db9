"""Between two invocations Lambda freezes the process; the first request after the thaw must see what changed meanwhile."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.made.bundles import make_bundle

ROOT = Path(__file__).parents[3]
LOOK_EVERY_S = 1.0

Ask = Callable[[], dict[str, object]]


def publish(folder: Path, version: str, files: dict[str, bytes] | None = None) -> None:
    (folder / version).mkdir()
    for name, data in (files or make_bundle(version)).items():
        (folder / version / name).write_bytes(data)
    (folder / "champion").write_text(version)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    publish(tmp_path, "v1")
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("champion_worker.py")), str(tmp_path), str(LOOK_EVERY_S)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "layers/core/python")},
    )
    yield process
    process.kill()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()
    process.wait()


@pytest.fixture
def ask(worker: "subprocess.Popen[str]") -> Ask:
    def one() -> dict[str, object]:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
        while True:
            line = json.loads(worker.stdout.readline())
            if "version" in line:
                return dict(line)

    return one


def freeze(worker: "subprocess.Popen[str]") -> None:
    """Stop the process for longer than a look holds."""
    worker.send_signal(signal.SIGSTOP)
    threading.Event().wait(1.2 * LOOK_EVERY_S)
    worker.send_signal(signal.SIGCONT)


def test_the_first_answer_after_a_freeze_is_the_new_champion_s(worker, ask, tmp_path):
    assert ask()["version"] == "v1"
    publish(tmp_path, "v2")
    freeze(worker)
    assert ask()["version"] == "v2"


def test_a_broken_bundle_promoted_during_a_freeze_leaves_the_old_model_answering(worker, ask, tmp_path):
    ask()
    publish(tmp_path, "v2", {**make_bundle("v2"), "model.onnx": b"broken"})
    freeze(worker)
    assert ask()["version"] == "v1"


def test_nothing_runs_between_two_requests(ask):
    assert ask()["threads"] == 1, (
        "a thread beside the request would be frozen at any moment, a half-made swap in its hands"
    )
