"""The laptop's MLflow: installed and started when the first training wants it, ended with the embedded cloud.

Nothing waits for it: a training keeps its own journal, and what MLflow missed is copied once it is there.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local import install
from local.emulated_cloud import Home
from local.steps import SetupError

# It makes its tables first, which takes minutes on a machine that does much else.
_START_LIMIT_S = 600.0
_STOP_LIMIT_S = 5.0
_ANSWER_LIMIT_S = 15.0
_POLL_S = 0.25


@dataclass
class TrackingServer:
    """One home's MLflow, with everything it keeps in ``<home>/mlflow``."""

    home: Home
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def folder(self) -> Path:
        """Where it keeps everything."""
        return self.home.folder / "mlflow"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "server.log"

    def running_at(self) -> str | None:
        """Return its address when it answers."""
        port = self._port()
        return f"http://127.0.0.1:{port}" if port and _is_healthy(port) else None

    def ensure(self) -> str:
        """Return its address; install and start it first where needed.

        Raises:
            SetupError: It cannot be installed, or does not come up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._only_one():
            if (address := self.running_at()) is None:
                install.install_records()
                self._end()
                address = self._start()
            self._tell(address)
            return address

    def stop(self) -> bool:
        """End it; return whether there was one."""
        if not self.folder.exists():
            return False
        with self._only_one():
            self._tell(None)
            return self._end()

    def _start(self) -> str:
        port = _free_port()
        address = f"http://127.0.0.1:{port}"
        with self.log.open("ab") as log:
            self._process = process = subprocess.Popen(
                [
                    str(install.RECORDS_ENVIRONMENT / "bin/python"),
                    *("-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
                    *("--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"),
                    *("--artifacts-destination", str(self.folder / "artifacts")),
                ],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=_environment(),
            )
        (self.folder / "process.json").write_text(json.dumps({"pid": process.pid, "port": port}))
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline:
            if _is_healthy(port):
                return address
            if process.poll() is not None:
                raise SetupError(f"MLflow ended by itself; see {self.log}.")
            _wait()
        self._end()
        raise SetupError(f"MLflow did not come up within {_START_LIMIT_S:.0f} s; see {self.log}.")

    def _end(self) -> bool:
        """End the process this home started last, its workers with it."""
        noted = self._noted()
        (self.folder / "process.json").unlink(missing_ok=True)
        if noted is None or not _leads_mlflow(noted["pid"]):
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(noted["pid"], signal.SIGTERM)
            deadline = time.monotonic() + _STOP_LIMIT_S
            while time.monotonic() < deadline and _leads_mlflow(noted["pid"]):
                if self._process is not None:
                    self._process.poll()
                _wait()
            os.killpg(noted["pid"], signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None
        return True

    def _port(self) -> int | None:
        noted = self._noted()
        return noted["port"] if noted else None

    def _noted(self) -> dict[str, int] | None:
        try:
            values = json.loads((self.folder / "process.json").read_text())
            return {"pid": int(values["pid"]), "port": int(values["port"])}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _tell(self, address: str | None) -> None:
        """Put the address where programs look for it."""
        path = self.home.folder / "local.json"
        if not path.exists():
            return
        content = json.loads(path.read_text("utf-8"))
        if content.get("mlflow_url") == address:
            return
        partial = path.with_suffix(".mlflow")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps({**content, "mlflow_url": address}, indent=2) + "\n", "utf-8")
        partial.replace(path)

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _leads_mlflow(pid: int) -> bool:
    """Whether process ``pid`` is an MLflow server; a number may have passed to another program meanwhile."""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "mlflow" in shown.stdout


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=_ANSWER_LIMIT_S) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    unwanted = ("AWS_", "AVOCET_", "MLFLOW_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {
        **kept,
        "NO_PROXY": "127.0.0.1,localhost",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        # Jobs of its own would be six more processes of 240 MB each, and nobody here asks for one.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _wait() -> None:
    time.sleep(_POLL_S)


def main() -> None:
    """Make sure that MLflow runs and print its address; a failure is one sentence."""
    if shutil.which("ps") is None:
        sys.exit("avocet: the program `ps` is needed.")
    try:
        print(TrackingServer(Home.from_environment()).ensure())
    except SetupError as error:
        sys.exit(f"avocet: {error}")


if __name__ == "__main__":
    main()
