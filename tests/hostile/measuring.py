"""Runs hostile photos through a worker process and says which ones broke a promise, and how."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.generate import Case

ROOT = Path(__file__).parents[2]
WORKER = [str(Path(__file__).with_name("worker.py"))]
MAX_MEMORY_BYTES = 512 * 1024 * 1024
MAX_CPU_S = 5.0
# A machine shared with others is slower than its clock; what hangs is ended here.
_HANGS_AFTER_S = 60.0


@dataclass
class Findings:
    """What a campaign brought to light."""

    broken: list[str] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")


class Worker:
    """The process; started again whenever a photo takes it down."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, data: bytes) -> dict[str, dict[str, str | float]] | str:
        """Return the report by use, or the sentence that says how the process ended."""
        if self._process is None:
            paths = os.pathsep.join((str(ROOT / "layers/core/python"), str(ROOT)))
            self._process = subprocess.Popen(
                [sys.executable, *WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": paths},
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(len(data).to_bytes(8, "big") + data)
            process.stdin.flush()
        except BrokenPipeError:
            return self._ended()
        ready, _, _ = select.select([process.stdout], [], [], _HANGS_AFTER_S)
        if not ready:
            process.kill()
            self._ended()
            return f"no answer within {_HANGS_AFTER_S} s"
        line = process.stdout.readline()
        return json.loads(line) if line else self._ended()

    def _ended(self) -> str:
        assert self._process is not None
        code = self._process.wait()
        self.close()
        return f"the process ended with code {code}"

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                continue
        self._process.wait()
        self._process = None


def run(cases: Iterable[Case]) -> Findings:
    """Decode every case and hold it to the promises: no crash, nothing but PhotoErrors, bounded memory and time."""
    findings = Findings()
    worker = Worker()
    try:
        for case in cases:
            report = worker.decode(case.data)
            if isinstance(report, str):
                findings.broken.append(f"{case.name}: {report}")
                continue
            for use, result in report.items():
                judge(findings, case, use, result)
    finally:
        worker.close()
    return findings


def judge(findings: Findings, case: Case, use: str, result: dict[str, str | float]) -> None:
    """Note in ``findings`` what one decode cost, and every promise it broke."""
    where = f"{case.name} ({use})"
    outcome, cpu_s, peak_bytes = str(result["outcome"]), float(result["cpu_s"]), int(result["peak_bytes"])
    findings.outcomes[outcome] = findings.outcomes.get(outcome, 0) + 1
    findings.slowest = max(findings.slowest, (cpu_s, where))
    findings.largest = max(findings.largest, (peak_bytes, where))
    if outcome in ("escaped", "our parser stumbled", "wrong shape", "wrong size"):
        findings.broken.append(f"{where}: {outcome} {result['cause']}")
    if case.sound and outcome != "decoded":
        findings.broken.append(f"{where}: a sound photo was refused as {outcome} {result['cause']}")
    if cpu_s > MAX_CPU_S:
        findings.broken.append(f"{where}: took {cpu_s:.1f} s")
    if peak_bytes > MAX_MEMORY_BYTES:
        findings.broken.append(f"{where}: took {peak_bytes / 1024**2:.0f} MB")
