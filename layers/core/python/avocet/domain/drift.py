"""Has the model become worse, or better, at any species? It compares counts and refuses to call noise a change. Pure.

The reference is what the model scored when it was made; the current side is what it scores on test photos that came
since. Unchanged photos prove nothing, so they stand on one side only.

For each species the question is how likely the new count of right answers is, were nothing different. The answer is
a predictive probability that takes into account how uncertain the reference itself is: with 20 photos, 18 right could
be a recall of 0.7 as well as of 0.98. What such a species is likely to be is learned from all the others (empirical
Bayes), so that few photos suffice; a tenth of the belief is kept for a species that is like none of them. Hundreds of
such questions at once are corrected after Benjamini and Hochberg.

Precision is asked about in a second step, among the photos of species that did not drift by themselves: a species that
is no longer recognised is answered as its neighbours, which is its own fault and not theirs. F1 follows from both and
is reported with its interval, not asked about a third time.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from avocet.domain.evaluation import Evaluation, Rate, SpeciesScores

# Rates that are told apart: finely where most species are, near 1.
_GRID = tuple(1 / (1 + math.exp(-each / 4)) for each in range(-12, 25))
_ROUNDS = 40
# The share of belief that a species is like none of the others, which keeps odd species from being pulled to them; and
# belief worth a few species, so that few teach little.
_ODD_ONE = 0.02
_EVEN_SPECIES = 2.0
_NO_BELIEF = 1e-12
# The share of false alarms that is spent on losses: a gain that is missed harms nobody.
_WATCH_FOR_LOSSES = 0.8
# Beyond this many photos of one species the normal distribution is exact enough, and far quicker.
_EXACT_PHOTOS = 4000


class Direction(StrEnum):
    """Which way something moved."""

    WORSE = "worse"
    BETTER = "better"


class Measure(StrEnum):
    """What moved."""

    RECALL = "recall"
    PRECISION = "precision"


class DriftState(StrEnum):
    """The state of the model in one word."""

    NO_MODEL = "no_model"
    NO_REFERENCE = "no_reference"
    NO_PHOTOS = "no_photos"
    STEADY = "steady"
    DRIFTING = "drifting"
    IMPROVING = "improving"


@dataclass(frozen=True, slots=True)
class DriftThresholds:
    """What counts as drift.

    Attributes:
        false_discovery_rate: Of the species that are flagged, the share that may be flagged for nothing, on average.
        min_photos: New photos of a species below which it is not judged.
        smallest_change: A change of recall or precision below this is no news, however certain it is.
        overall_level: Probability of a false alarm about accuracy or calibration, each, in one check.
        smallest_overall_change: A change of accuracy or calibration below this is no news.
    """

    false_discovery_rate: float = 0.1
    min_photos: int = 8
    smallest_change: float = 0.05
    overall_level: float = 0.005
    smallest_overall_change: float = 0.01


@dataclass(frozen=True, slots=True)
class SpeciesDrift:
    """A species that drifts.

    Attributes:
        species_id: Which.
        measure: What moved.
        direction: Which way.
        p_value: How likely a move this large is by chance, for this species alone.
        reference: Its scores in the reference.
        current: Its scores on the new photos.
    """

    species_id: str
    measure: Measure
    direction: Direction
    p_value: float
    reference: SpeciesScores
    current: SpeciesScores

    @property
    def change(self) -> float:
        """How far it moved."""
        return _moved(self.measure, self.reference, self.current)


@dataclass(frozen=True, slots=True)
class OverallDrift:
    """How the model does as a whole on the new photos.

    Attributes:
        expected: The share of right answers that the reference lets expect on photos of these species.
        accuracy: The share there is.
        accuracy_p: How likely a difference this large is by chance.
        calibration_gap: Mean score less share of right answers, on the new photos: positive is overconfident.
        reference_gap: The same in the reference.
        calibration_p: How likely a difference this large is by chance.
        direction: Which way accuracy moved, when it did.
        is_calibration_adrift: Whether scores mean something else than they did.
    """

    expected: float
    accuracy: Rate
    accuracy_p: float
    calibration_gap: float
    reference_gap: float
    calibration_p: float
    direction: Direction | None
    is_calibration_adrift: bool


@dataclass(frozen=True, slots=True)
class DriftFindings:
    """What a comparison found.

    Attributes:
        state: In one word.
        judged: Species with enough new photos to be judged.
        new_photos: New photos in all.
        species: Those that drift, the largest loss first, then the largest gain.
        overall: The model as a whole; None without new photos.
    """

    state: DriftState
    judged: int = 0
    new_photos: int = 0
    species: tuple[SpeciesDrift, ...] = ()
    overall: OverallDrift | None = None

    def moved(self, direction: Direction) -> tuple[SpeciesDrift, ...]:
        """Return the species that moved in ``direction``, the largest move first."""
        found = [each for each in self.species if each.direction is direction]
        return tuple(sorted(found, key=lambda each: (-abs(each.change), each.species_id)))


@dataclass(frozen=True, slots=True)
class RateBelief:
    """What rate to expect of a species before one has looked at it: a distribution over a grid of rates.

    Attributes:
        weights: Belief in each of ``_GRID``, adding up to 1.
    """

    weights: tuple[float, ...]

    @classmethod
    def learned(cls, counts: Iterable[tuple[int, int]]) -> "RateBelief":
        """Learn the distribution of rates from the (successes, trials) of many species, whatever its shape.

        Source: Laird 1978, "Nonparametric maximum likelihood estimation of a mixing distribution", JASA 73; by expectation
        maximisation, with a share of belief spread evenly so that a few species never make certain of the others.
        """
        seen = Counter((hits, trials) for hits, trials in counts if trials)
        even = 1 / len(_GRID)
        weights = [even] * len(_GRID)
        likelihoods = [(number, _likelihoods(*pair)) for pair, number in seen.items()]
        species = sum(number for number, _ in likelihoods)
        for _ in range(_ROUNDS if species else 0):
            gathered = [0.0] * len(_GRID)
            for number, each in likelihoods:
                joint = [weight * likely for weight, likely in zip(weights, each, strict=True)]
                share = number / sum(joint)
                gathered = [sum_ + share * part for sum_, part in zip(gathered, joint, strict=True)]
            weights = [
                (part + _EVEN_SPECIES * even + _ODD_ONE * species * even)
                / (species + _EVEN_SPECIES + _ODD_ONE * species)
                for part in gathered
            ]
        return cls(tuple(weights))

    def after(self, hits: int, trials: int) -> tuple[float, ...]:
        """Return the belief in each of ``_GRID`` about a species that had ``hits`` in ``trials``."""
        joint = [weight * likely for weight, likely in zip(self.weights, _likelihoods(hits, trials), strict=True)]
        total = sum(joint)
        return tuple(each / total for each in joint)

    def tails(self, hits: int, trials: int, *, new_hits: int, new_trials: int) -> tuple[float, float]:
        """Return how likely at most, and at least, ``new_hits`` are, of a species that had ``hits`` in ``trials``."""
        below = above = 0.0
        for rate, belief in zip(_GRID, self.after(hits, trials), strict=True):
            if belief > _NO_BELIEF:
                low, high = _binomial_tails(rate, new_hits, new_trials)
                below, above = below + belief * low, above + belief * high
        return min(below, 1.0), min(above, 1.0)


def compare(reference: Evaluation, current: Evaluation, thresholds: DriftThresholds | None = None) -> DriftFindings:
    """Compare new photos with the reference.

    Args:
        reference: What the model scored when it was made.
        current: What it scores on photos that came since; none of them in the reference.
        thresholds: What counts as drift.
    """
    limits = thresholds or DriftThresholds()
    if not reference.photos:
        return DriftFindings(DriftState.NO_REFERENCE, new_photos=current.photos)
    if not current.photos:
        return DriftFindings(DriftState.NO_PHOTOS)
    judged = [
        name
        for name, scores in current.species.items()
        if scores.photos >= limits.min_photos and _photos_of(reference, name)
    ]
    by_recall = _drifting_recall(reference, current, judged, limits)
    adrift = {each.species_id for each in by_recall}
    by_precision = _drifting_precision(reference, current, adrift, limits)
    species = sorted((*by_recall, *by_precision), key=lambda each: (each.change, each.species_id))
    overall = _overall(reference, current, limits)
    return DriftFindings(_state(species, overall), len(judged), current.photos, tuple(species), overall)


def ancestor_flags(reference: Evaluation, current: Evaluation) -> frozenset[str]:
    """Return the species that the ancestor's rule flags: F1 moved by more than 0.03. For comparison only."""
    return frozenset(
        name
        for name, scores in current.species.items()
        if name in reference.species and abs(scores.f1.value - reference.species[name].f1.value) > 0.03
    )


