"""Runs trainings in SageMaker's place: takes requests from a queue, runs the training job as a script, tells how it ended.

The training gets what SageMaker's script mode gives it (``SM_HPS``, ``SM_MODEL_DIR``, ``SM_OUTPUT_DIR``), and its output is
packed and laid down as SageMaker's. One training at a time. A request whose worker died comes back and goes on from the last
checkpoint, where its recipe keeps any.
"""

import argparse
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from avocet.adapters.aws import dynamodb_client, events_client, s3_client, sqs_client
from avocet.adapters.objects import S3Objects
from avocet.adapters.queued_training import QueuedTrainings, TrainingEventBus
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.adapters.training_files import OUTPUT, key, status_bytes
from avocet.domain.training import (
    ForeignTrainingError,
    Recipe,
    TrainingEvent,
    TrainingRequest,
    TrainingState,
    TrainingStatus,
    attempt_of,
)
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.train import pack_output
from avocet.usecases.training_ports import TrainingEvents, TrainingLauncher
from local.emulated_cloud import Home
from local.install import TRAINING_ENVIRONMENT, install_training, is_training_installed
from local.recorder import Recorder
from local.steps import SetupError
from local.tracking import TrackingServer

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

ROOT = Path(__file__).resolve().parent.parent
_JOB = ("-m", "training_job.job")
_PYTHON = {Recipe.HEAD: Path(sys.executable), Recipe.FULL: TRAINING_ENVIRONMENT / "bin/python"}
TELL_EVERY_S = 2.0
_POLL_S = 5
_LEASE_S = 60
_MAX_LOG_BYTES = 1024 * 1024
_NICENESS = 10
_PROGRESS = re.compile(r"\[progress\] (?P<done>\d+)/(?P<total>\d+) (?P<note>.*)")


