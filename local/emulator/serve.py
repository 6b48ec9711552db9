"""Runs MiniStack in this process so that what it acknowledges outlives ``kill -9``; run by the emulator's own Python.

MiniStack by itself keeps objects of S3 on disk at once and everything else when it ends in peace. Here besides:

* every write to a DynamoDB table is in a journal before it is acknowledged, and is replayed on top of the checkpoint;
* identities, queues, parameters, secrets and executions of state machines are written through, each service as a whole,
  before the answer: an execution does not outlive this process, but that it broke off must be told of it afterwards;
* everything else is checkpointed every few seconds, when anything happened;
* a deployment is one transaction: no checkpoint is taken between ``hold`` and ``release``, so that a deployment killed
  half-way never was, and the next one starts from a state that a finished deployment left.
"""

import argparse
import asyncio
import contextlib
import ctypes
import fcntl
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from local.emulator import beside, bounded_memory, corrections, inbox, shared_unpacking
from local.emulator.checkpoints import BlobStore, CheckpointStore, Journal, decode_bytes, encode_bytes

_CHECKPOINT_EVERY_S = 5.0
_JOURNAL_LIMIT_BYTES = 8 * 1024 * 1024
_KEEP_ALIVE_S = 75
_BUSY_EXIT_CODE = 3
_READ_OFF_ATTEMPTS = 20
_BUSY_PAUSE_S = 0.05

_READS = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List", "Search", "AdminGet", "AdminList")
_WRITTEN_THROUGH = ("cognito", "sqs", "ssm", "secretsmanager", "stepfunctions")
_JOURNALED = "dynamodb"
_CANNOT_GO_ON = "cannot go on from what is on disk"

_log = logging.getLogger("avocet.emulator")

Response = tuple[int, dict[str, str], Any]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Response]]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def _is_read(headers: dict[str, str]) -> bool:
    return headers.get("x-amz-target", "").rpartition(".")[2].startswith(_READS)


