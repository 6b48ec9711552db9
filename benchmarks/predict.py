"""One interleaved run of every peer on every photo, on one core: medians, ratios, peak memory."""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT, python_of

_HERE = ROOT / "benchmarks"
_WARM_UPS = 3
OURS, FLOOR, SAME, OWN = "our handler", "floor", "ancestor's way, our network", "ancestor's way, its network"
# One thread each, whatever library asks.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


@dataclass
class Peer:
    """A process that answers photos.

    Attributes:
        name: As in the tables.
        command: Starts it.
        variables: Environment variables on top of ours.
    """

    name: str
    command: list[str]
    variables: dict[str, str] = field(default_factory=dict)

    def start(self, core: int) -> "subprocess.Popen[str]":
        """Start it, bound to one core."""
        # Bytecode is written whatever the caller's shell says: what is deployed carries it too.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=inherited | ONE_THREAD | {"BENCH_CORE": str(core)} | self.variables,
        )


def ask(process: "subprocess.Popen[str]", photo: Path) -> dict[str, Any]:
    """Have one photo answered.

    Raises:
        SystemExit: The process ended instead.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{photo}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args} ended with {process.wait()}; run it alone to see why")
    report: dict[str, Any] = json.loads(line)
    return report


def peers() -> list[Peer]:
    """Return all peers, installing and building what they need."""
    ancestor = python_of("ancestor")
    networks = ROOT / ".avocet" / "bench" / "networks"
    if not (networks / "same.keras").exists():
        subprocess.run([str(ancestor), str(_HERE / "ancestor_networks.py"), str(networks)], check=True)
    served = [str(ancestor), str(_HERE / "worker_ancestor.py")]
    return [
        Peer(OURS, [sys.executable, str(_HERE / "worker_handler.py")]),
        Peer(FLOOR, [str(python_of("floor")), str(_HERE / "worker_floor.py")]),
        Peer(SAME, served, {"BENCH_MODEL": str(networks / "same.keras")}),
        Peer(OWN, served, {"BENCH_MODEL": str(networks / "own.keras")}),
    ]


@dataclass
class Measured:
    """Medians in milliseconds by (peer, photo), peak memory by peer."""

    wall_ms: dict[tuple[str, str], float]
    cpu_ms: dict[tuple[str, str], float]
    parts_ms: dict[tuple[str, str], float]
    peak_bytes: dict[str, int]
    agree: dict[str, bool]


def measure(photos: dict[str, Path], rounds: int) -> Measured:
    """Ask every peer for every photo in turn, ``rounds`` times; the first few are not counted."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    reports: dict[tuple[str, str], list[dict[str, Any]]] = {}
    running = {peer.name: peer.start(core) for peer in peers()}
    try:
        for round_number in range(_WARM_UPS + rounds):
            print(f"\rround {round_number + 1} of {_WARM_UPS + rounds}", end="", file=sys.stderr, flush=True)
            for photo_name, photo in photos.items():
                for peer_name, process in running.items():
                    report = ask(process, photo)
                    if round_number >= _WARM_UPS:
                        reports.setdefault((peer_name, photo_name), []).append(report)
    finally:
        print(file=sys.stderr)
        for process in running.values():
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
    return _medians(reports)


def _medians(reports: dict[tuple[str, str], list[dict[str, Any]]]) -> Measured:
    def median(key: str) -> dict[tuple[str, str], float]:
        return {where: statistics.median(report[key] for report in found) for where, found in reports.items()}

    ours = {photo: found for (peer, photo), found in reports.items() if peer == OURS}
    parts = {
        (part, photo): statistics.median(report["best"]["timings_ms"][part] for report in found)
        for photo, found in ours.items()
        for part in ("decode", "infer", "store", "total")
    }
    peaks: dict[str, int] = {}
    for (peer, _), found in reports.items():
        peaks[peer] = max(peaks.get(peer, 0), *(report["peak_bytes"] for report in found))
    agree = {
        photo: found[0]["best"]["species"] == reports[FLOOR, photo][0]["best"]["species"]
        for photo, found in ours.items()
    }
    return Measured(median("wall_ms"), median("cpu_ms"), parts, peaks, agree)
