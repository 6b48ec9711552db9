"""How fast a drift check scores photos on one core: beside bare ONNX Runtime in batches, and beside the ancestor's generator.

The check runs as its function runs it, from a shard's bytes to packed outcomes: tar, JPEG, model input, session, judgement. Bare
ONNX Runtime gets arrays that are decoded already. All share one core and take turns; medians of processor time, since the
machine may be shared.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avocet.adapters.onnx import OnnxClassifier, load_bundle
from avocet.adapters.system import now
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.cleaning import clean_photo
from avocet.domain.dataset import Split
from avocet.domain.hashing import content_hash
from avocet.domain.imaging import to_model_input
from avocet.domain.shards import pack_shard
from avocet.domain.snapshots import NO_PARENT, Change, Manifest, Row, Shard, counted, snapshot_id
from avocet.usecases.check_drift import CheckDrift
from avocet.usecases.dataset_ports import TaggedObject
from avocet.usecases.snapshot_store import CURRENT_KEY, SnapshotStore, manifest_key, shards_prefix
from avocet.usecases.watch_live import LiveFigures
from benchmarks.environments import ROOT, python_of
from benchmarks.predict import ONE_THREAD

_SAMPLES = ROOT.parent / "shared" / "data" / "birds-sample" / "train"
_BUNDLE = ROOT / "models/starter"
_FULL_CHECK_PHOTOS = 12_700
_BATCHES = (1, 8, 32)
# Lambda, x86-64, us-east-1, as in docs/cost.md; the function has one whole vCPU.
_USD_PER_GB_S, _GB = 1.66667e-5, 1769 / 1024
_PRICED_ON = "2026-11-25"


@dataclass
class _Memory:
    """A bucket in memory."""

    stored: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.stored.get(key)

    def put(self, key: str, data: bytes) -> None:
        self.stored[key] = data

    def put_new(self, key: str, data: bytes) -> bool:
        return self.stored.setdefault(key, data) is data

    def keys(self, prefix: str) -> Iterator[str]:
        yield from sorted(key for key in self.stored if key.startswith(prefix))

    def purge(self, key: str, *, keep_newest: bool = False) -> None:
        if not keep_newest:
            self.stored.pop(key, None)

    def read_tagged(self, key: str) -> TaggedObject | None:
        return TaggedObject(self.stored[key], "") if key in self.stored else None

    def replace(self, key: str, data: bytes, tag: str) -> bool:
        self.stored[key] = data
        return not tag


def main() -> None:
    """Measure and print the table of docs/watching.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-ancestor", action="store_true")
    asked = parser.parse_args()
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    jpegs = [clean_photo(path.read_bytes()).data for path in sorted(_SAMPLES.glob("*/*.jpg"))[: asked.photos]]
    model = load_bundle(_BUNDLE, world_list())
    runs: dict[str, Callable[[], float]] = {"the check": lambda: _cpu_s(_check(model, jpegs))}
    pixels = np.stack([to_model_input(each, size_px=model.size_px).pixels for each in jpegs])
    for batch in _BATCHES:
        runs[f"bare ONNX Runtime, batches of {batch}"] = lambda batch=batch: _cpu_s(  # type: ignore[misc]
            lambda: _bare(model, pixels, batch)
        )
    with tempfile.TemporaryDirectory() as folder:
        if not asked.without_ancestor:
            runs["the ancestor's generator and predict"] = _ancestor(Path(folder), jpegs, core)
        taken: dict[str, list[float]] = {name: [] for name in runs}
        # The first round warms everything up and is thrown away.
        for turn in range(asked.rounds + 1):
            for name, run in runs.items():
                seconds = run()
                if turn:
                    taken[name].append(seconds)
    _print(taken, asked.photos)