def surprising(p_values: Mapping[str, float], rate: float) -> frozenset[str]:
    """Return the names whose p-values stand out so far that at most ``rate`` of them do so by chance, on average.

    Source: Benjamini and Hochberg 1995, "Controlling the false discovery rate", JRSS B 57.
    """
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    kept = 0
    for place, (_, p_value) in enumerate(ordered, start=1):
        if p_value <= rate * place / len(ordered):
            kept = place
    return frozenset(name for name, _ in ordered[:kept])


def _drifting_recall(
    reference: Evaluation, current: Evaluation, judged: Sequence[str], limits: DriftThresholds
) -> list[SpeciesDrift]:
    belief = RateBelief.learned((each.right, each.photos) for each in reference.species.values())
    tails = {
        name: belief.tails(
            reference.species[name].right,
            reference.species[name].photos,
            new_hits=current.species[name].right,
            new_trials=current.species[name].photos,
        )
        for name in judged
    }
    return _flagged(Measure.RECALL, tails, reference, current, limits)


def _drifting_precision(
    reference: Evaluation, current: Evaluation, adrift: set[str], limits: DriftThresholds
) -> list[SpeciesDrift]:
    """Count, for each species, photos of others that were answered as it; photos of drifting species are left out."""
    shares = {
        name: _photos_of(current, name) / _photos_of(reference, name)
        for name in current.matrix
        if name not in adrift and _photos_of(reference, name)
    }
    was, expected, now = dict[str, int](), dict[str, float](), dict[str, int]()
    for name, share in shares.items():
        for answer, photos in reference.matrix[name].items():
            if answer != name:
                was[answer] = was.get(answer, 0) + photos
                expected[answer] = expected.get(answer, 0.0) + photos * share
        for answer, photos in current.matrix[name].items():
            if answer != name:
                now[answer] = now.get(answer, 0) + photos
    usual = (sum(now.values()) + sum(was.values()) + 1) / (len(shares) + 1) / 2 if shares else 1.0
    mean_share = _mean(shares.values())
    tails: dict[str, tuple[float, float]] = {}
    for name in current.species:
        answered = current.species[name].answered
        if name not in reference.species or name in adrift or answered < limits.min_photos:
            continue
        before = was.get(name, 0)
        # How much of the reference the new photos amount to, weighted by who is usually taken for this species.
        exposure = expected.get(name, 0.0) / before if before else mean_share
        if exposure > 0:
            tails[name] = _poisson_tails(before, exposure, now.get(name, 0), usual)
    # More intruders, less precision: the tails change sides.
    turned = {name: (above, below) for name, (below, above) in tails.items()}
    return _flagged(Measure.PRECISION, turned, reference, current, limits)


