"""Decodes photos one after the other in a process of its own and reports what each one cost.

Reads, for each photo, eight bytes of length and the photo; answers with one line of JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path

from avocet.domain import imaging
from tests.hostile.judging import stumbles_in_our_parsers

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


def _peak_bytes() -> int:
    """Highest resident memory since the last reset, where the kernel allows one; since the start elsewhere."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _reset_peak() -> None:
    try:
        _CLEAR_REFS.write_text("5")
    except OSError:
        return


def _outcome(use: str, data: bytes) -> str:
    if use == "model":
        pixels = imaging.to_model_input(data).pixels
        return "decoded" if pixels.shape == (224, 224, 3) and str(pixels.dtype) == "uint8" else "wrong shape"
    stored = imaging.to_stored_photo(data)
    again = imaging.to_model_input(stored.data)
    same = (again.width_px, again.height_px) == (stored.width_px, stored.height_px)
    return "decoded" if same and max(stored.width_px, stored.height_px) <= 2048 else "wrong size"


def main() -> None:
    """Serve until the input ends."""
    while head := sys.stdin.buffer.read(8):
        data = sys.stdin.buffer.read(int.from_bytes(head, "big"))
        report = {}
        for use in ("model", "stored"):
            _reset_peak()
            started_s = time.process_time()
            try:
                outcome, cause = _outcome(use, data), ""
            except imaging.PhotoError as error:
                outcome = "our parser stumbled" if stumbles_in_our_parsers(error) else error.code
                cause = repr(error.__cause__)
            except BaseException as error:  # noqa: BLE001 - what escapes is the finding
                outcome, cause = "escaped", repr(error)
            report[use] = {
                "outcome": outcome,
                "cause": cause[:200],
                "cpu_s": time.process_time() - started_s,
                "peak_bytes": _peak_bytes(),
            }
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