def _print(taken: dict[str, list[float]], photos: int) -> None:
    check_s = statistics.median(taken["the check"]) / photos
    rounds = len(taken["the check"])
    print(
        f"{photos} clean photos a round, {rounds} rounds, one core, processor time; load average {os.getloadavg()[0]:.1f}.\n"
    )
    print("| on one core | photos a second | ms a photo (least to most) | times the check's time |")
    print("|---|---|---|---|")
    for name, seconds in taken.items():
        each_s = [total / photos for total in seconds]
        usual = statistics.median(each_s)
        print(
            f"| {name} | {1 / usual:.1f} | {1e3 * usual:.1f} ({1e3 * min(each_s):.1f}-{1e3 * max(each_s):.1f})"
            f" | {usual / check_s:.2f} |"
        )
    minutes = _FULL_CHECK_PHOTOS * check_s / 60
    cents = 100 * _FULL_CHECK_PHOTOS * check_s * _GB * _USD_PER_GB_S
    print(
        f"\nA full check of {_FULL_CHECK_PHOTOS} photos: {minutes:.1f} minutes of one core, {cents:.1f} cents "
        f"(Lambda's list price of {_PRICED_ON}: {_USD_PER_GB_S} USD for a GB-second, {_GB:.2f} GB)."
    )


def _cpu_s(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def _bare(model: OnnxClassifier, pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", batch: int) -> None:
    for start in range(0, len(pixels), batch):
        model.session.run(["probabilities", "familiarity"], {"image": pixels[start : start + batch]})


def _check(model: OnnxClassifier, jpegs: list[bytes]) -> Callable[[], int]:
    """Return a check's scoring of one shard with those photos."""
    clean, version = _Memory(), model.model_version
    snapshot, shard = _snapshot(clean, jpegs)
    check = CheckDrift(
        clean=clean,
        models=_Memory(),
        pointer=_Pointer(version),
        made_from=lambda _version: None,
        classifier=lambda _version: model,
        world_list=world_list(),
        live=lambda _version: LiveFigures(),
        clock=now,
    )
    return lambda: check.score(version, snapshot, shard, lambda _advance, _total, _note: None)


@dataclass(frozen=True)
class _Pointer:
    version: str

    def read(self) -> str | None:
        return self.version


def _snapshot(clean: _Memory, jpegs: list[bytes]) -> tuple[str, str]:
    """Store the photos as the test split of a snapshot; return its id and the one shard's key."""
    store, species = SnapshotStore(clean), json.loads((_BUNDLE / "bundle.json").read_bytes())["species"]
    named = [(f"{number:032x}", jpeg) for number, jpeg in enumerate(jpegs)]
    rows = [
        Row(Change.ADD, name, species[at % len(species)], Split.TEST, name, content_hash(jpeg), "0" * 64, "bench")
        for at, (name, jpeg) in enumerate(named)
    ]
    made = snapshot_id(NO_PARENT, rows)
    key = f"{shards_prefix(made)}test-0.tar"
    clean.put(key, pack_shard(named))
    store.put_delta(made, rows)
    manifest = Manifest(
        snapshot_id=made,
        parent_id=NO_PARENT,
        depth=0,
        species=counted(rows),
        changes={Change.ADD: len(rows)},
        shards=(Shard(key, Split.TEST, len(rows), named[0][0], named[-1][0]),),
    )
    clean.put(manifest_key(made), manifest.to_json())
    clean.put(CURRENT_KEY, made.encode())
    return made, key


def _ancestor(folder: Path, jpegs: list[bytes], core: int) -> Callable[[], float]:
    """Start the ancestor's way on the same core; each call has it score all photos once."""
    python, networks = python_of("ancestor"), ROOT / ".avocet" / "bench" / "networks"
    if not (networks / "same.keras").exists():
        subprocess.run([str(python), str(ROOT / "benchmarks/ancestor_networks.py"), str(networks)], check=True)
    photos = folder / "test" / "bird"
    photos.mkdir(parents=True)
    for number, jpeg in enumerate(jpegs):
        (photos / f"{number:04d}.jpg").write_bytes(jpeg)
    process = subprocess.Popen(
        [str(python), str(ROOT / "benchmarks/worker_generator.py"), str(networks / "same.keras"), str(photos.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | ONE_THREAD | {"BENCH_CORE": str(core)},
    )

    def once() -> float:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the ancestor's way ended with {process.wait()}; run it alone to see why")
        return float(json.loads(line)["cpu_s"])

    return once


if __name__ == "__main__":
    main()
