"""``make run``, ``up``, ``stop``, ``reset``, ``backup``, ``restore``: the embedded cloud from nothing, or from where it was left, to its address."""

import argparse
import contextlib
import errno
import fcntl
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from local import accounts, backup, inbox, layers, publish, summary, web
from local.aws import Place
from local.deployment import Deployment, Outputs
from local.emulated_cloud import EmulatedCloud, Home
from local.steps import SetupError, note, step
from local.tracking import TrackingServer
from local.worker_process import WorkerProcess

_WATCH_S = 1.0
# A worker takes its lock when it has imported what it needs; looked at any sooner, one that begins is taken for none.
_WORKER_BEGINS_WITHIN_S = 60.0
# Functions that find what was left half-done; both also come by themselves.
_SWEEPS = ("sweep-jobs", "settle")


class StopRequestedError(Exception):
    """The person, or the system, asked this program to end."""


def up(home: Home) -> EmulatedCloud:
    """Bring everything up and say where it is; return the running emulator.

    Raises:
        SetupError: When a step fails; what was there before is then as it was.
    """
    started = time.monotonic()
    cloud = EmulatedCloud(home)
    place = Place("local", home.endpoint)
    home.folder.mkdir(parents=True, exist_ok=True)
    with _only_one(home):
        deployment = Deployment(place, work_dir=home.folder, context={"port": str(home.port)})
        deployment.end_leftover()
        with _one_builder():
            web.build_page()
            digests = layers.build(layers.embedded_target())
        with step(f"Starting the emulator on port {home.port}"):
            was_down = cloud.start()
        fingerprint = deployment.fingerprint(digests)
        if deployment.deployed_fingerprint() != fingerprint:
            _deploy(cloud, deployment, fingerprint)
        else:
            note("Nothing has changed since the last deployment.")
        outputs = deployment.outputs()
        with step("Publishing the page and the model"):
            publish.publish_page(place, outputs)
            version = publish.publish_starter(place, outputs)
        local_json = home.folder / "local.json"
        with step("Making the demo accounts"):
            made = accounts.make_demo_accounts(place, outputs.user_pool_id, known=summary.read_accounts(local_json))
        with step("Opening the inbox"):
            inbox_url = inbox.open_inbox(place, outputs)
        with step("Starting the training worker"):
            _start_worker(home, place, outputs)
        to = publish.addresses(place, outputs)
        summary.write_local_json(
            local_json, to, outputs.page_url, made, inbox_url=inbox_url, mlflow_url=TrackingServer(home).running_at()
        )
        backup.finish_restoring(home, place, outputs)
        with step("Asking the API how it is"):
            _wake(outputs.api_url)
        if was_down:
            _go_on(place)
    summary.show(to, outputs.page_url, model_version=version, has_page=publish.has_page(), accounts=made)
    print(f"  Ready after {time.monotonic() - started:.0f} s.", flush=True)
    return cloud


def run(home: Home) -> None:
    """Bring everything up, stay until asked to end, then end it.

    Raises:
        SetupError: When a step fails or the emulator ends by itself.
    """
    cloud = up(home)
    print("  Ctrl-C ends it; everything is kept.", flush=True)
    asked, begun_s = threading.Event(), time.monotonic()
    _on_stop_signals(asked.set)
    while not asked.wait(_WATCH_S):
        if not cloud.is_running():
            raise SetupError(f"the emulator has ended; see {home.log}, then run this again.")
        if not WorkerProcess(home).is_running() and time.monotonic() - begun_s > _WORKER_BEGINS_WITHIN_S:
            place = Place("local", home.endpoint)
            _start_worker(home, place, Deployment(place, work_dir=home.folder, context={}).outputs())
            begun_s = time.monotonic()
    print()
    stop(home)


def stop(home: Home) -> None:
    """End the embedded cloud and keep its state."""
    # First, or it would go on asking a cloud that is not there.
    WorkerProcess(home).stop()
    with step("Stopping the embedded cloud"):
        TrackingServer(home).stop()
        was_running = EmulatedCloud(home).stop()
    if not was_running:
        note("It was not running.")


def reset(home: Home) -> None:
    """End the embedded cloud and delete everything in it, save the list of who and what was erased."""
    stop(home)
    if home.state.exists():
        backup.remember_erased(home)
    with step("Deleting everything in it"):
        for folder in ("state", "tmp", "unpacked", "cdk.out", "mlflow", "checkpoints"):
            shutil.rmtree(home.folder / folder, ignore_errors=True)
        for file in ("local.json", "emulator.log", "deploy.log", "training-worker.log", "training-worker.lock"):
            (home.folder / file).unlink(missing_ok=True)


