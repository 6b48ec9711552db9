"""The words of a comparison of two models, apart from its arithmetic: what shows them needs no numpy."""

from enum import StrEnum


class Verdict(StrEnum):
    """What a difference means for the challenger."""

    BETTER = "better"
    WORSE = "worse"
    NOISE = "noise"


class Advice(StrEnum):
    """What to do."""

    PROMOTE = "promote"
    KEEP = "keep"
    EITHER = "either"
