"""Promotions under steady load on a running embedded cloud: who failed, who was slow, and how long the old model answered.

``make up``, then ``python -m benchmarks.promotion``; beside it the ancestor's way, which reloads the model in the process
that answers while everybody waits, and what looking at the pointer costs.
"""

import argparse
import datetime
import hashlib
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from avocet.adapters.champion import CachedChampion
from avocet.adapters.onnx import OnnxClassifier, load_bundle
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.imaging import to_model_input
from avocet.usecases.register_model import RegisterModel, described
from benchmarks.photos import make_photos

ROOT = Path(__file__).resolve().parents[1]
_STARTER = ROOT / "models" / "starter"
_FILES = ("model.onnx", "self_test.npz", "bundle.json")
_CLIENTS = 16
_LOADING_MS = 100.0  # a request whose look-up of the model took longer loaded it
_CHECKS = 200_000


@dataclass(frozen=True)
class Answer:
    """One request, by this process's clock; ``version`` is empty when it failed."""

    began_s: float
    ended_s: float
    version: str
    model_ms: float
    status: int

    @property
    def took_ms(self) -> float:
        """Milliseconds at the client."""
        return 1e3 * (self.ended_s - self.began_s)


@dataclass
class Place:
    """The running embedded cloud, as a client and from behind."""

    local: Mapping[str, Any]
    http: httpx.Client
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    def token(self, role: str) -> str:
        """Return a fresh ID token of a demo account."""
        made_s, token = self._tokens.get(role, (0.0, ""))
        if time.monotonic() - made_s > 300:
            account = self.local["accounts"][role]
            answer = self.http.post(
                self.local["cognito_url"],
                json={
                    "ClientId": self.local["client_id"],
                    "AuthFlow": "USER_PASSWORD_AUTH",
                    "AuthParameters": {"USERNAME": account["username"], "PASSWORD": account["password"]},
                },
                headers={
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
                },
            )
            token = answer.json()["AuthenticationResult"]["IdToken"]
            self._tokens[role] = (time.monotonic(), token)
        return token

    def admin(self, method: str, path: str, body: object) -> tuple[float, str]:
        """Change the champion; return when it was done, and who serves now."""
        url = self.local["api_url"] + path
        answer = self.http.request(method, url, json=body, headers={"Authorization": f"Bearer {self.token('admin')}"})
        answer.raise_for_status()
        return time.monotonic(), str(answer.json()["version"])

    def roll_back(self) -> tuple[float, str]:
        """Leave the champion for the one before; return when it was done, and who serves now."""
        models = self.http.get(
            f"{self.local['api_url']}/admin/models", headers={"Authorization": f"Bearer {self.token('admin')}"}
        )
        models.raise_for_status()
        body = {"leaving_revision": models.json()["history"][0]["revision"], "reason": "benchmark"}
        return self.admin("POST", "/admin/models/rollback", body)

    def aws(self, service: str) -> Any:
        """Return a client for the emulator's ``service``."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.local["cognito_url"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}),
        )

    def register_twin(self, version: str) -> None:
        """Register the starter once more under another name: what differs is nothing but the name."""
        outputs = {
            output["OutputKey"]: output["OutputValue"]
            for stack in self.aws("cloudformation").describe_stacks()["Stacks"]
            for output in stack.get("Outputs", [])
        }
        files = {name: (_STARTER / name).read_bytes() for name in _FILES}
        files["bundle.json"] = json.dumps({**json.loads(files["bundle.json"]), "model_version": version}).encode()
        for name, data in files.items():
            self.aws("s3").put_object(Bucket=outputs["ModelsBucketName"], Key=f"bundles/{version}/{name}", Body=data)
        dynamodb, table = self.aws("dynamodb"), outputs["ModelsTableName"]
        register = RegisterModel(
            registry=DynamoModelRegistry(dynamodb, table), aliases=DynamoModelAliases(dynamodb, table)
        )
        register(described(files, registered_at=datetime.datetime.now(tz=datetime.UTC)))


class Load:
    """Clients that ask, rest and ask again until they are stopped."""

    def __init__(self, place: Place, photo: bytes, *, pause_s: float) -> None:
        """Prepare ``_CLIENTS`` clients that rest ``pause_s`` between two questions."""
        self._pause_s = pause_s
        self.answers: list[Answer] = []
        self.throttled = 0
        self._place, self._photo, self._stopped = place, photo, threading.Event()
        self._threads = [threading.Thread(target=self._client) for _ in range(_CLIENTS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait(self, seconds: float) -> None:
        """Let the load go on."""
        self._stopped.wait(seconds)

    def _client(self) -> None:
        url = self._place.local["api_url"] + "/predictions"
        with httpx.Client(timeout=60, trust_env=False) as http:
            while not self._stopped.is_set():
                headers = {"Authorization": f"Bearer {self._place.token('user')}", "Content-Type": "image/jpeg"}
                began_s = time.monotonic()
                try:
                    answer = http.post(url, content=self._photo, headers=headers)
                except httpx.HTTPError:
                    self.answers.append(Answer(began_s, time.monotonic(), "", 0.0, 0))
                    continue
                ended_s = time.monotonic()
                if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    # The stage's throttle, as it is set for everybody: no prediction was asked for yet.
                    self.throttled += 1
                    self._stopped.wait(0.5)
                    continue
                body = answer.json() if answer.is_success else {}
                model_ms = body["timings_ms"]["model"] if body else 0.0
                self.answers.append(
                    Answer(began_s, ended_s, body.get("model_version", ""), model_ms, answer.status_code)
                )
                self._stopped.wait(self._pause_s)


@dataclass(frozen=True)
class Measured:
    """What came of it; times in milliseconds unless named otherwise."""

    changes: int
    answers: int
    failed: int
    never_champion: int
    throttled: int
    loads: int
    load_median: float
    p99_before: float
    p99_during: float
    p50_before: float
    p50_during: float
    last_old_s: float
    promoting_median_s: float


def measure(place: Place, photo: bytes, *, promotions: int, rollbacks: int, apart_s: float, pause_s: float) -> Measured:
    """Promote and roll back under load."""
    suffix = hashlib.sha256(str(time.time()).encode()).hexdigest()[:6]
    twins = [f"twin-{suffix}-{number}" for number in range(2)]
    for twin in twins:
        place.register_twin(twin)
    _, champion = place.admin("PUT", "/admin/models/champion", {"version": twins[1], "reason": "benchmark"})
    champions, changes, promoting_s = {champion}, [], []
    with Load(place, photo, pause_s=pause_s) as load:
        load.wait(4 * apart_s)  # until every environment has started and loaded its first model
        load.answers.clear()
        load.wait(3 * apart_s)
        before = list(load.answers)
        load.answers.clear()
        for number in range(promotions + rollbacks):
            asked_s = time.monotonic()
            if number < promotions:
                body = {"version": twins[number % 2], "reason": "benchmark"}
                done_s, version = place.admin("PUT", "/admin/models/champion", body)
            else:
                done_s, version = place.roll_back()
            promoting_s.append(done_s - asked_s)
            changes.append((done_s, champion, version))
            champions.add(version)
            champion = version
            load.wait(apart_s)
    place.roll_back()
    during = load.answers
    served = [answer for answer in during if answer.status == httpx.codes.CREATED]
    loads = [answer for answer in served if answer.model_ms > _LOADING_MS]
    calm = [answer.took_ms for answer in served if answer.model_ms <= _LOADING_MS]
    base = [a.took_ms for a in before if a.status == httpx.codes.CREATED and a.model_ms <= _LOADING_MS]
    ends = [*(change[0] for change in changes[1:]), float("inf")]
    last_old_s = max(
        (
            answer.ended_s - done_s
            for (done_s, old, _), until in zip(changes, ends, strict=True)
            for answer in served
            if answer.version == old and done_s <= answer.ended_s < until
        ),
        default=0.0,
    )
    return Measured(
        changes=len(changes),
        answers=len(during),
        failed=len(during) - len(served),
        never_champion=sum(answer.version not in champions for answer in served),
        throttled=load.throttled,
        loads=len(loads),
        load_median=statistics.median([answer.model_ms for answer in loads]) if loads else 0.0,
        p99_before=_percentile(base, 99),
        p99_during=_percentile(calm, 99),
        p50_before=statistics.median(base),
        p50_during=statistics.median(calm),
        last_old_s=last_old_s,
        promoting_median_s=statistics.median(promoting_s),
    )


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass
class Disk:
    """A pointer, and the starter's files under whatever name is asked for."""

    version: str = "starter"

    def read(self) -> str:
        """Return the champion's version."""
        return self.version

    def fetch(self, model_version: str, folder: Path) -> None:
        """Write the starter's files, renamed."""
        for name in _FILES:
            shutil.copy(_STARTER / name, folder / name)
        manifest = json.loads((folder / "bundle.json").read_bytes())
        (folder / "bundle.json").write_text(json.dumps({**manifest, "model_version": model_version}))


