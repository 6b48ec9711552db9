"""What is shown while things are set up: each step with its time, and failures as one sentence.

Runs on any Python 3, so that a wrong one can be told so.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TICK_S = 0.2


class SetupError(Exception):
    """Something the person at the keyboard can act on; its message is one clear sentence."""


@contextlib.contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Show ``title`` while the body runs, then how long it took.

    Yields:
        A function that shows a detail behind the title (on a terminal only).
    """
    started = time.monotonic()
    detail = [""]
    ended = threading.Event()
    is_terminal = sys.stdout.isatty()

    def tick() -> None:
        while not ended.wait(_TICK_S):
            line = f"  … {title}  {time.monotonic() - started:.0f} s  {detail[0]}"
            sys.stdout.write("\r\x1b[K" + line[:100])
            sys.stdout.flush()

    ticker = threading.Thread(target=tick, daemon=True)
    if is_terminal:
        ticker.start()
    mark = "✗"
    try:
        yield lambda text: detail.__setitem__(0, text)
        mark = "✓"
    finally:
        ended.set()
        if is_terminal:
            ticker.join()
            sys.stdout.write("\r\x1b[K")
        print(f"  {mark} {title:<46} {time.monotonic() - started:6.1f} s", flush=True)


def note(text: str) -> None:
    """Show ``text`` among the steps."""
    print("    " + text, flush=True)
