"""Two models on the very same photos: what differs, how much of it is noise, and what to do about it. Pure.

It refuses outcomes of different photos. Every interval is a paired bootstrap over photos: both models answer the same
resampled photos, so what makes a photo hard for both cancels out. The random numbers are seeded by the photos' ids, so the
same comparison gives the same intervals.

Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (percentile intervals).
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from avocet.domain.advice import Advice, Verdict
from avocet.domain.evaluation import BINS, Evaluation, MismatchedEvaluationsError, Outcome, SpeciesScores
from avocet.domain.notifications import Words

ROUNDS = 1000
WEAKEST = 10

_INTERVAL = (2.5, 97.5)
_SIGNIFICANT = 0.05
# Fewer photos prove nothing at that level, even where every single one speaks for the same model: 2 / 2**5 is more. A
# bootstrap does not see that: resampled, three photos that agree agree every time.
_FEWEST_PHOTOS = 6
# A species only the other model knows speaks for it when it names at least this share of its photos.
_LEARNED_RECALL = 0.5

Floats: TypeAlias = "npt.NDArray[np.float64]"
Ints: TypeAlias = "npt.NDArray[np.int64]"


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of both models.

    Attributes:
        champion: The champion's value.
        challenger: The challenger's.
        low: Lower end of the 95 % interval of challenger minus champion.
        high: Upper end.
        verdict: Noise where the interval holds 0, on fewer than six photos, and where the exact McNemar test of what is
            right or wrong on each photo (accuracy, top3) gives 0.05 or more.
    """

    champion: float
    challenger: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class SpeciesDuel:
    """One species, both models.

    Attributes:
        species_id: Which.
        photos: Of it, among those compared.
        champion_right: How many the champion named rightly.
        challenger_right: How many the challenger did.
        p_value: Of the exact McNemar test on its photos, corrected for the number of species tested (Holm).
        verdict: Noise unless ``p_value`` is below 0.05.
    """

    species_id: str
    photos: int
    champion_right: int
    challenger_right: int
    p_value: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Measures:
    """Both models on one set of photos; keys of ``differences``: accuracy, top3, macro_f1, log_loss, calibration_error."""

    photos: int
    differences: Mapping[str, Difference]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Species by who can name them."""

    shared: frozenset[str]
    only_champion: frozenset[str]
    only_challenger: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The challenger against the champion.

    Attributes:
        everything: On all photos; a species that a model cannot name counts against it.
        shared: On photos of species that both can name.
        knowledge: Who knows which species.
        champion_weakest: The champion's weakest species, the weakest first.
        challenger_weakest: The challenger's.
        won: Species of which the challenger names more photos, the largest gain first.
        lost: Species of which it names fewer, the largest loss first.
        advice: What to do.
        reason: Why, in a sentence of each language.
    """

    everything: Measures
    shared: Measures
    knowledge: Knowledge
    champion_weakest: Sequence[SpeciesScores]
    challenger_weakest: Sequence[SpeciesScores]
    won: Sequence[SpeciesDuel]
    lost: Sequence[SpeciesDuel]
    advice: Advice
    reason: Words


@dataclass(frozen=True, slots=True)
class Side:
    """One model's answers.

    Attributes:
        outputs: Every species it can name.
        outcomes: What it said, photo by photo.
    """

    outputs: frozenset[str]
    outcomes: Sequence[Outcome]


def compare(champion: Side, challenger: Side) -> Comparison:
    """Compare two models on the same photos.

    Raises:
        MismatchedEvaluationsError: They answered different photos, or disagree on what one shows.
    """
    pairs = _paired(champion.outcomes, challenger.outcomes)
    knowledge = Knowledge(
        champion.outputs & challenger.outputs,
        champion.outputs - challenger.outputs,
        challenger.outputs - champion.outputs,
    )
    everything = _measures(pairs)
    shared = _measures([pair for pair in pairs if pair[0].species_id in knowledge.shared])
    duels = _duels(pairs)
    advice, reason = _advice(everything, shared, knowledge, duels)
    gain = {duel.species_id: duel.challenger_right - duel.champion_right for duel in duels}
    return Comparison(
        everything=everything,
        shared=shared,
        knowledge=knowledge,
        champion_weakest=Evaluation.of(pair[0] for pair in pairs).weakest(WEAKEST),
        challenger_weakest=Evaluation.of(pair[1] for pair in pairs).weakest(WEAKEST),
        won=sorted((d for d in duels if gain[d.species_id] > 0), key=lambda d: (-gain[d.species_id], d.species_id)),
        lost=sorted((d for d in duels if gain[d.species_id] < 0), key=lambda d: (gain[d.species_id], d.species_id)),
        advice=advice,
        reason=reason,
    )


_Pair: TypeAlias = tuple[Outcome, Outcome]