def _flagged(
    measure: Measure,
    tails: Mapping[str, tuple[float, float]],
    reference: Evaluation,
    current: Evaluation,
    limits: DriftThresholds,
) -> list[SpeciesDrift]:
    p_values = {
        name: min(1.0, worse / _WATCH_FOR_LOSSES, better / (1 - _WATCH_FOR_LOSSES))
        for name, (worse, better) in tails.items()
    }
    found: list[SpeciesDrift] = []
    for name in surprising(p_values, limits.false_discovery_rate):
        was, now = reference.species[name], current.species[name]
        direction = Direction.WORSE if tails[name][0] < tails[name][1] else Direction.BETTER
        change = _moved(measure, was, now)
        is_that_way = change < 0 if direction is Direction.WORSE else change > 0
        if is_that_way and abs(change) >= limits.smallest_change:
            found.append(SpeciesDrift(name, measure, direction, p_values[name], was, now))
    return found


def _overall(reference: Evaluation, current: Evaluation, limits: DriftThresholds) -> OverallDrift:
    belief = RateBelief.learned((each.right, each.photos) for each in reference.species.values())
    photos = expected = variance = right = 0.0
    for name, row in current.matrix.items():
        new = sum(row.values())
        was = reference.species.get(name)
        after = belief.after(was.right if was else 0, was.photos if was else 0)
        mean = math.fsum(rate * each for rate, each in zip(_GRID, after, strict=True))
        spread = math.fsum((rate - mean) ** 2 * each for rate, each in zip(_GRID, after, strict=True))
        photos, expected, right = photos + new, expected + new * mean, right + row.get(name, 0)
        variance += new * (mean * (1 - mean) - spread) + new * new * spread
    accuracy_p = _two_sided(right - expected, variance)
    gap, gap_variance = _calibration(current)
    was_gap, was_variance = _calibration(reference)
    calibration_p = _two_sided(gap - was_gap, gap_variance + was_variance)
    moved = (right - expected) / photos
    is_news = accuracy_p <= limits.overall_level and abs(moved) >= limits.smallest_overall_change
    return OverallDrift(
        expected=expected / photos,
        accuracy=current.accuracy,
        accuracy_p=accuracy_p,
        calibration_gap=gap,
        reference_gap=was_gap,
        calibration_p=calibration_p,
        direction=(Direction.WORSE if moved < 0 else Direction.BETTER) if is_news else None,
        is_calibration_adrift=calibration_p <= limits.overall_level
        and abs(gap - was_gap) >= limits.smallest_overall_change,
    )


