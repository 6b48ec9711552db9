"""Coverage-guided fuzzing of one parser of `parsers.py`, whose name comes first on the command line.

A finding is whatever it raises that is no refusal of ours, and more than two seconds for one input.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["avocet"]):
    from fuzz.parsers import PARSERS, find_fault

MAX_CPU_S = 2.0


def main() -> None:
    """Fuzz until the time is over or something is found."""
    parser = PARSERS[sys.argv.pop(1)]

    def test_one_input(data: bytes) -> None:
        began_s = time.process_time()
        fault = find_fault(parser, data)
        if fault is not None:
            raise fault
        if time.process_time() - began_s > MAX_CPU_S:
            raise AssertionError(f"took {time.process_time() - began_s:.1f} s")

    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
