"""The loop that every peer's process runs: answer a photo when told to, and say what it took."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


def one_core_only() -> None:
    """Keep this process to the core that the measurement gave it; call before heavy libraries look for cores."""
    core = os.environ.get("BENCH_CORE")
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})


def peak_bytes() -> int:
    """Return the highest resident memory of this process so far."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def serve(prepare: Callable[[bytes], Any], answer: Callable[[Any], Any]) -> None:
    """Answer each photo named on the input, one JSON line each.

    Args:
        prepare: Makes a request of the photo's bytes, outside the measurement.
        answer: What is measured; returns the best species, or whatever shows that it worked.
    """
    reports = sys.stdout
    # What the peer itself prints (our structured log) is part of its work, but not of the protocol.
    with Path(os.devnull).open("w") as sys.stdout:
        _serve(reports, prepare, answer)


def _serve(reports: TextIO, prepare: Callable[[bytes], Any], answer: Callable[[Any], Any]) -> None:
    for line in sys.stdin:
        request = prepare(Path(line.strip()).read_bytes())
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        best = answer(request)
        report = {
            "wall_ms": 1e3 * (time.perf_counter() - wall_s),
            "cpu_ms": 1e3 * (time.process_time() - cpu_s),
            "peak_bytes": peak_bytes(),
            "best": best,
        }
        reports.write(json.dumps(report) + "\n")
        reports.flush()
