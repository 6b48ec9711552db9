"""Memory that the embedded cloud and each function's process in it hold for themselves, as a series; tells a leak from warming up.

A leak adds whenever the same work is done again; a first photo, a first refresh or a first other model adds once. So the
work goes in rounds, and of each process it counts what it gained in the round in which it gained least.

Anonymous memory only: pages of files, of libraries above all, are taken away and read again as the system sees fit. A
process at rest went from 44 to 20 MB of them and back.
"""

import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_EVERY_S = 5.0
# Of what a function's processes hold; and what is less than this is the caches of SQLite and Python filling up.
_MOST_RATIO_MIN = 0.01
_LEAST_MB_MIN = 1.0
_LEAST_ROUNDS = 2
_BEFORE_MARK = 3
# A function's name as CloudFormation makes it of its verb, or as it was given.
_MADE_NAME = re.compile(r"-(?P<verb>[A-Za-z]+)Function[0-9A-F]{8}")


@dataclass(frozen=True)
class Growth:
    """What the processes of one function gained.

    Attributes:
        function: Its name.
        held_mb: What those that were there at the end held then.
        rounds_mb_min: MB a minute of each process in each round that it was measured in.
    """

    function: str
    held_mb: float
    rounds_mb_min: tuple[tuple[float, ...], ...]

    @property
    def lasting_mb_min(self) -> float | None:
        """What every round added, all processes together; None when none was there for long enough to tell."""
        least = [max(0.0, min(each)) for each in self.rounds_mb_min if len(each) >= _LEAST_ROUNDS]
        return sum(least) if least else None

    @property
    def is_leak(self) -> bool:
        """Whether every round added more than is allowed."""
        return (self.lasting_mb_min or 0.0) > max(_LEAST_MB_MIN, _MOST_RATIO_MIN * self.held_mb)

    def row(self, rounds: int) -> str:
        """Return a line of a table; a process that came late is missing in the first of the ``rounds``."""
        together = [
            sum(each[-back] for each in self.rounds_mb_min if len(each) >= back) for back in range(rounds, 0, -1)
        ]
        lasting = "too few rounds" if self.lasting_mb_min is None else f"{self.lasting_mb_min:+.2f} MB"
        return (
            f"| {self.function} | {len(self.rounds_mb_min)} | {self.held_mb:.0f} MB "
            f"| {', '.join(f'{each:+.1f}' for each in together)} | {lasting} |"
        )


@dataclass
class Series:
    """Memory over time.

    Attributes:
        samples: The moment in seconds since the start, the emulator itself, and each other process of its group, in bytes.
        names: Which function each of those processes runs.
        round_ends_s: When each round of work had been done. The first warms up and is not measured.
        clock_s: Seconds since whenever.
    """

    samples: list[tuple[float, int, dict[int, int]]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    round_ends_s: list[float] = field(default_factory=list)
    clock_s: Callable[[], float] = time.monotonic
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin now."""
        self._began_s = self.clock_s()

    def take(self, group: int) -> None:
        """Add a sample of the process group ``group``, which its leader gives its name."""
        held = _held_bytes(group)
        self.samples.append((self.clock_s() - self._began_s, held.pop(group, 0), held))
        self.names.update({pid: _function_of(pid) for pid in held if pid not in self.names})

    def end_round(self) -> None:
        """Note that a round of work has been done."""
        self.round_ends_s.append(self.clock_s() - self._began_s)

    def measured_rounds(self) -> int:
        """Return how many rounds can be compared."""
        return max(0, len(self.round_ends_s) - 1)

    def can_tell(self) -> bool:
        """Whether there were rounds enough."""
        return self.measured_rounds() >= _LEAST_ROUNDS

    def emulator_mb_min(self) -> list[float]:
        """Return how much the emulator itself gained in each round that was measured."""
        return [
            (
                _middle([own for _, own, _ in self._before(until_s)])
                - _middle([own for _, own, _ in self._before(since_s)])
            )
            / 1e6
            / ((until_s - since_s) / 60)
            for since_s, until_s in pairwise(self.round_ends_s)
        ]

    def growths(self) -> list[Growth]:
        """Return what each function's processes gained, the one that every round added most to first.

        A process counts from the second round on that it sees: in its first it may do things for the first time.
        """
        ends_s = self.round_ends_s
        gained: dict[int, list[float]] = {}
        held: dict[int, float] = {}
        for number, (since_s, until_s) in enumerate(pairwise(ends_s)):
            seen = self._held_mb(ends_s[number - 1] if number else since_s).keys()
            before, held = self._held_mb(since_s), self._held_mb(until_s)
            for pid in seen & before.keys() & held.keys():
                gained.setdefault(pid, []).append((held[pid] - before[pid]) / ((until_s - since_s) / 60))
        of: dict[str, list[int]] = {}
        for pid in gained:
            of.setdefault(self.names.get(pid, "-"), []).append(pid)
        found = [
            Growth(name, sum(held.get(pid, 0.0) for pid in pids), tuple(tuple(gained[pid]) for pid in pids))
            for name, pids in of.items()
        ]
        return sorted(found, key=lambda each: (each.lasting_mb_min or 0.0, each.held_mb), reverse=True)

    def rows(self, number: int) -> list[str]:
        """Return ``number`` lines of a table, evenly spread."""
        step = max(1, (len(self.samples) - 1) // max(1, number - 1))
        chosen = self.samples[::step]
        return [
            f"| {at_s / 60:.1f} | {own / 1e6:.0f} MB | {len(each)} | {sum(each.values()) / 1e6:.0f} MB |"
            for at_s, own, each in chosen
        ]

    def _before(self, at_s: float) -> list[tuple[float, int, dict[int, int]]]:
        """Return the last few samples up to a moment: a request under way holds what the next one will, too."""
        return [sample for sample in self.samples if sample[0] <= at_s][-_BEFORE_MARK:]

    def _held_mb(self, at_s: float) -> dict[int, float]:
        samples = [each for _, _, each in self._before(at_s)]
        there = set.intersection(*(set(each) for each in samples)) if samples else set()
        return {pid: _middle([each[pid] for each in samples]) / 1e6 for pid in there}


def watch(group: int, series: Series, ended: threading.Event) -> None:
    """Add a sample every five seconds until ``ended``."""
    while True:
        series.take(group)
        if ended.wait(_EVERY_S):
            return


def _middle(sizes: list[int]) -> float:
    return statistics.median(sizes) if sizes else 0.0


def _held_bytes(group: int) -> dict[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group:
                    said = (entry / "status").read_text().partition("RssAnon:")[2].split(maxsplit=1)
                    found[int(entry.name)] = int(said[0]) * 1024 if said else 0
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended between the two looks
    return found


def _function_of(pid: int) -> str:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return "-"
    name = next((each.partition("=")[2] for each in environment if each.startswith("AWS_LAMBDA_FUNCTION_NAME=")), "-")
    made = _MADE_NAME.search(name)
    return made["verb"] if made else name
