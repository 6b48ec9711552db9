"""Memory that was used and is free again goes back to the system."""

import re
import sys
from pathlib import Path

import pytest

from avocet.adapters.memory import give_back

# Too large for Python's own allocator, too small for a mapping of their own: what photos are decoded into piecewise.
BLOCK_BYTES, BLOCKS = 60_000, 2_000


def held_bytes() -> int:
    """Return the anonymous memory of this process."""
    found = re.search(r"^RssAnon:\s+(\d+) kB$", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="the system's own figures are read")
def test_holes_between_what_is_still_used_are_given_back():
    blocks = [bytearray(b"\x01") * BLOCK_BYTES for _ in range(BLOCKS)]
    # A few that are still used keep the heap from shrinking by itself.
    used = blocks[::50]
    blocks.clear()
    before = held_bytes()
    give_back()
    assert before - held_bytes() > BLOCK_BYTES * BLOCKS / 2
    assert all(len(each) == BLOCK_BYTES for each in used)
