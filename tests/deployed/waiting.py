"""Waiting for what happens by itself."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(happened: Callable[[], T | None], *, within_s: float, every_s: float = 0.5) -> T:
    """Return what ``happened`` returns as soon as it is true; fail when that takes too long."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if result := happened():
            return result
        threading.Event().wait(every_s)
    raise AssertionError(f"it did not happen within {within_s} s")
