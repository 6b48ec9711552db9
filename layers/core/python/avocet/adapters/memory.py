"""What glibc keeps of memory that nobody uses any more, given back to the system."""

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Give free memory back; takes some milliseconds.

    For the end of work that takes much more than what stays: glibc keeps the holes that it leaves, and where threads
    leave them the next piece of work often fits into none.
    """
    with suppress(AttributeError):  # elsewhere than in glibc it needs no asking
        ctypes.CDLL(None).malloc_trim(0)