class DurableCloud:
    """MiniStack's application with its state on disk; everything here runs on its event loop unless said otherwise."""

    def __init__(self, state_dir: Path, *, fingerprint: str) -> None:
        """Hook into MiniStack, which must not have been imported before, and load nothing yet."""
        from ministack import app as ministack_app  # its settings are read from the environment at import

        self._ministack = ministack_app
        self._fingerprint = fingerprint
        self._home = state_dir.parent
        self._store = CheckpointStore(state_dir / "checkpoint")
        self._blobs = BlobStore(state_dir / "blobs")
        self._journal = Journal(state_dir / "checkpoint", first=self._store.manifest.journal)
        self._replay_up_to = list(self._journal.entries())
        self._requests_seen = 0
        self._requests_kept = 0
        self._is_held = False
        self._committing = asyncio.Lock()
        self.failure: str | None = None  # why it could not start

        ministack_app._load_persisted_state = self._load_all
        # Ending in peace is a checkpoint like any other.
        ministack_app.save_all = lambda _services: self._commit(self._snapshot(everything=True))
        for name in (_JOURNALED, *_WRITTEN_THROUGH):
            module = ministack_app._get_module(name)
            module.handle_request = (self._journaled if name == _JOURNALED else self._written_through)(name, module)
        lambda_module = ministack_app._get_module("lambda_svc")
        # MiniStack would delete the code of functions that the checkpoint on disk still names.
        lambda_module._prune_orphan_code_blobs = lambda _referenced: None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on to MiniStack."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, self._replaying(send))
        elif scope["type"] == "http" and scope["path"].startswith("/_avocet/"):
            await self._control(scope["path"].removeprefix("/_avocet/"), scope, send)
        else:
            self._requests_seen += 1
            await self._ministack.app(scope, receive, send)

    async def _live(self, scope: Message, receive: Receive, send: Send) -> None:
        """Start and end MiniStack; a start that fails ends the process, with everything on disk as it was.

        A server would otherwise take the fault for an application that needs no start, and serve an empty cloud.
        """
        has_started = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_started
            await send(message)
            has_started = has_started or message["type"] == "lifespan.startup.complete"

        try:
            await self._ministack.app(scope, receive, send_and_note)
        except Exception as error:
            if has_started:
                raise
            _log.exception(_CANNOT_GO_ON)
            self.failure = f"{_CANNOT_GO_ON}: {error}"
            await send({"type": "lifespan.startup.failed", "message": self.failure})

    async def checkpoint_forever(self) -> None:
        """Take a checkpoint every few seconds as long as anything happens."""
        while True:
            await asyncio.sleep(_CHECKPOINT_EVERY_S)
            if self._is_held or self._requests_seen == self._requests_kept:
                continue
            try:
                await self._checkpoint(everything=self._journal.size_bytes > _JOURNAL_LIMIT_BYTES)
                await asyncio.to_thread(_give_memory_back)
            except OSError as error:
                _log.error("no checkpoint: %s", error)

    async def _checkpoint(self, *, everything: bool) -> float:
        started = time.perf_counter()
        async with self._committing:
            seen = self._requests_seen
            snapshot = self._snapshot(everything=everything)
            await asyncio.to_thread(self._commit, snapshot)
            self._requests_kept = seen
        return time.perf_counter() - started

    def _snapshot(self, *, everything: bool) -> tuple[int, int | None, dict[str, Any]]:
        """Read off the state of every service, at one moment.

        The tables are left out unless ``everything`` is asked for: their journal keeps them, and it is cheaper.
        """
        journal = self._journal.rotate() if everything else None
        sequence = self._store.next_sequence()
        states = {}
        for name, get_state in self._ministack._build_persistence_save_dict().items():
            if name != _JOURNALED or everything:
                state = _read_off(name, get_state)
                if state is not None:
                    states[name] = self._without_blobs(state) if name == "lambda" else state
        return sequence, journal, states

    def _commit(self, snapshot: tuple[int, int | None, dict[str, Any]]) -> None:
        """Write what changed; may run on any thread, since a snapshot shares nothing with the services."""
        sequence, journal, states = snapshot
        serialised = {name: self._serialise(state) for name, state in states.items()}
        self._store.commit(serialised, sequence=sequence, journal=journal)
        if journal is not None:
            self._journal.drop_before(journal)
            self._blobs.keep_only(set(_blob_digests(states.get("lambda"))))

    def _serialise(self, state: object) -> bytes:
        from ministack.core import persistence

        return json.dumps(state, default=persistence._json_default).encode()

    def _load_all(self) -> None:
        """Put every service back to where it was; whatever cannot be, must not be served as if it had never been.

        MiniStack itself would go on without the service, and the next checkpoint would forget it for good.
        """
        for name, module_name in self._ministack._state_map.items():
            state = self._load(name)
            if state:
                self._ministack._get_module(module_name).load_persisted_state(state)

    def _load(self, service: str) -> Any:
        from ministack.core import persistence

        kept = self._store.load(service)
        if kept is None:
            return None
        state = json.loads(kept, object_hook=persistence._json_object_hook)
        if service == "sqs":
            _let_go(state)
        return self._with_blobs(state) if service == "lambda" else state

    def _without_blobs(self, state: dict[str, Any]) -> dict[str, Any]:
        for layer in state["layers"]._data.values():
            for version in layer["versions"]:
                if isinstance(version.get("_zip_data"), bytes):
                    version["_zip_data"] = {"blob": self._blobs.put(version["_zip_data"])}
        return state

    def _with_blobs(self, state: dict[str, Any]) -> dict[str, Any]:
        for layer in state["layers"]._data.values():
            for version in layer["versions"]:
                if isinstance(version.get("_zip_data"), dict):
                    version["_zip_data"] = self._blobs.get(version["_zip_data"]["blob"])
        return state

    def _journaled(self, _name: str, module: Any) -> Handler:
        from ministack.core.responses import get_account_id, get_region

        handle: Handler = module.handle_request
        self._handle_tables = handle

        async def handle_request(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            if not _is_read(headers):
                # The handler never waits for anything, so entries are in the order in which writes are applied.
                self._journal.append(
                    {
                        "account": get_account_id(),
                        "region": get_region(),
                        "target": headers.get("x-amz-target", ""),
                        "body": encode_bytes(body),
                    }
                )
            return await handle(method, path, headers, body, query)

        return handle_request

    def _written_through(self, name: str, module: Any) -> Handler:
        handle: Handler = module.handle_request

        async def handle_request(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            response = await handle(method, path, headers, body, query)
            if not _is_read(headers) and method == "POST":
                while (state := _read_off(name, module.get_state)) is None:
                    await asyncio.sleep(_BUSY_PAUSE_S)  # what is not kept must not be acknowledged
                self._store.commit({name: self._serialise(state)}, sequence=self._store.next_sequence())
            return response

        return handle_request

    def _replaying(self, send: Send) -> Send:
        async def send_after_replay(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await self._replay()
            await send(message)

        return send_after_replay

    async def _replay(self) -> None:
        from ministack.core.responses import set_request_account_id, set_request_region

        for entry in self._replay_up_to:
            set_request_account_id(entry["account"])
            set_request_region(entry["region"])
            status, _headers, answer = await self._handle_tables(
                "POST", "/", {"x-amz-target": entry["target"]}, decode_bytes(entry["body"]), {}
            )
            if status >= 500:
                _log.error("could not replay %s: %s", entry["target"], answer)
        if self._replay_up_to:
            _log.warning("replayed %d writes since the last checkpoint", len(self._replay_up_to))
            self._replay_up_to = []
            await self._checkpoint(everything=True)

    async def _control(self, action: str, scope: Message, send: Send) -> None:
        """Answer whoever started this process: ``checkpoint``, ``hold``, ``release``, ``health``.

        And the page: ``inbox`` is the mailbox, ``runs/`` and a run's id leads to its record in MLflow.
        """
        headers = {b"content-type": b"application/json"}
        answer: dict[str, object] = {"pid": os.getpid(), "is_held": self._is_held, "fingerprint": self._fingerprint}
        status = 200
        if action == "hold":
            answer["took_s"] = await self._checkpoint(everything=True)
            self._is_held = True
        elif action in ("release", "checkpoint"):
            answer["took_s"] = await self._checkpoint(everything=True)
            self._is_held = self._is_held and action == "checkpoint"
        elif action == "inbox":
            answer = {"letters": inbox.letters(scope.get("query_string", b"").decode(errors="replace"))}
            origin = dict(scope["headers"]).get(b"origin", b"")
            headers[b"vary"] = b"Origin"
            if beside.is_page(self._home, origin.decode(errors="replace")):
                headers[b"access-control-allow-origin"] = origin
        elif action.startswith("runs/"):
            record = beside.record_of(self._home, action.removeprefix("runs/"))
            status = 404 if record is None else 302
            answer = {
                "detail": "MLflow is not running: the next training starts it, `python -m local.tracking` does now."
            }
            if record is not None:
                headers[b"location"] = record.encode()
        elif action != "health":
            status = 404
        body = json.dumps(answer).encode()
        headers[b"content-length"] = str(len(body)).encode()
        await send({"type": "http.response.start", "status": status, "headers": list(headers.items())})
        await send({"type": "http.response.body", "body": body})


def _give_memory_back() -> None:
    """Let the system have what the bodies of requests have left free: at a promotion every function reads a bundle at once."""
    with contextlib.suppress(AttributeError):  # elsewhere than in glibc it needs no asking
        ctypes.CDLL(None).malloc_trim(0)


def _read_off(name: str, get_state: Callable[[], Any]) -> Any:
    """Return a copy of a service's state, or None when its threads leave no time for one: what was kept before then counts.

    Functions and state machines run on threads of their own, and add to what is being copied.
    """
    for _ in range(_READ_OFF_ATTEMPTS):
        try:
            return get_state()
        except RuntimeError:  # a dictionary changed its size
            continue
    if name == _JOURNALED:
        raise RuntimeError("the tables are changed by somebody else than their own handler")
    _log.warning("%s is too busy to be read off now", name)
    return None


def _let_go(queues: dict[str, Any]) -> None:
    """Let messages that somebody had taken be taken again at once: the functions that had them ended with the emulator.

    One that nobody has taken yet may have been sent to arrive later, and still does.
    """
    now = time.time()
    for queue in queues["queues"]._data.values():
        for message in queue["messages"]:
            if message["receive_count"] > 0:
                message["visible_at"] = min(message["visible_at"], now)


def _blob_digests(lambda_state: dict[str, Any] | None) -> Iterable[str]:
    for layer in lambda_state["layers"]._data.values() if lambda_state else ():
        for version in layer["versions"]:
            if isinstance(version.get("_zip_data"), dict):
                yield version["_zip_data"]["blob"]


def _drop_unknown_buckets(state_dir: Path) -> None:
    """Delete buckets on disk that no checkpoint knows: a deployment that was killed made them and will again."""
    kept = CheckpointStore(state_dir / "checkpoint").load("s3")
    # MiniStack writes a key as the account, a zero byte and the bucket's name as Python would print it.
    keys = json.loads(kept)["buckets_meta"]["data"] if kept is not None else ()
    names = {key.partition("\x00")[2].strip("'") for key in keys}
    for account in (state_dir / "s3").glob("[0-9]*"):
        for bucket in account.iterdir():
            if bucket.name not in names:
                shutil.rmtree(bucket)


def _hold_lock(path: Path) -> None:
    """Take the lock that says that this state is in use; the kernel gives it back, however this process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(_BUSY_EXIT_CODE)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())


def _prepare(state_dir: Path, port: int) -> None:
    temporary = state_dir.parent / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    _drop_unknown_buckets(state_dir)
    os.environ.update(
        {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(state_dir / "ministack"),
            "S3_DATA_DIR": str(state_dir / "s3"),
            "TMPDIR": str(temporary),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
        }
    )


async def _serve(state_dir: Path, port: int, fingerprint: str) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    cloud = DurableCloud(state_dir, fingerprint=fingerprint)
    corrections.install()
    bounded_memory.install()
    shared_unpacking.install(state_dir.parent / "unpacked")
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = _KEEP_ALIVE_S
    config.accesslog = None
    config.graceful_timeout = 2.0
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    checkpoints = asyncio.create_task(cloud.checkpoint_forever())
    try:
        await serve(cloud, config, shutdown_trigger=ended.wait)
    except Exception:
        if cloud.failure is None:
            raise
        # One line, and the last one: whoever started this process shows it.
        sys.exit(cloud.failure)
    checkpoints.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await checkpoints


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the folder that keeps everything")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fingerprint", default="", help="told back by /_avocet/health")
    arguments = parser.parse_args()
    state_dir = arguments.state.resolve()
    _hold_lock(state_dir / "lock")
    try:
        _prepare(state_dir, arguments.port)
    except (OSError, ValueError) as error:
        sys.exit(f"{_CANNOT_GO_ON}: {error}")
    asyncio.run(_serve(state_dir, arguments.port, arguments.fingerprint))


if __name__ == "__main__":
    main()