@dataclass
class Training:
    """One training while it runs: its process, its log and how far it is."""

    command: Sequence[str]
    request: TrainingRequest
    folder: Path
    beat: int
    checkpoints: Path
    log: bytearray = field(default_factory=bytearray)
    done: int = 0
    total: int = 0
    note: str = "starting"

    def __post_init__(self) -> None:
        """Start the process."""
        self.model, self.output = self.folder / "model", self.folder / "output"
        shutil.rmtree(self.model, ignore_errors=True)
        self.model.mkdir(parents=True)
        self.output.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            **self.request.environment,
            "SM_HPS": json.dumps(dict(self.request.hyperparameters)),
            "SM_MODEL_DIR": str(self.model),
            "SM_OUTPUT_DIR": str(self.output),
            "TRAINING_JOB_NAME": self.request.name,
            "AVOCET_CHECKPOINTS": str(self.checkpoints),
        }
        self._kept_before = self._kept()
        self.process = subprocess.Popen(
            list(self.command),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        # People identify birds meanwhile.
        os.setpriority(os.PRIO_PROCESS, self.process.pid, _NICENESS)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def end(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        """Wait for the process and the rest of its words; return its exit code."""
        code = self.process.wait()
        self._reader.join()
        return code

    def can_go_on(self, code: int) -> bool:
        """Whether it was ended from outside after it came further: then another process goes on from its checkpoint."""
        return code < 0 and self._kept() != self._kept_before

    def _kept(self) -> int:
        state = self.checkpoints / "state.npz"
        return state.stat().st_mtime_ns if state.is_file() else 0

    def reason(self, code: int) -> str:
        """Say why it failed: in its own words, or by what ended it and the last line of its log."""
        failure = self.output / "failure"
        if failure.is_file():
            return failure.read_text("utf-8")
        lines = [line for line in bytes(self.log).decode("utf-8", errors="replace").splitlines() if line.strip()]
        ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"the training {ended}; its last words: {lines[-1] if lines else 'none'}"

    def files(self) -> dict[str, bytes]:
        """Return what it left, by name."""
        return {
            str(path.relative_to(self.model)): path.read_bytes() for path in self.model.rglob("*") if path.is_file()
        }

    def _read(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 (it was asked for)
        with self.process.stdout as words:
            for line in words:
                self._heard(line)

    def _heard(self, line: bytes) -> None:
        self.log.extend(line)
        if len(self.log) > _MAX_LOG_BYTES:
            del self.log[: len(self.log) - _MAX_LOG_BYTES]
        if found := _PROGRESS.match(line.decode("utf-8", errors="replace").rstrip()):
            self.done, self.total, self.note = int(found["done"]), int(found["total"]), found["note"]


@dataclass
class Worker:
    """Runs one request after the other.

    Attributes:
        launcher: Knows what was said of trainings before, and whether one should stop.
        models: Where status, log and output go.
        events: Tells that one ended.
        checkpoints: Where trainings keep theirs, a folder for each job; gone when it is over.
        command: Stands in for the training job in tests.
        install: Makes TensorFlow's environment.
        is_installed: Whether that is there.
        tell_every_s: How often status and log are laid down while it runs.
        asked_to_end: Set when the worker itself should end.
        recorder: Brings what a training says of itself into MLflow.
    """

    launcher: TrainingLauncher
    models: Objects
    events: TrainingEvents
    checkpoints: Path
    command: Sequence[str] = ()
    install: Callable[[], None] = install_training
    is_installed: Callable[[], bool] = is_training_installed
    tell_every_s: float = TELL_EVERY_S
    asked_to_end: threading.Event = field(default_factory=threading.Event)
    recorder: "Recorder | None" = None

    def run(self, request: TrainingRequest, *, renew: Callable[[], object] = lambda: None) -> TrainingState:
        """Run a training to its end, and tell; one that ended before is only told again.

        Args:
            request: What to run.
            renew: Called while it runs, to keep the request from coming back.

        Returns:
            How it ended; in progress when the worker was asked to end first.
        """
        before = self.launcher.status(request.name)
        if before is not None and before.state.is_over:
            self.events.send(TrainingEvent(request.name, before.state, before.reason))
            return before.state
        kept = self.checkpoints / attempt_of(request.name)[0]
        with tempfile.TemporaryDirectory(prefix="avocet-training-") as name:
            beat, refused = before.beat if before else 0, ""
            if request.hyperparameters.get("recipe") == Recipe.FULL and not self.is_installed():
                beat, refused = self._install_first(request, beat, renew)
            if refused:
                ending = TrainingStatus(TrainingState.FAILED, beat=beat + 1, reason=refused)
                self.models.put(key(request.name, "status.json"), status_bytes(ending))
            else:
                ending = self._train(request, Path(name), kept, beat, renew)
        if ending.state.is_over:
            shutil.rmtree(kept, ignore_errors=True)
            self.events.send(TrainingEvent(request.name, ending.state, ending.reason))
        return ending.state

    def _train(
        self, request: TrainingRequest, folder: Path, kept: Path, beat: int, renew: Callable[[], object]
    ) -> TrainingStatus:
        """Run the process, and another where one was ended from outside after it came further; tell how it ended."""
        recipe = Recipe(request.hyperparameters.get("recipe", Recipe.HEAD))
        command = self.command or (str(_PYTHON[recipe]), *_JOB)
        until_s, log = time.monotonic() + request.max_runtime_s, bytearray()
        while True:
            training = Training(command, request, folder, beat, kept, log)
            if self.recorder is not None:
                self.recorder.begin(request.name, training.model)
            ending, goes_on = None, False
            try:
                ending = self._follow(training, request, until_s, renew)
                if ending is None:
                    code = training.wait()
                    goes_on = training.can_go_on(code)
                    if code == 0:
                        self.models.put(key(request.name, OUTPUT), pack_output(training.files()))
                        ending = TrainingStatus(TrainingState.COMPLETED)
                    else:
                        ending = TrainingStatus(TrainingState.FAILED, reason=training.reason(code))
            finally:
                training.end()
                if self.recorder is not None:
                    self.recorder.keep(request.name, training.model)
            if not goes_on:
                self._tell(training, ending)
                return ending
            beat, log = training.beat, training.log
            log.extend(f"{ending.reason}; another goes on from its last checkpoint\n".encode())

    def _install_first(self, request: TrainingRequest, beat: int, renew: Callable[[], object]) -> tuple[int, str]:
        """Install TensorFlow and say so meanwhile; return the last beat, and why it could not be had."""
        refused: list[str] = []

        def attempt() -> None:
            try:
                self.install()
            except (SetupError, OSError) as error:
                refused.append(f"TensorFlow could not be installed: {error}")

        thread = threading.Thread(target=attempt, daemon=True)
        thread.start()
        while thread.is_alive():
            beat += 1
            note = "installing TensorFlow (2 GB, once)"
            said = TrainingStatus(TrainingState.IN_PROGRESS, beat=beat, note=note)
            self.models.put(key(request.name, "status.json"), status_bytes(said))
            renew()
            thread.join(self.tell_every_s)
        return beat, "".join(refused)

    def _follow(
        self, training: Training, request: TrainingRequest, until_s: float, renew: Callable[[], object]
    ) -> TrainingStatus | None:
        """Lay down status and log while it runs; return how it must end, or None when it ended by itself."""
        while True:
            self._tell(training, TrainingStatus(TrainingState.IN_PROGRESS))
            renew()
            if self.asked_to_end.is_set():
                return TrainingStatus(TrainingState.IN_PROGRESS)
            if self.models.get(key(request.name, "stop")) is not None:
                return TrainingStatus(TrainingState.STOPPED, reason="somebody cancelled it")
            if time.monotonic() > until_s:
                return TrainingStatus(
                    TrainingState.STOPPED, reason=f"it took longer than {request.max_runtime_s} s and was stopped"
                )
            try:
                training.process.wait(self.tell_every_s)
            except subprocess.TimeoutExpired:
                continue
            return None

    def _tell(self, training: Training, status: TrainingStatus) -> None:
        training.beat += 1
        told = replace(status, beat=training.beat, done=training.done, total=training.total, note=training.note)
        # The log first: whoever sees an ending finds all of it.
        self.models.put(key(training.request.name, "log.txt"), bytes(training.log))
        self.models.put(key(training.request.name, "status.json"), status_bytes(told))


def serve(worker: Worker, client: "SQSClient", queue: str) -> None:
    """Take requests until asked to end."""
    while not worker.asked_to_end.is_set():
        try:
            answer = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=1, WaitTimeSeconds=_POLL_S)
            for message in answer.get("Messages", ()):
                _serve_one(worker, client, queue, message["Body"], message["ReceiptHandle"])
        except (ClientError, BotoCoreError) as error:
            # The embedded cloud starts, ends or was killed; the request comes back.
            print(f"the queue does not answer: {error}", flush=True)
            worker.asked_to_end.wait(_POLL_S)


def _serve_one(worker: Worker, client: "SQSClient", queue: str, body: str, receipt: str) -> None:
    try:
        request = TrainingRequest.from_json(body)
    except ForeignTrainingError as error:
        print(f"dropped a message: {error}", flush=True)
        client.delete_message(QueueUrl=queue, ReceiptHandle=receipt)
        return
    print(f"{request.name}: begins", flush=True)
    state = worker.run(
        request,
        renew=lambda: client.change_message_visibility(
            QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=_LEASE_S
        ),
    )
    print(f"{request.name}: {state}", flush=True)
    if state.is_over:
        client.delete_message(QueueUrl=queue, ReceiptHandle=receipt)


def main() -> None:
    """Hold the lock and serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, required=True)
    parser.add_argument("--queue", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--models-table", required=True)
    parser.add_argument("--port", type=int, required=True, help="of the embedded cloud")
    arguments = parser.parse_args()
    with arguments.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("another worker runs already")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        models = S3Objects(s3_client(), arguments.bucket)
        recorder = Recorder(
            server=TrackingServer(Home(arguments.lock.parent, arguments.port)),
            registry_state=lambda: _registry_state(arguments.models_table),
            models_table=arguments.models_table,
            models_bucket=arguments.bucket,
        )
        worker = Worker(
            launcher=QueuedTrainings(sqs_client(), arguments.queue, models),
            models=models,
            events=TrainingEventBus(events_client()),
            checkpoints=arguments.lock.parent / "checkpoints",
            recorder=recorder,
        )
        recorder.start()
        signal.signal(signal.SIGTERM, lambda *_: worker.asked_to_end.set())
        signal.signal(signal.SIGINT, lambda *_: worker.asked_to_end.set())
        serve(worker, sqs_client(), arguments.queue)
        recorder.stop()


def _registry_state(table: str) -> str:
    """Return something that changes whenever a version or an alias does; empty while the registry does not answer."""
    try:
        versions = DynamoModelRegistry(dynamodb_client(), table).list()
        return repr((sorted(map(repr, versions)), DynamoModelAliases(dynamodb_client(), table).read()))
    except (ClientError, BotoCoreError):
        return ""


if __name__ == "__main__":
    main()
