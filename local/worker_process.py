"""The training worker as a process: starts it beside the embedded cloud and ends it; knows nothing of trainings."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from local.aws import Place
from local.emulated_cloud import Home

ROOT = Path(__file__).resolve().parent.parent
_STOP_LIMIT_S = 10.0
_POLL_S = 0.1


@dataclass(frozen=True)
class WorkerProcess:
    """The one worker of a home."""

    home: Home

    @property
    def log(self) -> Path:
        """What the worker says."""
        return self.home.folder / "training-worker.log"

    @property
    def lock(self) -> Path:
        """Held by the worker as long as it lives, however it ends; holds its process id."""
        return self.home.folder / "training-worker.lock"

    def start(self, place: Place, *, queue: str, bucket: str, models_table: str) -> bool:
        """Start the worker unless it runs; return whether it had to be started."""
        if self.is_running():
            return False
        self.home.folder.mkdir(parents=True, exist_ok=True)
        environment = {
            **place.tool_environment(),
            "PYTHONPATH": f"{ROOT / 'layers/core/python'}{os.pathsep}{ROOT}",
            "PYTHONUNBUFFERED": "1",
            # ImageNet weights, where they need not be downloaded.
            "AVOCET_PRETRAINED": os.environ.get("AVOCET_PRETRAINED") or str(ROOT.parent / "shared/data/weights"),
        }
        with self.log.open("ab") as log:
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "local.training_worker",
                    "--lock",
                    str(self.lock),
                    "--queue",
                    queue,
                    "--bucket",
                    bucket,
                    "--models-table",
                    models_table,
                    "--port",
                    str(self.home.port),
                ],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return True

    def stop(self) -> None:
        """End the worker; a training under way begins anew when the worker is next started."""
        if not self.is_running():
            return
        pid = self.lock.read_text()
        if not pid.isdigit():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM)
        deadline = time.monotonic() + _STOP_LIMIT_S
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                # It leads its own group: the training is in it.
                os.killpg(int(pid), signal.SIGKILL)

    def kill(self) -> None:
        """End the worker and the training in it at once, as a power cut would."""
        while self.is_running():
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.killpg(int(self.lock.read_text()), signal.SIGKILL)
            time.sleep(_POLL_S)

    def is_running(self) -> bool:
        """Whether a worker holds the lock; the kernel frees it, however the holder ended."""
        if not self.lock.exists():
            return False
        with self.lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
