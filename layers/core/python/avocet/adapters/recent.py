"""A value that may be a little old: read again when it is older than allowed by the wall clock, and never in the background."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Recent(Generic[T]):
    """Keeps the last value of ``read`` for ``lifetime_s`` seconds.

    Attributes:
        read: Reads it afresh.
        lifetime_s: How old it may get, in seconds.
        wall_clock_s: Seconds since the epoch; a frozen function's own clock would stand still.
    """

    read: Callable[[], T]
    lifetime_s: float
    wall_clock_s: Callable[[], float]
    _kept: tuple[float, T] | None = None

    def value(self) -> T:
        """Return the value, at most ``lifetime_s`` old."""
        now_s = self.wall_clock_s()
        # A clock set back must not keep a value for ever.
        if self._kept is None or not 0 <= now_s - self._kept[0] < self.lifetime_s:
            self._kept = (now_s, self.read())
        return self._kept[1]