def _load(folder: Path) -> OnnxClassifier:
    return load_bundle(folder, world_list(), self_test_images=1)


def stalls(photo: bytes) -> tuple[float, float, float]:
    """Swap in one process of four busy threads; return the longest answer without a swap, ours and the ancestor's way.

    The ancestor's way: the request that finds a new model reloads it, and everybody who asks meanwhile waits for it.
    """
    pixels = to_model_input(photo, size_px=224).pixels

    def run(swap_at: int | None, *, everybody_waits: bool) -> float:
        disk, lock, now_s = Disk(), threading.Lock(), [0.0]
        cached = CachedChampion(pointer=disk, bundles=disk, load=_load, wall_clock_s=lambda: now_s[0])
        cached.current()
        slowest: list[float] = []

        def client() -> None:
            for number in range(60):
                if number == swap_at:
                    disk.version, now_s[0] = "twin", 100.0
                began = time.perf_counter()
                if everybody_waits:
                    with lock:
                        model = cached.current()
                else:
                    model = cached.current()
                is_loader = time.perf_counter() - began > 0.1 and not everybody_waits
                model.score(pixels)
                if not is_loader:
                    slowest.append(1e3 * (time.perf_counter() - began))

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return max(slowest)

    return (
        run(None, everybody_waits=False),
        run(30, everybody_waits=False),
        run(30, everybody_waits=True),
    )


