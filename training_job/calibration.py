"""Makes scores mean what they say: probabilities from raw scores, their error measured, and thresholds chosen.

Only held-out predictions belong in here; on training photos every score looks sure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PowerCalibration:
    """Probabilities proportional to (score + floor) to the power, scores below 0 counting as 0.

    A softmax of ridge scores with one temperature is either too sure of the first species or spreads too much over
    the hundreds that score almost nothing; a power law fits both ends with the same single number.
    """

    power: float
    floor: float

    def probabilities(self, scores: FloatArray) -> FloatArray:
        """Float32 [n, K], rows sum to 1, of scores float32 [n, K]."""
        return softmax(self.power * _log_scores(scores, floor=self.floor))


def softmax(scores: npt.NDArray[np.floating]) -> FloatArray:
    """Softmax over the last axis of [n, K]; float32, rows sum to 1."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (shifted / shifted.sum(axis=-1, keepdims=True)).astype(np.float32)


def negative_log_likelihood(probabilities: FloatArray, species_at: Indices) -> float:
    """The mean of -log p of the true species, in nats; [n, K] probabilities in 0-1 and [n] indices."""
    picked = probabilities[np.arange(len(species_at)), species_at]
    return float(-np.log(np.maximum(picked, 1e-9)).mean())


def calibrate(scores: FloatArray, species_at: Indices, *, floor: float) -> PowerCalibration:
    """Finds the power under which the true species are likeliest.

    Args:
        scores: float32 [n, K] of photos the head has not seen.
        species_at: [n] their species.
        floor: What a score of 0 counts as.
    """
    log_scores = _log_scores(scores, floor=floor)
    lowest, highest = np.log(0.5), np.log(50.0)
    for _ in range(4):  # one dimension, smooth, one minimum: a grid, narrowed three times
        candidates = np.exp(np.linspace(lowest, highest, 13))
        losses = [negative_log_likelihood(softmax(log_scores * power), species_at) for power in candidates]
        best = int(np.argmin(losses))
        lowest, highest = np.log(candidates[max(best - 1, 0)]), np.log(candidates[min(best + 1, 12)])
    return PowerCalibration(power=float(candidates[best]), floor=floor)


def cross_fitted_probabilities(scores: FloatArray, species_at: Indices, *, floor: float) -> FloatArray:
    """Calibrates each half of the photos on the other half, so that a measured error owes nothing to the fit."""
    is_even = np.arange(len(species_at)) % 2 == 0
    probabilities = np.empty_like(scores)
    for part in (is_even, ~is_even):
        probabilities[part] = calibrate(scores[~part], species_at[~part], floor=floor).probabilities(scores[part])
    return probabilities


def expected_calibration_error(probabilities: FloatArray, species_at: Indices, *, bins: int = 15) -> float:
    """Measures how far the likeliest species' scores are from how often they are right.

    Args:
        probabilities: float32 [n, K], rows sum to 1.
        species_at: [n] the true species.
        bins: Equally wide bins over the score of the likeliest species.

    Returns:
        The mean over photos of |accuracy - mean score| within the photo's bin, 0-1.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    score = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == species_at
    bin_at = np.minimum((score * bins).astype(np.intp), bins - 1)
    return float(
        sum(
            abs(is_right[bin_at == at].mean() - score[bin_at == at].mean()) * np.mean(bin_at == at)
            for at in np.unique(bin_at)
        )
    )


def area_under_roc(positive: FloatArray, negative: FloatArray) -> float:
    """The chance that a positive's value exceeds a negative's (ties count half): 1 separates, 0.5 guesses."""
    _, inverse, counts = np.unique(np.concatenate([positive, negative]), return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    ranks = mean_ranks[inverse][: len(positive)]
    return float((ranks.sum() - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative)))


def top_ratio(scores: FloatArray, species_at: Indices, *, first: int) -> float:
    """The share of photos whose species is among the `first` best scores of [n, K]."""
    best = np.argpartition(-scores, first - 1, axis=1)[:, :first]
    return float((best == species_at[:, np.newaxis]).any(axis=1).mean())


@dataclass(frozen=True)
class Threshold:
    """A chosen threshold and what it does on the predictions it was chosen on.

    Attributes:
        min_score: At or above it a prediction is made.
        precision: How often such a prediction is right, 0-1.
        share_ratio: How many of the photos get one, 0-1.
    """

    min_score: float
    precision: float
    share_ratio: float


def threshold_for_precision(scores: FloatArray, is_right: Flags, *, precision: float) -> Threshold:
    """Finds the lowest score from which on predictions are right at least as often as asked.

    Args:
        scores: float32 [n], 0-1, the score of each prediction.
        is_right: [n].
        precision: The share of predictions at or above the threshold that must be right, 0-1.

    Returns:
        The threshold; a score of 1 where none is good enough.
    """
    order = np.argsort(-scores, kind="stable")
    running = np.cumsum(is_right[order]) / np.arange(1, len(scores) + 1)
    good = np.flatnonzero(running >= precision)
    if len(good) == 0:
        return Threshold(min_score=1.0, precision=1.0, share_ratio=0.0)
    last = int(good[-1])
    return Threshold(
        min_score=float(scores[order[last]]), precision=float(running[last]), share_ratio=(last + 1) / len(scores)
    )


def coarser_threshold(
    probabilities: FloatArray,
    species_at: Indices,
    groups_of_rank: Sequence[Sequence[str | None]],
    *,
    sure_min_score: float,
    precision: float,
) -> Threshold:
    """Finds from which summed score on a genus, or else a family, may be named for photos without a sure species.

    Args:
        probabilities: float32 [n, K].
        species_at: [n] the true species.
        groups_of_rank: The group of each of the K species, for each rank, the finest rank first.
        sure_min_score: Photos whose best species reaches it get no coarser answer and are left out here.
        precision: The share of named groups that must hold the true species, 0-1.

    Returns:
        The lowest threshold, in steps of 0.01, from which on every higher one reaches the precision too;
        a score of 1 where none does.
    """
    unsure = probabilities.max(axis=1) < sure_min_score
    best = [_best_groups(probabilities[unsure], species_at[unsure], groups) for groups in groups_of_rank]
    chosen = Threshold(min_score=1.0, precision=1.0, share_ratio=0.0)
    for min_score in np.arange(0.99, 0.29, -0.01):
        is_named = np.zeros(int(unsure.sum()), dtype=np.bool_)
        is_right = np.zeros_like(is_named)
        for score, right in best:
            newly = ~is_named & (score >= min_score)
            is_right |= newly & right
            is_named |= newly
        if not is_named.any():
            continue
        reached = float(is_right[is_named].mean())
        if reached < precision:
            break
        chosen = Threshold(min_score=round(float(min_score), 2), precision=reached, share_ratio=float(is_named.mean()))
    return chosen


def _best_groups(
    probabilities: FloatArray, species_at: Indices, groups: Sequence[str | None]
) -> tuple[FloatArray, Flags]:
    names = sorted({name for name in groups if name})
    member = np.array([[group == name for name in names] for group in groups], dtype=np.float32)
    sums = probabilities @ member
    best = sums.argmax(axis=1)
    rows = np.arange(len(best))
    return sums[rows, best].astype(np.float32), member[species_at, best] > 0


def _log_scores(scores: FloatArray, *, floor: float) -> FloatArray:
    return np.log(np.maximum(scores, 0.0) + floor).astype(np.float32)