def back_up(home: Home, to: Path | None) -> None:
    """Write everything in the embedded cloud into one file; it may be running.

    Raises:
        SetupError: There is nothing to back up, or it is being started just now.
    """
    home.folder.mkdir(parents=True, exist_ok=True)
    with _only_one(home):
        file = backup.back_up(home, to)
    print(f"  {file} ({file.stat().st_size / 1e6:.0f} MB) holds people's photos: keep it as you keep them.", flush=True)


def restore(home: Home, file: Path) -> None:
    """Put the embedded cloud back to where it was when ``file`` was written, and bring it up.

    Raises:
        SetupError: The file is no whole backup (nothing has changed then), or a step fails.
    """
    home.folder.mkdir(parents=True, exist_ok=True)
    with _only_one(home):
        with step("Reading the backup"):
            unpacked = backup.unpack(home, file)
        stop(home)
        with step("Putting it in place"):
            backup.put_in_place(home, unpacked)
    up(home)


def _start_worker(home: Home, place: Place, outputs: Outputs) -> None:
    """Start the worker anew, with this working tree's code and the addresses of this deployment."""
    worker = WorkerProcess(home)
    worker.stop()
    worker.start(place, queue=outputs.training_queue, bucket=outputs.models_bucket, models_table=outputs.models_table)


def _deploy(cloud: EmulatedCloud, deployment: Deployment, fingerprint: str) -> None:
    """Deploy as one transaction: whatever interrupts it, the next start finds what was there before."""
    cloud.hold()
    try:
        if not deployment.is_bootstrapped():
            with step("Bootstrapping the CDK"):
                deployment.bootstrap()
        with step("Deploying the stacks"):
            deployment.deploy()
        deployment.remember(fingerprint)
        cloud.release()
    except BaseException:
        cloud.kill()
        raise


def _wake(api_url: str) -> None:
    """Call the API once, so that the first person does not wait for the first function."""
    try:
        with urllib.request.urlopen(f"{api_url}/status", timeout=60):  # noqa: S310 (an address of our own)
            pass
    except (urllib.error.URLError, TimeoutError) as error:
        note(f"The API says {error}.")


def _go_on(place: Place) -> None:
    """Let what the emulator's end interrupted go on now, and not when the sweeps come round."""
    functions = place.client("lambda")
    for verb in _SWEEPS:
        functions.invoke(FunctionName=f"avocet-{place.environment}-{verb}", InvocationType="Event", Payload=b"{}")


@contextlib.contextmanager
def _only_one(home: Home) -> Iterator[None]:
    """Keep a second start on the same home away while this one works."""
    with (home.folder / "busy").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(f"another `make run` or `make up` is at work on {home.folder}; wait for it.") from None
        yield


@contextlib.contextmanager
def _one_builder() -> Iterator[None]:
    """Wait for whoever else builds in this working tree: several homes share what is built."""
    folder = layers.ROOT / "build"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _on_stop_signals(react: Callable[[], None]) -> None:
    def handle(_number: int, _frame: FrameType | None) -> None:
        react()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)


def _raise_stop() -> None:
    raise StopRequestedError


def main() -> None:
    """Do what the command line says; a failure is one sentence and an exit code, never a trace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("run", "up", "stop", "reset", "backup", "restore"))
    parser.add_argument("--file", type=Path, help="of the backup, to write or to read")
    options = parser.parse_args()
    commands: dict[str, Callable[[Home], object]] = {
        "run": run,
        "up": up,
        "stop": stop,
        "reset": reset,
        "backup": lambda home: back_up(home, options.file),
        "restore": lambda home: restore(home, options.file),
    }
    if options.command == "restore" and not options.file:
        parser.error("say which backup: make restore FROM=file")
    _on_stop_signals(_raise_stop)
    try:
        commands[options.command](Home.from_environment())
    except SetupError as error:
        sys.exit(f"avocet: {error}")
    except StopRequestedError:
        sys.exit("avocet: interrupted; run this again to go on.")
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"avocet: the emulator refused a call ({error}); run this again, or look into its log.")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit("avocet: the disk is full; free some space and run this again.")
        sys.exit(f"avocet: {error.strerror or error}: {error.filename or 'no file named'}.")


if __name__ == "__main__":
    main()