def _calibration(evaluation: Evaluation) -> tuple[float, float]:
    """Return mean score less share right, and its variance."""
    photos = evaluation.photos
    gap = math.fsum(each.score_sum - each.right for each in evaluation.bins) / photos
    spread = 0.0
    for each in evaluation.bins:
        if each.photos:
            share = (each.right + 0.5) / (each.photos + 1)
            spread += each.photos * share * (1 - share)
    return gap, spread / photos**2


def _state(species: Sequence[SpeciesDrift], overall: OverallDrift) -> DriftState:
    directions = {each.direction for each in species} | {overall.direction}
    if Direction.WORSE in directions or overall.is_calibration_adrift:
        return DriftState.DRIFTING
    return DriftState.IMPROVING if Direction.BETTER in directions else DriftState.STEADY


def _moved(measure: Measure, was: SpeciesScores, now: SpeciesScores) -> float:
    if measure is Measure.RECALL:
        return now.recall.value - was.recall.value
    return now.precision.value - was.precision.value


def _photos_of(evaluation: Evaluation, species_id: str) -> int:
    scores = evaluation.species.get(species_id)
    return scores.photos if scores else 0


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0


def _likelihoods(hits: int, trials: int) -> list[float]:
    """Return, for each of ``_GRID``, how likely ``hits`` are, as a ratio to the likeliest."""
    logs = [hits * math.log(rate) + (trials - hits) * math.log1p(-rate) for rate in _GRID]
    best = max(logs)
    return [math.exp(each - best) for each in logs]


def _binomial_tails(rate: float, hits: int, trials: int) -> tuple[float, float]:
    """Return P(X <= hits) and P(X >= hits) for X ~ Binomial(trials, rate)."""
    if trials > _EXACT_PHOTOS:
        return _normal_tails((hits - trials * rate) / math.sqrt(trials * rate * (1 - rate)))
    log_rate, log_miss, log_all = math.log(rate), math.log1p(-rate), math.lgamma(trials + 1)

    def chance(count: int) -> float:
        ways = log_all - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
        return math.exp(ways + count * log_rate + (trials - count) * log_miss)

    # The shorter side is added up; the count itself is on both.
    here = chance(hits)
    if 2 * hits <= trials:
        below = math.fsum(chance(count) for count in range(hits + 1))
        return below, 1 - below + here
    above = math.fsum(chance(count) for count in range(hits, trials + 1))
    return 1 - above + here, above


def _poisson_tails(before: int, exposure: float, now: int, usual: float) -> tuple[float, float]:
    """Return P(X <= now) and P(X >= now) for a count over ``exposure`` times what ``before`` was counted over.

    The rate is believed to be Gamma distributed about ``usual``, as widely as half a count tells, so the count is negative
    binomial.
    """
    shape, rate = before + 0.5, 1 + 0.5 / usual
    success = rate / (rate + exposure)
    log_miss = math.log1p(-success)
    logs = (
        math.lgamma(shape + count)
        - math.lgamma(shape)
        - math.lgamma(count + 1)
        + shape * math.log(success)
        + count * log_miss
        for count in range(now + 1)
    )
    chances = [math.exp(each) for each in logs]
    below = min(1.0, math.fsum(chances))
    return below, min(1.0, max(0.0, 1 - math.fsum(chances[:-1])))


def _normal_tails(z: float) -> tuple[float, float]:
    return math.erfc(-z / math.sqrt(2)) / 2, math.erfc(z / math.sqrt(2)) / 2


def _two_sided(difference: float, variance: float) -> float:
    return min(1.0, 2 * min(_normal_tails(difference / math.sqrt(variance)))) if variance > 0 else 1.0
