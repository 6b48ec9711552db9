"""From the start of a process to its first answer, ours and the ancestor's in turn; files are in the page cache."""

import os
import statistics
import time
from pathlib import Path

from benchmarks.predict import OURS, OWN, SAME, ask, peers


def measure(photo: Path, rounds: int) -> dict[str, float]:
    """Return the median in seconds by peer; the first start of each is not counted: it writes bytecode."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    taken_s: dict[str, list[float]] = {}
    asked = [peer for peer in peers() if peer.name in (OURS, SAME, OWN)]
    for round_number in range(rounds + 1):
        for peer in asked:
            began_s = time.perf_counter()
            process = peer.start(core)
            ask(process, photo)
            if round_number:
                taken_s.setdefault(peer.name, []).append(time.perf_counter() - began_s)
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
    return {name: statistics.median(found) for name, found in taken_s.items()}
