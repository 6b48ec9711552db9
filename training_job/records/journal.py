"""A training's journal: what it tells whoever keeps record of runs, one line of JSON each, in the run's own folder.

The training only ever writes to its own disk, so no server can stop or slow it. Who copies the journal to MLflow may come
during the training, after it or a week later, and any number of times. A half-written last line is left for the next look.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JOURNAL = "tracking.jsonl"

STARTED, MEASURED, KEPT, FINISHED = "started", "measured", "kept", "finished"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Journal:
    """Writes the journal of one run; answers ``training_job.tracking.Tracking``.

    Attributes:
        folder: The run's own; files that are kept lie in it.
        clock_ms: Milliseconds since the epoch.
    """

    folder: Path
    clock_ms: Callable[[], int] = field(default=_now_ms)

    def started(
        self, *, run_name: str, parameters: Mapping[str, str], snapshot_id: str, photos: Mapping[str, int]
    ) -> None:
        """Note what the run is about; ``photos`` counts them by split."""
        self._write(
            STARTED,
            run_name=run_name,
            parameters=dict(parameters),
            snapshot_id=snapshot_id,
            photos=dict(photos),
        )

    def measured(self, metrics: Mapping[str, float], *, step: int) -> None:
        """Note figures as they come."""
        self._write(MEASURED, metrics={name: float(value) for name, value in metrics.items()}, step=step)

    def kept(self, name: str, path: Path) -> None:
        """Keep a file of the run's folder under ``name``."""
        self._write(KEPT, name=name, path=path.resolve().relative_to(self.folder.resolve()).as_posix())

    def finished(self, *, is_good: bool, reason: str = "") -> None:
        """Close the record."""
        self._write(FINISHED, is_good=is_good, reason=reason)

    def _write(self, event: str, **values: object) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"event": event, "at_ms": self.clock_ms(), **values}, separators=(",", ":"))
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@dataclass
class Reader:
    """Reads a journal from where it stopped the last time."""

    folder: Path
    _read_bytes: int = 0

    def news(self) -> Iterator[dict[str, Any]]:
        """Yield what was written since; only whole lines, so a writer may be in the middle of one."""
        path = self.folder / JOURNAL
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read_bytes)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                yield json.loads(line)
                # After the caller took it: what could not be recorded is read again.
                self._read_bytes += len(line)