def _paired(champion: Sequence[Outcome], challenger: Sequence[Outcome]) -> list[_Pair]:
    theirs = {outcome.photo_id: outcome for outcome in challenger}
    if len(theirs) != len(challenger) or theirs.keys() != {outcome.photo_id for outcome in champion}:
        raise MismatchedEvaluationsError("the two models answered different photos")
    pairs = [(outcome, theirs[outcome.photo_id]) for outcome in sorted(champion, key=lambda each: each.photo_id)]
    if any(ours.species_id != other.species_id for ours, other in pairs):
        raise MismatchedEvaluationsError("a photo was relabelled between the two evaluations")
    return pairs


@dataclass(frozen=True, slots=True)
class _Answers:
    """One model's answers as arrays over photos (n,), for resampling; species are numbered.

    Attributes:
        right: 1.0 where the likeliest species is the true one.
        ranked: 1.0 where the true species is among the ranked.
        loss: In nats.
        true: Number of the true species.
        answer: Number of the likeliest species.
        place: Calibration bin of the answer's score.
        gap: right - score.
    """

    right: Floats
    ranked: Floats
    loss: Floats
    true: Ints
    answer: Ints
    place: Ints
    gap: Floats

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], numbers: Mapping[str, int]) -> "_Answers":
        right = np.array([each.is_right for each in outcomes], np.float64)
        score = np.array([each.answer.score for each in outcomes], np.float64)
        return cls(
            right=right,
            ranked=np.array([each.is_ranked for each in outcomes], np.float64),
            loss=np.array([each.loss for each in outcomes], np.float64),
            true=np.array([numbers[each.species_id] for each in outcomes], np.int64),
            answer=np.array([numbers[each.answer.species_id] for each in outcomes], np.int64),
            place=np.minimum((score * BINS).astype(np.int64), BINS - 1),
            gap=right - score,
        )

    def measured(self, weights: Floats, species: int) -> dict[str, float]:
        """Return every measure on photos counted ``weights`` (n,) times each."""
        photos = weights.sum()
        of_it = np.bincount(self.true, weights, species)
        answered = np.bincount(self.answer, weights, species)
        right = np.bincount(self.true, weights * self.right, species)
        judged = of_it > 0
        f1 = 2 * right[judged] / (of_it[judged] + answered[judged])
        gaps = np.bincount(self.place, weights * self.gap, BINS)
        return {
            "accuracy": float(weights @ self.right / photos),
            "top3": float(weights @ self.ranked / photos),
            "macro_f1": float(f1.mean()),
            "log_loss": float(weights @ self.loss / photos),
            "calibration_error": float(np.abs(gaps).sum() / photos),
        }


# Of these, less is better.
_COSTS = frozenset({"log_loss", "calibration_error"})


def _measures(pairs: Sequence[_Pair]) -> Measures:
    if not pairs:
        return Measures(0, {})
    names = sorted({each for pair in pairs for o in pair for each in (o.species_id, o.answer.species_id)})
    numbers = {name: number for number, name in enumerate(names)}
    champion, challenger = (_Answers.of([pair[side] for pair in pairs], numbers) for side in (0, 1))
    photos = len(pairs)
    once = np.ones(photos)
    ours, theirs = champion.measured(once, len(names)), challenger.measured(once, len(names))
    gains: dict[str, list[float]] = {name: [] for name in ours}
    seed = hashlib.sha256("\n".join(pair[0].photo_id for pair in pairs).encode()).digest()
    random = np.random.default_rng(int.from_bytes(seed[:8], "big"))
    for _ in range(ROUNDS):
        weights = np.bincount(random.integers(photos, size=photos), minlength=photos).astype(np.float64)
        before, after = champion.measured(weights, len(names)), challenger.measured(weights, len(names))
        for name, values in gains.items():
            values.append(after[name] - before[name])
    p_values = {
        "accuracy": _p_value(champion.right, challenger.right),
        "top3": _p_value(champion.ranked, challenger.ranked),
    }
    differences = {}
    for name in ours:
        can_tell = photos >= _FEWEST_PHOTOS and p_values.get(name, 0.0) < _SIGNIFICANT
        differences[name] = _difference(
            ours[name], theirs[name], gains[name], is_cost=name in _COSTS, can_tell=can_tell
        )
    return Measures(photos, differences)


def _p_value(champion: Floats, challenger: Floats) -> float:
    return mcnemar(int((champion > challenger).sum()), int((challenger > champion).sum()))


def _difference(
    champion: float, challenger: float, gains: Sequence[float], *, is_cost: bool, can_tell: bool
) -> Difference:
    low, high = (float(end) for end in np.percentile(gains, _INTERVAL))
    if low <= 0 <= high or not can_tell:
        return Difference(champion, challenger, low, high, Verdict.NOISE)
    verdict = Verdict.BETTER if (low > 0) != is_cost else Verdict.WORSE
    return Difference(champion, challenger, low, high, verdict)


