"""Whether what the photos people send are like has changed; pure. It says nothing of a few photos.

Without a name nobody knows whether an answer is right, but a change in what comes in is often the first sign that it
will not stay so. Two histograms of a property are compared with the chi-squared test of homogeneity, whose
false alarms are known beforehand: at most one check in a hundred, all properties together, when nothing has changed and
photos are independent. Somebody who sends thirty photos of one bird in a row makes them less so; hence a change must
also be large enough to matter.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avocet.domain.sightings import MIX_GROUPS, photos_in

# Probability of a false alarm about any property in one check.
LEVEL = 0.01
# Share of photos that would have to be different for a shift to be news (total variation).
SMALLEST_SHIFT = 0.08
MIN_PHOTOS = 200
# Expected counts below this make the test's distribution wrong; such bins are joined with their neighbours.
_LEAST_EXPECTED = 5.0


@dataclass(frozen=True, slots=True)
class _Feature:
    name: str
    letter: str
    values: Sequence[float]  # what each bin stands for when people are told of a mean


_FEATURES = (
    _Feature("confidence", "c", [0.05 + 0.1 * place for place in range(10)]),
    _Feature("unfamiliar photos", "u", [0.0, 1.0]),
    _Feature("mix of species", "m", [0.0] * MIX_GROUPS),
    _Feature("brightness", "b", [16.0 + 32 * place for place in range(8)]),
    _Feature("size in pixels", "s", [160.0, 320.0, 640.0, 1280.0, 2560.0, 5120.0]),
)


@dataclass(frozen=True, slots=True)
class Shift:
    """One property, before and now.

    Attributes:
        feature: Which.
        is_shifted: Whether it changed, surely and by enough to matter.
        p_value: How likely a difference this large is by chance.
        before: Its mean before; 0 where it has none.
        now: Its mean now.
        photos: Photos now.
    """

    feature: str
    is_shifted: bool
    p_value: float
    before: float
    now: float
    photos: int


def shifts(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[Shift, ...]:
    """Compare all properties; nothing is said while either side has too few photos."""
    if min(photos_in(before), photos_in(now)) < MIN_PHOTOS:
        return ()
    found = []
    for feature in _FEATURES:
        was = [before.get(f"{feature.letter}{place}", 0) for place in range(len(feature.values))]
        lately = [now.get(f"{feature.letter}{place}", 0) for place in range(len(feature.values))]
        p_value = same_distribution_p(was, lately)
        moved = sum(abs(a / sum(was) - b / sum(lately)) for a, b in zip(was, lately, strict=True)) / 2
        found.append(
            Shift(
                feature=feature.name,
                is_shifted=p_value <= LEVEL / len(_FEATURES) and moved >= SMALLEST_SHIFT,
                p_value=float(f"{p_value:.3g}"),
                before=_mean(feature.values, was),
                now=_mean(feature.values, lately),
                photos=sum(lately),
            )
        )
    return tuple(found)


def same_distribution_p(first: Sequence[int], second: Sequence[int]) -> float:
    """Return how likely two histograms differ this much when both are drawn alike.

    Source: Pearson 1911, "On the probability that two independent distributions of frequency are really samples from the
    same population", Biometrika 8.
    """
    share = min(sum(first), sum(second)) / (sum(first) + sum(second))
    joined: list[tuple[int, int]] = []
    a = b = 0
    for one, other in zip(first, second, strict=True):
        a, b = a + one, b + other
        if (a + b) * share >= _LEAST_EXPECTED:
            joined.append((a, b))
            a = b = 0
    if joined:
        joined[-1] = (joined[-1][0] + a, joined[-1][1] + b)
    if len(joined) < 2:
        return 1.0
    total_a, total_b = sum(first), sum(second)
    ratio = math.sqrt(total_b / total_a)
    statistic = sum((one * ratio - other / ratio) ** 2 / (one + other) for one, other in joined)
    return _chi_squared_above(statistic, len(joined) - 1)


def _chi_squared_above(value: float, freedom: int) -> float:
    """Return P(X >= value), exactly, for a chi-squared X of that many degrees of freedom."""
    half = value / 2
    if half <= 0:
        return 1.0
    order, tail = (0.5, math.erfc(math.sqrt(half))) if freedom % 2 else (1.0, math.exp(-half))
    while order < freedom / 2:
        tail += math.exp(order * math.log(half) - half - math.lgamma(order + 1))
        order += 1
    return min(tail, 1.0)


def _mean(values: Sequence[float], counts: Sequence[int]) -> float:
    return round(sum(value * count for value, count in zip(values, counts, strict=True)) / sum(counts), 3)
