"""Brings trainings' journals and the model registry into the laptop's MLflow, beside the worker and never in its way.

What MLflow did not take stays in a folder until it does. MLflow is installed and started by the first journal there is.
"""

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local import install
from local.emulated_cloud import ROOT
from local.steps import SetupError
from local.tracking import TrackingServer
from training_job.records.journal import JOURNAL

_LOOK_EVERY_S = 2.0
_LOOK_AT_REGISTRY_EVERY_S = 10.0
_BACKOFF_S = 60.0
_PATIENCE_S = 60.0


@dataclass
class Recorder:
    """Works in a thread of its own.

    Attributes:
        server: The MLflow to bring it to.
        registry_state: Something that changes whenever the model registry does.
        models_table: The registry.
        models_bucket: Where bundles lie.
    """

    server: TrackingServer
    registry_state: Callable[[], str]
    models_table: str
    models_bucket: str
    _live: tuple[str, Path] | None = None
    _following: "subprocess.Popen[bytes] | None" = None
    _mirrored_state: str = ""
    _not_before_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked_to_end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def pending(self) -> Path:
        """Journals of trainings that are over, until MLflow has them."""
        return self.server.folder / "pending"

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what is not recorded is recorded the next time."""
        self._asked_to_end.set()
        self._end_following()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def begin(self, name: str, folder: Path) -> None:
        """Follow a training whose journal is about to appear in ``folder``."""
        with self._lock:
            self._live = (name, folder)

    def keep(self, name: str, folder: Path) -> None:
        """Take a training that is over into one's own keeping; ``folder`` may go afterwards."""
        with self._lock:
            self._live = None
        self._end_following()
        if not (folder / JOURNAL).exists():
            return
        kept = self.pending / name
        partial = self.pending.parent / f"{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, partial)
        self.pending.mkdir(exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        partial.replace(kept)

    def _work(self) -> None:
        looked_s = 0.0
        while not self._asked_to_end.wait(_LOOK_EVERY_S):
            if time.monotonic() < self._not_before_s:
                continue
            try:
                self._follow_live()
                self._record_pending()
                if time.monotonic() - looked_s > _LOOK_AT_REGISTRY_EVERY_S:
                    looked_s = time.monotonic()
                    self._mirror()
            except (SetupError, OSError) as error:
                print(f"MLflow: {error}", flush=True)
                self._not_before_s = time.monotonic() + _BACKOFF_S

    def _follow_live(self) -> None:
        with self._lock:
            live = self._live
        if live is None or self._following is not None or not (live[1] / JOURNAL).exists():
            return
        url = self.server.ensure()
        with self._lock:
            if self._live == live:
                self._following = subprocess.Popen(
                    _command("follow", str(live[1]), "--url", url, "--patience-s", "86400"),
                    cwd=ROOT,
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )

    def _end_following(self) -> None:
        with self._lock:
            following, self._following = self._following, None
        if following is not None:
            following.terminate()
            following.wait()

    def _record_pending(self) -> None:
        for folder in sorted(self.pending.glob("*")) if self.pending.is_dir() else ():
            url = self.server.ensure()
            words = ("follow", str(folder), "--url", url, "--patience-s", str(_PATIENCE_S), "--code-version", _commit())
            self._run(*words)
            shutil.rmtree(folder)

    def _mirror(self) -> None:
        url = self.server.running_at()
        state = self.registry_state()
        if url is None or not state or state == self._mirrored_state:
            return
        self._run("mirror", "--url", url, "--models-table", self.models_table, "--models-bucket", self.models_bucket)
        # Mirroring notes runs in the registry, which changes it once more; what it says then is looked at again.
        self._mirrored_state = state

    def _run(self, *words: str) -> None:
        """Run one command of the records.

        Raises:
            SetupError: It did not succeed; it is to be tried again later.
        """
        done = subprocess.run(
            _command(*words), cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False
        )
        for line in (done.stdout + done.stderr).splitlines():
            print(f"MLflow: {line}", flush=True)
        if done.returncode:
            raise SetupError(f"could not {words[0]}; trying again in {_BACKOFF_S:.0f} s")


def _command(*words: str) -> list[str]:
    return [str(install.RECORDS_ENVIRONMENT / "bin/python"), "-m", "training_job.records", *words]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'layers/core/python'}{os.pathsep}{ROOT}"}


def _commit() -> str:
    # Nor may a machine that is too busy to say so end the thread that records.
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        shown = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=10
        )
        return shown.stdout.strip()
    return ""
