"""What can go wrong at a seam: a crash at a chosen point, or another caller stepping in at chosen points."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


class CrashError(BaseException):
    """The process is gone. No code may catch this."""


@dataclass
class CrashAt:
    """Dies at the point of that number, counted from zero; before a call or after it took effect."""

    point: int
    passed: int = 0

    def __call__(self, _name: str) -> None:
        here, self.passed = self.passed, self.passed + 1
        if here == self.point:
            raise CrashError


@dataclass
class _Caller:
    action: Callable[[Callable[[str], None]], Any]
    may_go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stopped: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    done: bool = False
    outcome: Any = None

    def run(self) -> None:
        self.may_go.acquire()
        try:
            self.outcome = self.action(self._seam)
        except Exception as error:  # noqa: BLE001 - the outcome is the error
            self.outcome = error
        self.done = True
        self.stopped.release()

    def _seam(self, name: str) -> None:
        # A call takes effect at once, so that only the order of the calls' beginnings can matter.
        if not name.startswith("before"):
            return
        self.stopped.release()
        self.may_go.acquire()

    def step(self) -> None:
        self.may_go.release()
        self.stopped.acquire()


def interleave(actions: Sequence[Callable[[Callable[[str], None]], Any]], schedule: Sequence[int]) -> list[Any]:
    """Run ``actions`` together, one step at a time in the order of ``schedule``, then each to its end.

    Returns:
        What each returned, or the exception it ended with.
    """
    callers = [_Caller(action) for action in actions]
    threads = [threading.Thread(target=caller.run, daemon=True) for caller in callers]
    for thread in threads:
        thread.start()
    for turn in [*schedule, *(i for i in range(len(callers)) for _ in range(1000))]:
        if all(caller.done for caller in callers):
            break
        if not callers[turn].done:
            callers[turn].step()
    for thread in threads:
        thread.join()
    return [caller.outcome for caller in callers]
