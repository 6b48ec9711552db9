"""`make load`: many people at once in a cloud of their own, a refresh and a promotion beside them; then every id is accounted for.

Ends with an error when anything went wrong for anybody, when something that was accepted is not there exactly once, or when
a function's processes grow by more than a hundredth a minute with every round of the admin's work.
"""

import argparse
import datetime
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from benchmarks.load.memory import Series, watch
from benchmarks.load.people import Admin, Person, Remembered
from benchmarks.photos import make_photos
from benchmarks.predict import ONE_THREAD
from local import cloud
from local.aws import Place
from local.deployment import Deployment, Outputs
from local.emulated_cloud import ROOT, Home
from local.forgetting import publish_without
from local.steps import SetupError

_PEOPLE = 16
_PORT = 4573
_PHOTOS = 48
_SIDES_PX = (224, 480, 1280)
_FORGOTTEN = "mandarin-duck"
_ROWS = 11
_GROWERS = 5
# Nobody arrives at the same moment as everybody else.
_ARRIVE_EVERY_S = 2.0
# Until then every process that is asked has seen a change of the champion.
_FOLLOWED_S = 15.0
_ALONE_WARM, _ALONE = 20, 200


@dataclass
class Aside:
    """What the admin did meanwhile, in words and how often, and what of it went wrong."""

    did: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Account:
    """What became of everything that people were told."""

    predictions: int
    given: int
    lost: int
    doubled: int


