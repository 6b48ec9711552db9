"""From the start of a process to its first answer, ours and the ancestor's in turn; files are in the page cache."""

import os
import resource
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.predict import OURS, OWN, SAME, Peer, ask, peers


@dataclass(frozen=True)
class ColdStart:
    """Medians of one peer, and of its ratios to ours, taken start by start: others may use the machine meanwhile.

    Attributes:
        wall_s: From the start to the first answer.
        cpu_s: Processor time of the process, to its end.
        wall_ratio: To ours of the same round.
        cpu_ratio: Likewise.
    """

    wall_s: float
    cpu_s: float
    wall_ratio: float
    cpu_ratio: float


def measure(photo: Path, rounds: int) -> dict[str, ColdStart]:
    """Return what was found by peer; the first start of each is not counted: it writes bytecode."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    asked = [peer for peer in peers() if peer.name in (OURS, SAME, OWN)]
    found: dict[str, list[tuple[float, float]]] = {peer.name: [] for peer in asked}
    for round_number in range(rounds + 1):
        for peer in asked:
            taken = _start(peer, core, photo)
            if round_number:
                found[peer.name].append(taken)
    return {name: _told(taken, found[OURS]) for name, taken in found.items()}


def _start(peer: Peer, core: int, photo: Path) -> tuple[float, float]:
    """Return seconds by the clock, and of the processor."""
    before_s = _children_s()
    began_s = time.perf_counter()
    process = peer.start(core)
    ask(process, photo)
    wall_s = time.perf_counter() - began_s
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
    return wall_s, _children_s() - before_s


def _children_s() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _told(taken: list[tuple[float, float]], ours: list[tuple[float, float]]) -> ColdStart:
    wall_s, cpu_s = (statistics.median(each[kind] for each in taken) for kind in (0, 1))
    wall_ratio, cpu_ratio = (
        statistics.median(each[kind] / own[kind] for each, own in zip(taken, ours, strict=True)) for kind in (0, 1)
    )
    return ColdStart(wall_s, cpu_s, wall_ratio, cpu_ratio)
