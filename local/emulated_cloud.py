"""The emulator as a process: starts it, finds one that is already there, ends it. Knows nothing of what runs in it."""

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from avocet.settings import PROCESS_ENVIRONMENT
from local.steps import SetupError

ROOT = Path(__file__).resolve().parent.parent
_PYTHON = ROOT / ".avocet/emulator-venv/bin/python"
# One that ends by itself is noticed at once; one that only takes its time, on a machine that does much else, is left it.
_START_LIMIT_S = 300.0
_STOP_LIMIT_S = 120.0
_ANSWER_LIMIT_S = 30.0
_POLL_S = 0.1
_CHECKPOINT_LIMIT_S = 120.0


@dataclass(frozen=True)
class Home:
    """Where one embedded cloud keeps everything, and where it listens.

    Attributes:
        folder: ``.avocet`` unless ``AVOCET_HOME`` says otherwise.
        port: 4566 unless ``AVOCET_PORT`` says otherwise.
    """

    folder: Path
    port: int

    @classmethod
    def from_environment(cls) -> "Home":
        """Read ``AVOCET_HOME`` and ``AVOCET_PORT``.

        Raises:
            SetupError: When the port is not a number that a program may listen on.
        """
        text = os.environ.get("AVOCET_PORT") or "4566"
        if not text.isdigit() or not 1024 <= int(text) <= 65535:
            raise SetupError(f"AVOCET_PORT must be a number from 1024 to 65535, not {text!r}.")
        folder = Path(os.environ.get("AVOCET_HOME") or ROOT / ".avocet").resolve()
        return cls(folder=folder, port=int(text))

    @property
    def state(self) -> Path:
        """What must survive."""
        return self.folder / "state"

    @property
    def log(self) -> Path:
        """What the emulator and the functions in it say."""
        return self.folder / "emulator.log"

    @property
    def endpoint(self) -> str:
        """Where every emulated service answers."""
        return f"http://127.0.0.1:{self.port}"


class EmulatedCloud:
    """One emulator on one ``Home``."""

    def __init__(self, home: Home) -> None:
        """Look at ``home`` without starting anything."""
        self.home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> bool:
        """Make sure that the emulator runs as this working tree has it; return whether it had to be started.

        One that runs already is kept, unless its code has changed, it does not answer, or it was left in the middle of
        a deployment: that one goes back to where the deployment began.

        Raises:
            SetupError: When the port is taken by another program or the emulator does not come up.
        """
        if self.is_running():
            # Busy is not broken: what does not answer is killed, with whatever it is in the midst of.
            health = self._health(limit_s=_ANSWER_LIMIT_S)
            if health is not None and not health["is_held"] and health["fingerprint"] == _fingerprint():
                return False
            if health is None or health["is_held"]:
                self.kill()
            else:
                self.stop()
        self._refuse_taken_port()
        self.home.state.mkdir(parents=True, exist_ok=True)
        with self.home.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(_PYTHON),
                    "-m",
                    "local.emulator.serve",
                    "--state",
                    str(self.home.state),
                    "--port",
                    str(self.home.port),
                    "--fingerprint",
                    _fingerprint(),
                ],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=_emulator_environment(),
            )
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline:
            if self._health() is not None:
                return True
            if self._process.poll() is not None:
                break
            _wait()
        raise SetupError(f"the emulator did not come up; {self.home.log} ends with: {self._last_words()}")

    def stop(self) -> bool:
        """End the emulator in peace, by force when it takes too long; return whether there was one."""
        if not self.is_running():
            return False
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_LIMIT_S
        while self.is_running() and time.monotonic() < deadline:
            _wait()
        if self.is_running():
            self.kill()
        self._bury()
        return True

    def kill(self) -> None:
        """End the emulator at once, and with it whatever was not checkpointed by intent: a deployment under way."""
        self._signal(signal.SIGKILL)
        while self.is_running():
            _wait()
            # One that had only just begun may not have said yet which process it is.
            with contextlib.suppress(SetupError):
                self._signal(signal.SIGKILL)
        self._bury()

    def is_running(self) -> bool:
        """Whether an emulator holds the lock on this state; the kernel frees it, however the holder ended."""
        path = self.home.state / "lock"
        if not path.exists():
            return False
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let nothing move while the body runs: what is on disk is then what ``kill -9`` would leave.

        Should this program die in between, the emulator stays frozen, and the next start finds that it does not answer
        and starts it anew.
        """
        if not self.is_running():
            yield
            return
        group = int((self.home.state / "lock").read_text())
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def hold(self) -> None:
        """Take a checkpoint, then none until ``release``."""
        self._control("hold")

    def release(self) -> None:
        """Take a checkpoint of what a deployment made, and go on as usual."""
        self._control("release")

    def _bury(self) -> None:
        """Take note of the end of a process that this one started, so that nothing of it stays behind."""
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _health(self, *, limit_s: float = 2.0) -> dict[str, object] | None:
        try:
            return self._control("health", limit_s=limit_s)
        except SetupError:
            return None

    def _control(self, action: str, *, limit_s: float = _CHECKPOINT_LIMIT_S) -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"{self.home.endpoint}/_avocet/{action}", timeout=limit_s) as answer:  # noqa: S310
                content: dict[str, object] = json.loads(answer.read())
        except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError) as error:
            raise SetupError(f"the emulator does not answer ({error}); see {self.home.log}.") from error
        return content

    def _signal(self, number: int) -> None:
        text = (self.home.state / "lock").read_text()
        if not text.isdigit():
            raise SetupError(f"cannot tell which process holds {self.home.state}; end it by hand.")
        with contextlib.suppress(ProcessLookupError):
            # The emulator leads its own group: the functions' processes are in it.
            os.killpg(int(text), number) if number == signal.SIGKILL else os.kill(int(text), number)

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.home.port))
            except OSError as error:
                raise SetupError(
                    f"port {self.home.port} is taken by another program; end it, or choose another with AVOCET_PORT."
                ) from error

    def _last_words(self) -> str:
        lines = self.home.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"


def _wait() -> None:
    time.sleep(_POLL_S)  # the one place that waits for another process


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in [*sorted((ROOT / "local/emulator").glob("*.py")), ROOT / "local/emulator/requirements.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _emulator_environment() -> dict[str, str]:
    """Return this process's environment without what would point the emulator, or functions in it, somewhere else."""
    unwanted = ("AWS_", "AVOCET_", "LOCALSTACK_", "MINISTACK_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    # A heap for each of its threads, of which there is one for each invocation under way, would be kept as well.
    return {
        **kept,
        **PROCESS_ENVIRONMENT,
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "LOG_LEVEL": "WARNING",
    }
