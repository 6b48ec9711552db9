"""``make run``, ``up``, ``stop``, ``reset``: the embedded cloud from nothing, or from where it was left, to its address."""

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
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from local import accounts, layers, publish, summary, web
from local.aws import Place
from local.deployment import Deployment
from local.emulated_cloud import EmulatedCloud, Home
from local.steps import SetupError, note, step

_WATCH_S = 1.0


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
            cloud.start()
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
        to = publish.addresses(place, outputs)
        summary.write_local_json(local_json, to, outputs.page_url, made)
        with step("Asking the API how it is"):
            _wake(outputs.api_url)
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
    asked = threading.Event()
    _on_stop_signals(asked.set)
    while not asked.wait(_WATCH_S):
        if not cloud.is_running():
            raise SetupError(f"the emulator has ended; see {home.log}, then run this again.")
    print()
    stop(home)


def stop(home: Home) -> None:
    """End the embedded cloud and keep its state."""
    with step("Stopping the embedded cloud"):
        was_running = EmulatedCloud(home).stop()
    if not was_running:
        note("It was not running.")


def reset(home: Home) -> None:
    """End the embedded cloud and delete everything in it."""
    stop(home)
    with step("Deleting everything in it"):
        for folder in ("state", "tmp", "unpacked", "cdk.out"):
            shutil.rmtree(home.folder / folder, ignore_errors=True)
        for file in ("local.json", "emulator.log", "deploy.log"):
            (home.folder / file).unlink(missing_ok=True)


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
    parser.add_argument("command", choices=("run", "up", "stop", "reset"))
    command = {"run": run, "up": up, "stop": stop, "reset": reset}[parser.parse_args().command]
    _on_stop_signals(_raise_stop)
    try:
        command(Home.from_environment())
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
