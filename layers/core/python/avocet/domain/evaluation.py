"""How good a model is on photos whose species is known: one way to count it, for training, comparison and drift. Pure.

It refuses to count a photo twice and to add up answers of different models. Everything in an ``Evaluation`` is a sum over
photos, so parts that were counted apart add up to the whole; rates, intervals and averages are computed from the sums.
It needs no arrays: what reads a stored evaluation needs no numpy.
"""

import gzip
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from avocet.domain.errors import AvocetError
from avocet.domain.prediction import ScoredSpecies

SCHEMA = 1
BINS = 15
# Two-sided 95 %.
Z_95 = 1.959963984540054
# What a true species is given at the least, so that one absurd answer, or a species the model cannot name, does not make
# the mean loss infinite.
LEAST_PROBABILITY = 1e-7
MAX_LOSS = -math.log(LEAST_PROBABILITY)

_LOSS_DECIMALS = 6


class EvaluationNotFoundError(AvocetError):
    """Nobody has evaluated that version on that split yet."""

    code: ClassVar[str] = "no-evaluation"
    title: ClassVar[str] = "There is no such evaluation"


class CorruptEvaluationError(AvocetError):
    """A stored evaluation cannot be read."""

    code: ClassVar[str] = "corrupt-evaluation"
    title: ClassVar[str] = "The evaluation is damaged"