def pointer_check(photo: bytes) -> tuple[float, float]:
    """Return microseconds of one look-up of the champion that need not look, and of one decode and inference."""
    cached = CachedChampion(pointer=Disk(), bundles=Disk(), load=_load, wall_clock_s=time.time)
    model = cached.current()
    began = time.perf_counter()
    for _ in range(_CHECKS):
        cached.current()
    check_us = 1e6 * (time.perf_counter() - began) / _CHECKS
    taken = _timed(lambda: model.score(to_model_input(photo, size_px=model.size_px).pixels))
    return check_us, taken


def _timed(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(30):
        began = time.perf_counter()
        work()
        taken.append(1e6 * (time.perf_counter() - began))
    return statistics.median(taken)


def report(found: Measured, stall: tuple[float, float, float], check: tuple[float, float]) -> str:
    """Return the table of docs/benchmarks.md."""
    calm, ours, ancestor = stall
    rows = [
        ("promotions and rollbacks, one at a time", f"{found.changes}", "12"),
        ("answers meanwhile, of 16 clients", f"{found.answers}", ""),
        ("failed predictions", f"{found.failed}", "0"),
        ("answers of a version that was never champion", f"{found.never_champion}", "0"),
        ("last answer of the old version after a change", f"{found.last_old_s:.1f} s", "under 15 s"),
        (
            "p99 without the loading requests / before",
            f"{found.p99_during:.0f} / {found.p99_before:.0f} ms = {found.p99_during / found.p99_before:.2f}",
            "1.5 at most",
        ),
        ("median without the loading requests / before", f"{found.p50_during:.0f} / {found.p50_before:.0f} ms", ""),
        ("requests that loaded a model, and how long for", f"{found.loads}, {found.load_median:.0f} ms", ""),
        ("checking the bundle and moving the pointer", f"{found.promoting_median_s:.1f} s", "under 29 s"),
        (
            "longest answer in one process of four threads: no swap, our swap (but for who loads), ancestor's way",
            f"{calm:.0f}, {ours:.0f}, {ancestor:.0f} ms",
            "",
        ),
        (
            "looking up the champion / decode and model",
            f"{check[0]:.2f} / {check[1]:.0f} us = {check[0] / check[1]:.4%}",
            "under 1 %",
        ),
    ]
    lines = ["| promotion under load | measured | goal |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} | {goal} |" for name, value, goal in rows)])


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local-json", type=Path, default=ROOT / ".avocet" / "local.json")
    parser.add_argument("--promotions", type=int, default=10)
    parser.add_argument("--rollbacks", type=int, default=2)
    parser.add_argument("--apart-s", type=float, default=16.0)
    parser.add_argument(
        "--pause-s", type=float, default=2.0, help="rest of each client; 0 measures a machine that is full"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photo = make_photos(Path(folder))["224 px"].read_bytes()
    with httpx.Client(timeout=60, trust_env=False) as http:
        place = Place(json.loads(options.local_json.read_text()), http)
        counts = {"promotions": options.promotions, "rollbacks": options.rollbacks}
        found = measure(place, photo, **counts, apart_s=options.apart_s, pause_s=options.pause_s)
    print(report(found, stalls(photo), pointer_check(photo)))
    print(f"\nLoad average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; throttled requests: {found.throttled}.")


if __name__ == "__main__":
    main()
