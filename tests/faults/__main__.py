"""`make faults`: every fault at every call, and the table of what became of it."""

import argparse
import contextlib
import io
import logging
import sys
import time

from tests.faults.campaigns import CAMPAIGNS
from tests.faults.trying import run


def main() -> int:
    """Return 0 when everything survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="so many faults a function instead of all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", choices=["", *sorted(CAMPAIGNS)], help="of one function")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began_s = time.monotonic()

    def progress(done: int, of: int) -> None:
        if done % 20 == 0:
            print(f"\r  {done} of {of} faults tried", end="", file=sys.stderr, flush=True)

    # What the functions log of the faults would drown the table.
    with contextlib.redirect_stdout(io.StringIO()):
        tallies = run(sample=options.sample, seed=options.seed, only=options.only, progress=progress)
    print(f"\r{'':40}\r", end="", file=sys.stderr)
    print("| function | tried | survived | lost | doubled |\n|---|---|---|---|---|")
    for verb, tally in tallies.items():
        print(f"| {verb} | {tally.tried} | {tally.survived} | {tally.lost} | {tally.doubled} |")
    tried = sum(tally.tried for tally in tallies.values())
    unreached = sum(tally.unreached for tally in tallies.values())
    print(f"\n{tried} faults in {time.monotonic() - began_s:.0f} s; {unreached} more chosen calls were not made.")
    complaints = [each for tally in tallies.values() for each in tally.complaints]
    print("\n".join(complaints))
    return int(bool(complaints))


if __name__ == "__main__":
    raise SystemExit(main())