class MismatchedEvaluationsError(ValueError):
    """The parts are about different models, or name a photo twice; they do not add up to anything."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model said of one photo whose species is known.

    Attributes:
        photo_id: Which.
        species_id: What it shows.
        ranked: The likeliest species with their scores, the best first.
        loss: -ln of the probability given to the true species, at most ``MAX_LOSS``; that also where the model cannot
            name the species at all.
        familiarity: The model's own measure; its unit differs between bundles.
        is_familiar: Whether it reached the bundle's threshold.
    """

    photo_id: str
    species_id: str
    ranked: tuple[ScoredSpecies, ...]
    loss: float
    familiarity: float
    is_familiar: bool

    @property
    def answer(self) -> ScoredSpecies:
        """The likeliest species."""
        return self.ranked[0]

    @property
    def is_right(self) -> bool:
        """Whether the likeliest species is the true one."""
        return self.answer.species_id == self.species_id

    @property
    def is_ranked(self) -> bool:
        """Whether the true species is among the ranked ones."""
        return any(each.species_id == self.species_id for each in self.ranked)

    def to_line(self) -> str:
        """Return the outcome as one line of JSON."""
        values = {
            "photo": self.photo_id,
            "species": self.species_id,
            "ranked": [[each.species_id, each.score] for each in self.ranked],
            "loss": self.loss,
            "familiarity": self.familiarity,
            "is_familiar": self.is_familiar,
        }
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str) -> "Outcome":
        """Read an outcome back.

        Raises:
            CorruptEvaluationError: It is not one.
        """
        try:
            values: dict[str, Any] = json.loads(line)
            ranked = tuple(ScoredSpecies(str(name), float(score)) for name, score in values["ranked"])
            outcome = cls(
                photo_id=str(values["photo"]),
                species_id=str(values["species"]),
                ranked=ranked,
                loss=float(values["loss"]),
                familiarity=float(values["familiarity"]),
                is_familiar=bool(values["is_familiar"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptEvaluationError("A line is not an outcome.") from error
        if not ranked:
            raise CorruptEvaluationError("An outcome ranks no species.")
        return outcome


def loss_of(probability: float) -> float:
    """Return -ln of the true species' probability, bounded by ``MAX_LOSS``."""
    # In this order a certain answer costs 0.0 and not -0.0, which JSON would keep.
    return round(max(0.0, -math.log(max(probability, LEAST_PROBABILITY))), _LOSS_DECIMALS)


def pack_outcomes(outcomes: Iterable[Outcome]) -> bytes:
    """Return outcomes as gzipped JSON lines; the same outcomes give the same bytes."""
    return gzip.compress("".join(outcome.to_line() + "\n" for outcome in outcomes).encode(), mtime=0)


def unpack_outcomes(data: bytes) -> tuple[Outcome, ...]:
    """Read packed outcomes back.

    Raises:
        CorruptEvaluationError: They are damaged.
    """
    try:
        # An empty file is a valid archive of nothing, to gzip.
        text = gzip.decompress(data or b"?").decode()
    except (OSError, EOFError, ValueError) as error:
        raise CorruptEvaluationError("The outcomes cannot be unpacked.") from error
    return tuple(Outcome.from_line(line) for line in text.splitlines())


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of trials with its 95 % interval.

    Attributes:
        value: The share, 0-1; 0 without a trial.
        low: Lower end.
        high: Upper end.
        trials: Of how many.
    """

    value: float
    low: float
    high: float
    trials: int

    @classmethod
    def of(cls, hits: int, trials: int) -> "Rate":
        """Return ``hits`` out of ``trials`` with Wilson's interval; anything is possible without a trial.

        Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
        """
        if not trials:
            return cls(0.0, 0.0, 1.0, 0)
        share, z2 = hits / trials, Z_95 * Z_95
        centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
        half = Z_95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
        # Rounding must not push the share itself out of its interval.
        return cls(share, min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share), trials)


@dataclass(frozen=True, slots=True)
class SpeciesScores:
    """How well one species is recognised.

    Attributes:
        species_id: Which.
        photos: Of it, in the split.
        answered: How often it was the likeliest species, rightly or wrongly.
        right: How often rightly.
        precision: right / answered.
        recall: right / photos.
        f1: Their harmonic mean. Its interval is Wilson's for right / (photos + answered - right), of which F1 is an
            increasing function: F1 itself is no share of trials.
    """

    species_id: str
    photos: int
    answered: int
    right: int
    precision: Rate
    recall: Rate
    f1: Rate

    @classmethod
    def of(cls, species_id: str, *, photos: int, answered: int, right: int) -> "SpeciesScores":
        """Compute the rates from the counts."""
        overlap = Rate.of(right, photos + answered - right)
        value, low, high = (2 * share / (1 + share) for share in (overlap.value, overlap.low, overlap.high))
        f1 = Rate(value, low, high, overlap.trials)
        return cls(species_id, photos, answered, right, Rate.of(right, answered), Rate.of(right, photos), f1)


@dataclass(frozen=True, slots=True)
class Bin:
    """The photos whose answer was scored within one fifteenth of 0-1.

    Attributes:
        photos: How many.
        score_sum: Of their answers' scores.
        right: How many answers were right.
    """

    photos: int = 0
    score_sum: float = 0.0
    right: int = 0

    def plus(self, other: "Bin") -> "Bin":
        """Return both together."""
        return Bin(self.photos + other.photos, self.score_sum + other.score_sum, self.right + other.right)


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to photos of known species, as sums.

    Attributes:
        matrix: The confusion matrix: photos by true species, then by likeliest species; cells of 0 are absent.
        ranked_right: Photos whose true species is among the three likeliest.
        loss_sum: Of the photos' losses.
        unfamiliar: Photos that the model called unfamiliar.
        bins: ``BINS`` equally wide ones over the score of the likeliest species.
    """

    matrix: Mapping[str, Mapping[str, int]]
    ranked_right: int
    loss_sum: float
    unfamiliar: int
    bins: tuple[Bin, ...]

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "Evaluation":
        """Count outcomes.

        Raises:
            MismatchedEvaluationsError: A photo is among them twice.
        """
        outcomes = tuple(outcomes)
        if len({outcome.photo_id for outcome in outcomes}) < len(outcomes):
            raise MismatchedEvaluationsError("a photo is counted twice")
        matrix: dict[str, Counter[str]] = {}
        bins = [Bin()] * BINS
        for outcome in outcomes:
            answer = outcome.answer
            matrix.setdefault(outcome.species_id, Counter())[answer.species_id] += 1
            place = min(int(answer.score * BINS), BINS - 1)
            bins[place] = bins[place].plus(Bin(1, answer.score, int(outcome.is_right)))
        return cls(
            matrix={species: dict(row) for species, row in matrix.items()},
            ranked_right=sum(outcome.is_ranked for outcome in outcomes),
            loss_sum=math.fsum(outcome.loss for outcome in outcomes),
            unfamiliar=sum(not outcome.is_familiar for outcome in outcomes),
            bins=tuple(bins),
        )

    @classmethod
    def sum_of(cls, parts: Iterable["Evaluation"]) -> "Evaluation":
        """Add up evaluations of disjoint photos."""
        matrix: dict[str, Counter[str]] = {}
        ranked_right, unfamiliar, losses, bins = 0, 0, [], [Bin()] * BINS
        for part in parts:
            for species, row in part.matrix.items():
                matrix.setdefault(species, Counter()).update(row)
            ranked_right += part.ranked_right
            unfamiliar += part.unfamiliar
            losses.append(part.loss_sum)
            bins = [mine.plus(theirs) for mine, theirs in zip(bins, part.bins, strict=True)]
        return cls(
            {name: dict(row) for name, row in matrix.items()}, ranked_right, math.fsum(losses), unfamiliar, tuple(bins)
        )

    @cached_property
    def photos(self) -> int:
        """How many photos were scored."""
        return sum(sum(row.values()) for row in self.matrix.values())

    @cached_property
    def accuracy(self) -> Rate:
        """Photos whose likeliest species is the true one."""
        return Rate.of(sum(row.get(species, 0) for species, row in self.matrix.items()), self.photos)

    @cached_property
    def top3(self) -> Rate:
        """Photos whose true species is among the three likeliest."""
        return Rate.of(self.ranked_right, self.photos)

    @cached_property
    def unfamiliar_rate(self) -> Rate:
        """Photos that the model called unfamiliar."""
        return Rate.of(self.unfamiliar, self.photos)

    @property
    def log_loss(self) -> float:
        """The mean loss, in nats; 0 without a photo."""
        return self.loss_sum / self.photos if self.photos else 0.0

    @property
    def calibration_error(self) -> float:
        """Mean over photos of |share right - mean score| within the photo's bin, 0-1.

        Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
        """
        gaps = sum(abs(each.right - each.score_sum) for each in self.bins)
        return gaps / self.photos if self.photos else 0.0

    @cached_property
    def species(self) -> Mapping[str, SpeciesScores]:
        """Every species that has photos in the split or was answered, by id, in order."""
        answered: Counter[str] = Counter()
        for row in self.matrix.values():
            answered.update(row)
        return {
            name: SpeciesScores.of(
                name,
                photos=sum(self.matrix.get(name, {}).values()),
                answered=answered[name],
                right=self.matrix.get(name, {}).get(name, 0),
            )
            for name in sorted({*self.matrix, *answered})
        }

    @cached_property
    def macro_f1(self) -> float:
        """Mean F1 of the species that have photos in the split; 0 without any."""
        judged = [scores.f1.value for scores in self.species.values() if scores.photos]
        return sum(judged) / len(judged) if judged else 0.0

    def weakest(self, count: int) -> Sequence[SpeciesScores]:
        """Return the species with the lowest F1 among those with photos; more photos first where it is equal."""
        judged = (scores for scores in self.species.values() if scores.photos)
        return sorted(judged, key=lambda scores: (scores.f1.value, -scores.photos, scores.species_id))[:count]

    def most_confused(self, count: int) -> Sequence[tuple[str, str, int]]:
        """Return the commonest mistakes: true species, answer, photos."""
        mistakes = (
            (species, answer, photos)
            for species, row in self.matrix.items()
            for answer, photos in row.items()
            if answer != species
        )
        return sorted(mistakes, key=lambda mistake: (-mistake[2], mistake[0], mistake[1]))[:count]

    def to_values(self) -> dict[str, Any]:
        """Return the sums as plain values for JSON."""
        return {
            "matrix": {name: dict(sorted(row.items())) for name, row in sorted(self.matrix.items())},
            "ranked_right": self.ranked_right,
            "loss_sum": self.loss_sum,
            "unfamiliar": self.unfamiliar,
            "bins": [[each.photos, each.score_sum, each.right] for each in self.bins],
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Evaluation":
        """Read the sums back.

        Raises:
            CorruptEvaluationError: They are not an evaluation's.
        """
        try:
            bins = tuple(Bin(int(photos), float(scores), int(right)) for photos, scores, right in values["bins"])
            made = cls(
                matrix={
                    str(name): {str(answer): int(photos) for answer, photos in row.items()}
                    for name, row in values["matrix"].items()
                },
                ranked_right=int(values["ranked_right"]),
                loss_sum=float(values["loss_sum"]),
                unfamiliar=int(values["unfamiliar"]),
                bins=bins,
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptEvaluationError("The sums are not an evaluation's.") from error
        if len(bins) != BINS or sum(each.photos for each in bins) != made.photos:
            raise CorruptEvaluationError("The evaluation's parts do not agree on the number of photos.")
        return made


@dataclass(frozen=True)
class StoredEvaluation:
    """An evaluation and what it is of.

    Attributes:
        model_version: The model that was asked.
        snapshot_id: Whose photos.
        split: Which of its splits.
        outputs: Every species the model can name; a photo of any other is a mistake whatever it answers.
        evaluation: The sums.
    """

    model_version: str
    snapshot_id: str
    split: str
    outputs: frozenset[str]
    evaluation: Evaluation

    def summary(self) -> dict[str, float]:
        """Return the headline figures, rounded to what they are worth."""
        sums = self.evaluation
        return {
            "photos": sums.photos,
            "accuracy": round(sums.accuracy.value, 4),
            "accuracy_low": round(sums.accuracy.low, 4),
            "accuracy_high": round(sums.accuracy.high, 4),
            "top3": round(sums.top3.value, 4),
            "macro_f1": round(sums.macro_f1, 4),
            "log_loss": round(sums.log_loss, 4),
            "calibration_error": round(sums.calibration_error, 4),
            "unfamiliar_ratio": round(sums.unfamiliar_rate.value, 4),
        }

    def to_json(self) -> bytes:
        """Return the evaluation as stored: what it is of, the headline figures for whoever looks, and the sums."""
        values = {
            "schema": SCHEMA,
            "model_version": self.model_version,
            "snapshot_id": self.snapshot_id,
            "split": self.split,
            "summary": self.summary(),
            "outputs": sorted(self.outputs),
            **self.evaluation.to_values(),
        }
        return json.dumps(values, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "StoredEvaluation":
        """Read a stored evaluation back.

        Raises:
            CorruptEvaluationError: It is not one of this schema.
        """
        try:
            values = json.loads(data)
            if values["schema"] != SCHEMA:
                raise CorruptEvaluationError(f"The evaluation has schema {values['schema']}, not {SCHEMA}.")
            return cls(
                model_version=str(values["model_version"]),
                snapshot_id=str(values["snapshot_id"]),
                split=str(values["split"]),
                outputs=frozenset(map(str, values["outputs"])),
                evaluation=Evaluation.from_values(values),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptEvaluationError("The evaluation cannot be read.") from error