def _duels(pairs: Sequence[_Pair]) -> Sequence[SpeciesDuel]:
    photos: dict[str, list[tuple[bool, bool]]] = {}
    for ours, theirs in pairs:
        photos.setdefault(ours.species_id, []).append((ours.is_right, theirs.is_right))
    raw = {
        species: mcnemar(sum(a and not b for a, b in seen), sum(b and not a for a, b in seen))
        for species, seen in photos.items()
    }
    corrected = _holm(raw)
    duels = []
    for species, seen in photos.items():
        before, after = sum(a for a, _ in seen), sum(b for _, b in seen)
        verdict = Verdict.NOISE
        if corrected[species] < _SIGNIFICANT:
            verdict = Verdict.BETTER if after > before else Verdict.WORSE
        duels.append(SpeciesDuel(species, len(seen), before, after, corrected[species], verdict))
    return duels


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value that two models are equally good, by the photos that only one of them named.

    Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions", in its exact form:
    under equality each such photo goes to either with probability 1/2.
    """
    discordant = only_first + only_second
    tail: int = sum(math.comb(discordant, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, tail / float(2 ** (discordant - 1))) if discordant else 1.0


def _holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct for many tests (Holm 1979): the chance that any species is called won or lost by luck stays below 5 %."""
    corrected, highest = {}, 0.0
    for rank, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda item: (item[1], item[0]))):
        highest = max(highest, min(1.0, p_value * (len(p_values) - rank)))
        corrected[name] = highest
    return corrected


def _advice(
    everything: Measures, shared: Measures, knowledge: Knowledge, duels: Sequence[SpeciesDuel]
) -> tuple[Advice, Words]:
    """Weigh what matters to people, the gravest first: forgetting, getting worse, learning, getting better."""
    if not everything.photos:
        return Advice.KEEP, Words("There is no photo to compare them on.", "Il n'y a aucune photo pour les comparer.")
    worse = [duel for duel in duels if duel.verdict is Verdict.WORSE and duel.species_id in knowledge.shared]
    on_shared = shared.differences["accuracy"] if shared.photos else None
    overall = everything.differences["accuracy"]
    if knowledge.only_champion:
        return Advice.KEEP, Words(
            f"The challenger cannot name {len(knowledge.only_champion)} species that the champion can.",
            f"Le challenger ne sait pas nommer {_especes(len(knowledge.only_champion))} que le champion connaît.",
        )
    if on_shared is not None and on_shared.verdict is Verdict.WORSE:
        return Advice.KEEP, Words(
            f"It is less often right on species that both know ({_span(on_shared)}).",
            f"Il a moins souvent raison sur les espèces que les deux connaissent ({_etendue(on_shared)}).",
        )
    if worse:
        return Advice.KEEP, Words(
            f"It is worse at {len(worse)} species, and that is no noise.",
            f"Il reconnaît moins bien {_especes(len(worse))}, et ce n'est pas le hasard.",
        )
    learned = [duel for duel in duels if duel.species_id in knowledge.only_challenger]
    if learned and sum(d.challenger_right for d in learned) >= _LEARNED_RECALL * sum(d.photos for d in learned):
        right, photos = sum(d.challenger_right for d in learned), sum(d.photos for d in learned)
        more = len(knowledge.only_challenger)
        return Advice.PROMOTE, Words(
            f"It names {more} species more ({right} of {photos} test photos of them rightly) and is not measurably worse at "
            "what both know.",
            f"Il nomme {_especes(more)} de plus ({right} sur {photos} photos de test bien nommées) et n'est pas "
            "sensiblement moins bon sur ce que les deux connaissent.",
        )
    if overall.verdict is Verdict.BETTER:
        return Advice.PROMOTE, Words(
            f"It is more often right ({_span(overall)}), and no species suffers measurably.",
            f"Il a plus souvent raison ({_etendue(overall)}), et aucune espèce n'y perd sensiblement.",
        )
    if everything.differences["log_loss"].verdict is Verdict.BETTER:
        return Advice.PROMOTE, Words(
            "It is right as often, and its scores are measurably more honest (lower loss).",
            "Il a raison aussi souvent, et ses scores sont sensiblement plus honnêtes (perte plus faible).",
        )
    return Advice.EITHER, Words(
        f"On {_count(everything.photos, 'photo', 'photos')} the difference is noise ({_span(overall)}); more test photos "
        "would tell.",
        f"Sur {_count(everything.photos, 'photo', 'photos')}, la différence tient du hasard ({_etendue(overall)}) ; "
        "davantage de photos de test trancheraient.",
    )


def _span(difference: Difference) -> str:
    change = difference.challenger - difference.champion
    return f"{100 * change:+.1f} points, 95 % interval {100 * difference.low:+.1f} to {100 * difference.high:+.1f}"


def _etendue(difference: Difference) -> str:
    change, low, high = (
        f"{100 * each:+.1f}".replace(".", ",")
        for each in (difference.challenger - difference.champion, difference.low, difference.high)
    )
    return f"{change} points, intervalle à 95 % de {low} à {high}"


def _especes(number: int) -> str:
    return _count(number, "espèce", "espèces")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
