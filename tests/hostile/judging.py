"""Tells a decoder's refusal of damaged bytes, which is expected, from a mistake in our own parsers, which is not."""

import traceback

# Pure Python of ours that reads untrusted bytes; each must refuse by itself. What Pillow throws is Pillow's.
OUR_PARSERS = ("formats.py", "headers.py", "containers.py", "limits.py")


def stumbles_in_our_parsers(error: BaseException) -> bool:
    """Say whether the error behind a refusal was raised by one of our parsers."""
    if error.__cause__ is None:
        return False
    last = traceback.extract_tb(error.__cause__.__traceback__)[-1].filename
    return "avocet/domain/imaging/" in last and last.endswith(OUR_PARSERS)
