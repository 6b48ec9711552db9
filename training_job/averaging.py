"""Averages of weights: how far a training may go from what a network knew before."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def averaged_weights(
    start: Sequence[npt.NDArray[np.floating]], tuned: Sequence[npt.NDArray[np.floating]], *, tuned_ratio: float
) -> list[FloatArray]:
    """Lies `tuned_ratio` of the way from the weights a training started from to those it ended with.

    Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".
    """
    return [
        np.asarray((1 - tuned_ratio) * first + tuned_ratio * last, np.float32)
        for first, last in zip(start, tuned, strict=True)
    ]
