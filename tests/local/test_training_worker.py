"""The worker in SageMaker's place: whatever becomes of a training, its status, its log and its ending are told."""

import sys
import threading

import pytest

from avocet.adapters.queued_training import QueuedTrainings
from avocet.adapters.training_files import key
from avocet.domain.training import TrainingRequest, TrainingState, training_name
from avocet.usecases.train import unpack_output
from local.steps import SetupError
from local.training_worker import Worker
from tests.unit.dataset.world import MemoryObjects
from tests.unit.usecases.test_training import Told

NAME = training_name("0" * 32, 1)
LEAVES_A_MODEL = """
import os, json
print("[progress] 3/5 embedding photos")
open(os.environ["SM_MODEL_DIR"] + "/model.onnx", "w").write(json.loads(os.environ["SM_HPS"])["recipe"] + os.environ["EXTRA"])
"""
SAYS_WHY = """
import os, sys
open(os.environ["SM_OUTPUT_DIR"] + "/failure", "w").write("two species are needed")
sys.exit(1)
"""
DIES = "import os, signal; print('so far so good', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
# Comes one epoch further each time it is begun, and is killed after each.
DIES_AFTER_EACH_EPOCH = """
import os, pathlib, signal
kept = pathlib.Path(os.environ["AVOCET_CHECKPOINTS"]) / "state.npz"
epochs = int(kept.read_text()) if kept.exists() else 0
print(f"[progress] {epochs}/2 going on", flush=True)
if epochs == 2:
    open(os.environ["SM_MODEL_DIR"] + "/model.onnx", "w").write("trained")
    raise SystemExit
kept.parent.mkdir(parents=True, exist_ok=True)
kept.write_text(str(epochs + 1))
os.kill(os.getpid(), signal.SIGKILL)
"""
NEVER_ENDS = "import time; print('[progress] 1/9 waiting', flush=True); time.sleep(600)"


class Bench:
    def __init__(self, checkpoints):
        self.models, self.told = MemoryObjects(), Told()
        self.checkpoints, self.installs = checkpoints, []
        self.launcher = QueuedTrainings(None, "queue", self.models)

    def install(self):
        self.installs.append(self.status)
        if self.cannot_install:
            raise SetupError(self.cannot_install)

    def run(self, program, *, max_runtime_s=60, ask_to_end=None, recipe="head", cannot_install=""):
        self.cannot_install = cannot_install
        request = TrainingRequest(NAME, {"recipe": recipe}, "s3://in", "s3://out", {"EXTRA": "!"}, max_runtime_s)
        self.worker = Worker(
            self.launcher,
            self.models,
            self.told,
            self.checkpoints,
            command=(sys.executable, "-c", program),
            install=self.install,
            is_installed=lambda: bool(self.installs),
            tell_every_s=0.05,
        )
        return self.worker.run(request, renew=ask_to_end or (lambda: None))

    @property
    def status(self):
        return self.launcher.status(NAME)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "checkpoints")


def test_a_training_that_ends_well_leaves_model_log_and_event(bench):
    assert bench.run(LEAVES_A_MODEL) is TrainingState.COMPLETED
    assert unpack_output(bench.launcher.output(NAME)) == {"model.onnx": b"head!"}
    assert (bench.status.done, bench.status.total, bench.status.note) == (3, 5, "embedding photos")
    assert "[progress] 3/5" in bench.launcher.log(NAME, max_bytes=1000)
    assert [(each.name, each.state) for each in bench.told.events] == [(NAME, TrainingState.COMPLETED)]


def test_a_training_that_refuses_is_quoted(bench):
    assert bench.run(SAYS_WHY) is TrainingState.FAILED
    assert bench.told.events[0].reason == "two species are needed"


def test_a_training_that_is_killed_keeps_its_log_and_is_reported_at_once(bench):
    assert bench.run(DIES) is TrainingState.FAILED
    assert "SIGKILL" in bench.status.reason
    assert "so far so good" in bench.status.reason
    assert "so far so good" in bench.launcher.log(NAME, max_bytes=1000)
    assert bench.launcher.output(NAME) is None


def test_a_training_that_is_killed_goes_on_from_its_checkpoint_as_long_as_it_comes_further(bench):
    assert bench.run(DIES_AFTER_EACH_EPOCH) is TrainingState.COMPLETED
    assert unpack_output(bench.launcher.output(NAME)) == {"model.onnx": b"trained"}
    log = bench.launcher.log(NAME, max_bytes=10_000)
    assert log.count("goes on from its last checkpoint") == 2
    assert [each.state for each in bench.told.events] == [TrainingState.COMPLETED]
    # What nobody needs any more is not left behind.
    assert list(bench.checkpoints.iterdir()) == []


def test_the_first_training_of_a_whole_network_installs_what_it_needs(bench):
    assert bench.run(LEAVES_A_MODEL, recipe="full") is TrainingState.COMPLETED
    assert len(bench.installs) == 1
    assert bench.run(LEAVES_A_MODEL) is TrainingState.COMPLETED
    assert len(bench.installs) == 1


def test_what_cannot_be_installed_fails_the_training_with_the_reason(bench):
    assert bench.run(LEAVES_A_MODEL, recipe="full", cannot_install="no network") is TrainingState.FAILED
    assert bench.told.events[0].reason == "TensorFlow could not be installed: no network"
    assert bench.status.reason == bench.told.events[0].reason


def test_a_cancelled_training_is_ended(bench):
    bench.launcher.stop(NAME)
    assert bench.run(NEVER_ENDS) is TrainingState.STOPPED
    assert bench.told.events[0].state is TrainingState.STOPPED


def test_a_training_that_takes_too_long_is_ended(bench):
    assert bench.run(NEVER_ENDS, max_runtime_s=0) is TrainingState.STOPPED
    assert "longer than" in bench.told.events[0].reason


def test_a_worker_that_must_end_leaves_the_training_to_the_next_one(bench):
    first = bench.run(NEVER_ENDS, ask_to_end=lambda: bench.worker.asked_to_end.set())
    assert first is TrainingState.IN_PROGRESS
    assert bench.told.events == []
    beat = bench.status.beat
    assert bench.run(LEAVES_A_MODEL) is TrainingState.COMPLETED
    assert bench.status.beat > beat


def test_a_request_that_comes_twice_is_run_once(bench):
    bench.run(LEAVES_A_MODEL)
    assert bench.run(DIES) is TrainingState.COMPLETED
    assert len(bench.told.events) == 2


def test_signs_of_life_keep_coming_while_it_runs(bench):
    ended = threading.Event()
    beats = []

    def look():
        beats.append(bench.status.beat)
        if len(beats) > 5:
            ended.set()
            bench.models.put(key(NAME, "stop"), b"")

    bench.run(NEVER_ENDS, ask_to_end=look)
    assert ended.is_set()
    assert beats == sorted(set(beats))