def main() -> int:
    """Return 0 when nothing went wrong."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--people", type=int, default=_PEOPLE)
    options = parser.parse_args()
    folder = Path(os.environ.get("AVOCET_HOME") or ROOT / ".avocet/load").resolve()
    home = Home(folder, int(os.environ.get("AVOCET_PORT") or _PORT))
    try:
        cloud.reset(home)
        cloud.up(home)
        try:
            return _load(home, options.minutes, options.people)
        finally:
            cloud.stop(home)
    except SetupError as error:
        sys.exit(f"avocet: {error}")


def _load(home: Home, minutes: float, people: int) -> int:
    local = json.loads((home.folder / "local.json").read_text("utf-8"))
    place = Place("local", home.endpoint)
    outputs = Deployment(place, work_dir=home.folder, context={}).outputs()
    photos = [_photo(seed) for seed in range(_PHOTOS)]
    everybody = [Person(local, photos, seed) for seed in range(people)]
    ended, series, aside = threading.Event(), Series(), Aside()
    group = int((home.state / "lock").read_text())
    load_before = os.getloadavg()[0]
    with ThreadPoolExecutor(people + 2) as threads:
        busy = [threads.submit(person.act_until, ended, _ARRIVE_EVERY_S * at) for at, person in enumerate(everybody)]
        busy.append(threads.submit(watch, group, series, ended))
        busy.append(threads.submit(_meanwhile, local, place, outputs, series, aside, ended))
        _wait(minutes * 60, everybody)
        ended.set()
        for each in busy:
            each.result()
    remembered = [person.remembered for person in everybody]
    account = _account(place, outputs, remembered)
    print(
        f"`make load`, {datetime.datetime.now(tz=datetime.UTC).date()}: {people} people for {minutes:g} minutes, "
        f"{platform.machine()}, {os.cpu_count()} cores, load average {load_before:.1f} before and "
        f"{os.getloadavg()[0]:.1f} at the end.\n"
    )
    return _report(remembered, account, series, aside, minutes)


def _meanwhile(
    local: Mapping[str, Any], place: Place, outputs: Outputs, series: Series, aside: Aside, ended: threading.Event
) -> None:
    """Let the admin have a refresh done, promote a model and take it back, round after round."""
    try:
        admin = Admin(local)
        ended.wait(_ARRIVE_EVERY_S * _PEOPLE)
        version = publish_without(place, outputs, _FORGOTTEN)
        wish = {"version": version, "reason": "while everybody is busy"}
        while not ended.is_set():
            aside.did[f"a refresh {admin.job('refresh', ended.wait)}"] += 1
            promoted = admin.send("PUT", "/admin/models/champion", json=wish)
            aside.did["a promotion"] += 1
            ended.wait(_FOLLOWED_S)
            back = {"leaving_revision": promoted["revision"], "reason": "and back again"}
            admin.send("POST", "/admin/models/rollback", json=back)
            aside.did["a rollback"] += 1
            if not ended.wait(_FOLLOWED_S):
                series.end_round()
    except (httpx.HTTPError, SetupError) as error:
        aside.errors.append(f"the admin: {error}")


def _wait(seconds: float, everybody: Sequence[Person]) -> None:
    end_s = time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        done = sum(len(took) for person in everybody for took in person.remembered.took_s.copy().values())
        print(f"\r  {left_s:4.0f} s to go, {done} requests answered", end="", file=sys.stderr, flush=True)
        time.sleep(min(2.0, left_s))
    print(f"\r{'':50}\r", end="", file=sys.stderr, flush=True)


def _account(place: Place, outputs: Outputs, remembered: Sequence[Remembered]) -> Account:
    """Look for everything in raw and in the table, without asking the API."""
    pages = place.client("s3").get_paginator("list_objects_v2").paginate(Bucket=outputs.raw_bucket)
    keys = Counter(
        Path(each["Key"]).stem for page in pages for each in page.get("Contents", ()) if each["Key"].endswith(".jpg")
    )
    table = next(name for name in place.client("dynamodb").list_tables()["TableNames"] if "Photos" in name)
    scanned = place.client("dynamodb").get_paginator("scan").paginate(TableName=table, ProjectionExpression="photo_id")
    records = {item["photo_id"]["S"] for page in scanned for item in page["Items"]}
    predictions = set().union(*(each.predictions for each in remembered))
    given = set().union(*(each.given for each in remembered))
    unanswered = set().union(*(each.unanswered for each in remembered))
    lost = len(predictions - records) + sum(1 for photo_id in given if keys[photo_id] == 0)
    doubled = sum(1 for photo_id in given if keys[photo_id] > 1) + len(set(keys) - given - unanswered)
    return Account(len(predictions), len(given), lost, doubled)


def _report(remembered: Sequence[Remembered], account: Account, series: Series, aside: Aside, minutes: float) -> int:
    print("| request | answered | a second | p50 | p95 | slowest |\n|---|---|---|---|---|---|")
    for kind in sorted({kind for each in remembered for kind in each.took_s}):
        took_ms = sorted(1e3 * took for each in remembered for took in each.took_s.get(kind, ()))
        middle, most = statistics.median(took_ms), took_ms[min(len(took_ms) - 1, int(0.95 * len(took_ms)))]
        print(
            f"| {kind} | {len(took_ms)} | {len(took_ms) / minutes / 60:.1f} | {middle:.0f} ms | {most:.0f} ms "
            f"| {took_ms[-1]:.0f} ms |"
        )
    errors = [error for each in remembered for error in each.errors] + aside.errors
    versions = sum((each.versions for each in remembered), Counter[str]())
    print(f"\n{len(errors)} errors; asked to wait (429) {sum(each.waited for each in remembered)} times.")
    print(
        f"{account.predictions} predictions and {account.given} photos given: {account.lost} lost, "
        f"{account.doubled} doubled or of no known origin."
    )
    did = ", ".join(f"{number} x {what}" for what, number in aside.did.items())
    print(f"Meanwhile: {did}; answers came from {len(versions)} model versions.\n")
    print("| minute | emulator | function processes | they hold |\n|---|---|---|---|")
    print("\n".join(series.rows(_ROWS)))
    growths, emulator = series.growths(), series.emulator_mb_min()
    kept = ", ".join(f"{each:+.1f} MB" for each in emulator) or "nothing that was measured"
    print(
        f"\nRounds: {len(series.round_ends_s)}; the first is not measured. In the others the emulator itself grew a minute by "
        f"{kept} (it keeps what was written).\n"
    )
    print(
        "| grew most | processes | they hold | MB a minute, in each round | what every round added |\n|---|---|---|---|---|"
    )
    print("\n".join(each.row(series.measured_rounds()) for each in growths[:_GROWERS]) + "\n")
    for name, rate in _alone().items():
        print(f"The handler alone, {name}: {rate:.0f} predictions a second and core.")
    for error, number in Counter(errors).most_common(20):
        print(f"  {number} x {error}", file=sys.stderr)
    if not series.can_tell():
        print("  too few rounds to tell whether memory grows: let it last longer (MINUTES=)", file=sys.stderr)
    grows = not series.can_tell() or any(each.is_leak for each in growths)
    return int(bool(errors) or account.lost > 0 or account.doubled > 0 or grows)


def _alone() -> dict[str, float]:
    """Return how many photos the predict handler names in a second of one core's processor time, by size of the photo."""
    rates = {}
    for name, path in make_photos(ROOT / ".avocet" / "bench" / "photos").items():
        number = _ALONE if name != "12 MP" else _ALONE // 4
        lines = f"{path}\n" * (_ALONE_WARM + number)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.worker_handler"],
            cwd=ROOT,
            env=os.environ | ONE_THREAD | {"BENCH_CORE": "0"},
            input=lines,
            capture_output=True,
            text=True,
            check=True,
        )
        spent_ms = [json.loads(line)["cpu_ms"] for line in done.stdout.splitlines()[_ALONE_WARM:]]
        rates[name] = 1e3 / statistics.mean(spent_ms)
    return rates


def _photo(seed: int) -> bytes:
    """Return a made photo, one of a few sizes."""
    random, side_px = np.random.default_rng(seed), _SIDES_PX[seed % len(_SIDES_PX)]
    small = random.integers(0, 256, size=(6, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(small).resize((side_px, side_px), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=85)
    return stream.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
