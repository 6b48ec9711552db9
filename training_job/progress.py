"""Shows where a training stands: which stage, how far, how long still. A live bar in a terminal, lines in a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LINE_EVERY_S = 15.0


class StageProgress:
    """How far one stage is."""

    def __init__(self, console: Console, title: str, total: int, bar: Progress) -> None:
        self._console = console
        self._title = title
        self._total = total
        self._bar = bar
        self._task = bar.add_task(title, total=total, note="")
        self._started = time.monotonic()
        self._last_line = self._started

    def reached(self, done: int, note: str = "") -> None:
        """Says that `done` of the stage's steps are done; `note` is shown beside it."""
        self._bar.update(self._task, completed=done, note=note)
        now = time.monotonic()
        if self._console.is_terminal or now - self._last_line < _LINE_EVERY_S:
            return
        self._last_line = now
        left_s = (now - self._started) / max(done, 1) * (self._total - done)
        self._console.print(
            f"{self._title}: {done} of {self._total}, {_duration(left_s)} left  {note}", highlight=False
        )


class TrainingProgress:
    """Numbers the stages of a training and times them."""

    def __init__(self, stages: int, console: Console | None = None) -> None:
        self.console = console or Console()
        self._stages = stages
        self._stage = 0

    @contextmanager
    def stage(self, title: str, *, total: int = 1) -> Iterator[StageProgress]:
        """Opens the next stage, of `total` steps."""
        self._stage += 1
        title = f"[{self._stage}/{self._stages}] {title}"
        started = time.monotonic()
        if not self.console.is_terminal:
            self.console.print(title, markup=False, highlight=False)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as bar:
            yield StageProgress(self.console, title, total, bar)
        self.say(f"{title}: done in {_duration(time.monotonic() - started)}")

    def skip(self, title: str) -> None:
        """Passes over a stage whose result is already there."""
        self._stage += 1
        self.say(f"[{self._stage}/{self._stages}] {title}: found from an earlier run")

    def say(self, text: str) -> None:
        """Prints a line that stays."""
        self.console.print(text, markup=False, highlight=False)


def _duration(seconds: float) -> str:
    minutes, rest_s = divmod(round(seconds), 60)
    return f"{minutes} min {rest_s} s" if minutes else f"{rest_s} s"
