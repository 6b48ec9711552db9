"""Installs what the embedded cloud needs: three Python environments, the CDK command line, the page's packages.

Runs on any Python 3 and on nothing but its standard library, so that it can say what is missing. Everything installed
is pinned with hashes; what is already there as the pins say is left alone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from local.steps import SetupError, step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Job = tuple[Path, Sequence[Path], Callable[[], None]]

_ROOT = Path(__file__).resolve().parent.parent
_TOOLS = _ROOT / ".avocet" / "tools"
_EMULATOR_ENVIRONMENT = _ROOT / ".avocet" / "emulator-venv"
_ENVIRONMENT = _ROOT / ".venv"
RECORDS_ENVIRONMENT = _ROOT / ".avocet" / "records-venv"
_RECORDS_PINS = _ROOT / "training_job/records/requirements.txt"
TRAINING_ENVIRONMENT = _ROOT / ".venv-training"
_TRAINING_PINS = _ROOT / "training_job/requirements.txt"

_OLDEST_PYTHON = (3, 11)
_NEWEST_PYTHON = (3, 13)
_OLDEST_NODE = 20
_FIRST_INSTALL_BYTES = 3 * 1024**3
_ANY_RUN_BYTES = 512 * 1024**2


def main() -> None:
    """Install what is missing, or end with one sentence; with ``training`` TensorFlow, for its own environment."""
    try:
        if sys.argv[1:] == ["training"]:
            with step("Installing TensorFlow (2 GB, once)"):
                install_training()
            return
        _check_machine()
        with _only_installer():
            _install()
    except SetupError as error:
        sys.exit(f"avocet: {error}")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit("avocet: the disk is full; free some space and run this again.")
        sys.exit("avocet: {}: {}.".format(error.strerror or error, error.filename or "no file named"))
    except KeyboardInterrupt:
        sys.exit("avocet: interrupted; run this again to go on.")


def install_records() -> None:
    """Install MLflow where it is missing; only a training wants it, so it is not part of every installation.

    Raises:
        SetupError: It cannot be had, for want of a network or of space.
    """
    job: Job = (RECORDS_ENVIRONMENT, [_RECORDS_PINS], lambda: _fill(RECORDS_ENVIRONMENT, _RECORDS_PINS))
    with _only_installer():
        if not _is_as_pinned(job):
            _run_jobs([job])


def is_training_installed() -> bool:
    """Whether TensorFlow is there, as pinned."""
    return _is_as_pinned(_training_job())


def install_training() -> None:
    """Install TensorFlow where it is missing: 2 GB that only a whole network's training wants.

    Raises:
        SetupError: It cannot be had, for want of a network or of space.
    """
    with _only_installer():
        if not is_training_installed():
            free = shutil.disk_usage(str(_ROOT)).free
            if free < _FIRST_INSTALL_BYTES:
                raise SetupError(
                    f"TensorFlow needs {_FIRST_INSTALL_BYTES / 1e9:.1f} GB of disk space and {free / 1e9:.1f} GB are free."
                )
            _run_jobs([_training_job()])


def _training_job() -> Job:
    return (TRAINING_ENVIRONMENT, [_TRAINING_PINS], lambda: _fill(TRAINING_ENVIRONMENT, _TRAINING_PINS))


@contextlib.contextmanager
def _only_installer() -> Iterator[None]:
    """Wait for whoever else installs into this working tree."""
    folder = _ROOT / ".avocet"
    folder.mkdir(exist_ok=True)
    with (folder / "install.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_machine() -> None:
    version = sys.version_info[:2]
    if not _OLDEST_PYTHON <= version <= _NEWEST_PYTHON:
        raise SetupError(
            "Python {}.{} to {}.{} is needed, this is {}.{}; name another with PYTHON=python3.11.".format(
                *_OLDEST_PYTHON, *_NEWEST_PYTHON, *version
            )
        )
    node = _version_of("node")
    if node is None or shutil.which("npm") is None:
        raise SetupError(f"Node {_OLDEST_NODE} or newer with npm is needed and is not on the PATH.")
    if int(node.lstrip("v").split(".")[0]) < _OLDEST_NODE:
        raise SetupError(f"Node {_OLDEST_NODE} or newer is needed, this is {node}.")
    is_first = not _stamp_path(_ENVIRONMENT).exists()
    needed = _FIRST_INSTALL_BYTES if is_first else _ANY_RUN_BYTES
    free = shutil.disk_usage(str(_ROOT)).free
    if free < needed:
        raise SetupError(f"{needed / 1e9:.1f} GB of disk space are needed and {free / 1e9:.1f} GB are free.")


def _version_of(program: str) -> str | None:
    if shutil.which(program) is None:
        return None
    finished = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return finished.stdout.strip() if finished.returncode == 0 else None


def _install() -> None:
    web = _ROOT / "web"
    python_jobs: list[Job] = [
        (_TOOLS, [_ROOT / "local/tools/requirements.txt"], _make_tools),
        (_ENVIRONMENT, [_ROOT / "requirements.txt", _ROOT / "pyproject.toml"], _make_environment),
        (
            _EMULATOR_ENVIRONMENT,
            [_ROOT / "local/emulator/requirements.txt"],
            lambda: _fill(_EMULATOR_ENVIRONMENT, _ROOT / "local/emulator/requirements.txt"),
        ),
    ]
    node_jobs: list[Job] = [(_ROOT / "node_modules", [_ROOT / "package-lock.json"], lambda: _npm_ci(_ROOT))]
    if (web / "package-lock.json").exists():
        node_jobs.append((web / "node_modules", [web / "package-lock.json"], lambda: _npm_ci(web)))
    due = [[job for job in jobs if not _is_as_pinned(job)] for jobs in (python_jobs, node_jobs)]
    if not any(due):
        return
    with step("Installing packages"):
        _side_by_side([functools.partial(_run_jobs, jobs) for jobs in due])


def _side_by_side(tasks: Sequence[Callable[[], None]]) -> None:
    """Run ``tasks`` at once: one downloads while the other unpacks."""
    failures: list[Exception] = []

    def attempt(task: Callable[[], None]) -> None:
        try:
            task()
        except (SetupError, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=attempt, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _run_jobs(jobs: Sequence[Job]) -> None:
    for folder, pins, make in jobs:
        make()
        _stamp_path(folder).write_text(_digest(pins))


def _is_as_pinned(job: Job) -> bool:
    folder, pins, _make = job
    stamp = _stamp_path(folder)
    return stamp.exists() and stamp.read_text() == _digest(pins)


def _stamp_path(folder: Path) -> Path:
    return folder / ".avocet-installed"


def _digest(pins: Sequence[Path]) -> str:
    digest = hashlib.sha256("{}.{}".format(*sys.version_info[:2]).encode())
    for path in pins:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _make_tools() -> None:
    shutil.rmtree(str(_TOOLS), ignore_errors=True)
    _TOOLS.parent.mkdir(exist_ok=True)
    _call([sys.executable, "-m", "venv", str(_TOOLS)], "make a virtual environment (is python3-venv installed?)")
    requirements = _ROOT / "local/tools/requirements.txt"
    _call(
        [
            str(_TOOLS / "bin/python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            str(requirements),
        ],
        "install uv",
    )


def _make_environment() -> None:
    _fill(_ENVIRONMENT, _ROOT / "requirements.txt")
    _call(
        _uv("pip", "install", "--python", _ENVIRONMENT, "--no-deps", "--no-build-isolation", "--editable", _ROOT),
        "install the avocet command",
    )


def _fill(environment: Path, requirements: Path) -> None:
    _call(_uv("venv", "--allow-existing", "--python", sys.executable, environment), "make a virtual environment")
    _call(
        _uv("pip", "install", "--python", environment, "--require-hashes", "--requirements", requirements),
        f"install the packages of {requirements.relative_to(_ROOT)}",
    )


def _npm_ci(folder: Path) -> None:
    _call(["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(folder)], "install the packages of Node")


def _uv(*arguments: object) -> list[str]:
    return [str(_TOOLS / "bin/uv"), "--quiet", "--no-progress", *map(str, arguments)]


def _call(command: Sequence[str], purpose: str) -> None:
    finished = subprocess.run(
        command, cwd=str(_ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if finished.returncode == 0:
        return
    log = _ROOT / ".avocet" / "install.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(finished.stdout)
    if os.strerror(errno.ENOSPC) in finished.stdout:
        raise SetupError("the disk is full; free some space and run this again.")
    said = [line.strip() for line in finished.stdout.splitlines() if line.strip()]
    raise SetupError("could not {}: {} (all of it is in {})".format(purpose, (said or ["?"])[-1], log))


if __name__ == "__main__":
    main()
