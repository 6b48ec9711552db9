"""Says on standard output how far a training is, in lines that a person and the launcher can both read.

``[progress] DONE/TOTAL NOTE`` and ``[metric] NAME=VALUE STEP`` are read by the launcher; everything else is the log.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO


@dataclass
class Report:
    """The standard output of a training job.

    Attributes:
        stream: Where it goes.
        on_reached: Hears how far it is, where nobody reads the lines.
        on_curve: Hears the learning curve as it grows.
    """

    stream: TextIO = field(default_factory=lambda: sys.stdout)
    on_reached: Callable[[int, int, str], None] = lambda _done, _total, _note: None
    on_curve: Callable[[bytes], None] = lambda _curve: None

    def say(self, text: str) -> None:
        """Write a line of the log."""
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def reached(self, done: int, total: int, note: str) -> None:
        """Say how far it is; also a sign of life."""
        self.say(f"[progress] {done}/{total} {note}")
        self.on_reached(done, total, note)

    def measured(self, metrics: Mapping[str, float], *, step: int) -> None:
        """Tell figures as they come."""
        for name, value in metrics.items():
            self.say(f"[metric] {name}={value:.6g} {step}")
