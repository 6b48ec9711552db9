"""From a model's scores to what is said about a photo; thresholds and labels come from the bundle, never from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avocet.domain.prediction import CoarserGuess, CoarserRank, Prediction, ScoredSpecies
from avocet.domain.taxonomy import Taxon

ANSWERS = 3
SCORE_DECIMALS = 6

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a model may be believed; each bundle carries its own.

    Attributes:
        sure_min_score: A species scored at least this needs no coarser guess.
        coarser_min_score: A genus or family must sum to at least this to be offered.
        familiarity_min: Below this the photo shows nothing the model knows.
    """

    sure_min_score: float
    coarser_min_score: float
    familiarity_min: float


@dataclass(frozen=True, slots=True)
class Scores:
    """One photo's raw answer from a model.

    Attributes:
        probabilities: float32, shape (K,), calibrated, sums to one.
        familiarity: Higher means more like what the model was trained on; unit differs between bundles.
        sketch: What the photo looks like to the model; empty where it does not say.
    """

    probabilities: FloatArray
    familiarity: float
    sketch: bytes = b""


@dataclass(frozen=True, slots=True)
class _Grouping:
    names: tuple[str, ...]
    members: IntArray  # outputs that belong to a group at all
    groups: IntArray  # for each of them, the index into names

    @classmethod
    def by(cls, names: Sequence[str | None]) -> "_Grouping":
        known = sorted({name for name in names if name})
        position = {name: index for index, name in enumerate(known)}
        members = [index for index, name in enumerate(names) if name]
        groups = [position[name] for name in names if name]
        return cls(tuple(known), np.array(members, dtype=np.intp), np.array(groups, dtype=np.intp))

    def best(self, probabilities: FloatArray) -> tuple[str, float] | None:
        if not self.names:
            return None
        sums = np.bincount(self.groups, weights=probabilities[self.members], minlength=len(self.names))
        winner = int(sums.argmax())
        return self.names[winner], float(sums[winner])


@dataclass(frozen=True, slots=True)
class ModelLabels:
    """What a model's outputs stand for, prepared once per session so that a prediction only adds numbers up."""

    species: tuple[str, ...]
    genera: _Grouping
    families: _Grouping
    place_of: Mapping[str, int]

    @classmethod
    def of(cls, species: Sequence[str], lineages: Sequence[Taxon | None]) -> "ModelLabels":
        """Bind output names to their lineage.

        Args:
            species: Species ids in output order.
            lineages: For each of them its taxon, or None where the catalogue has none.
        """
        return cls(
            tuple(species),
            _Grouping.by([lineage.genus if lineage else None for lineage in lineages]),
            _Grouping.by([lineage.family if lineage else None for lineage in lineages]),
            {species_id: place for place, species_id in enumerate(species)},
        )


def interpret(scores: Scores, *, labels: ModelLabels, thresholds: Thresholds, model_version: str) -> Prediction:
    """Turn a model's scores into an answer for a person.

    A photo the model does not know gets no coarser guess: naming its family would claim what was just denied.
    """
    probabilities = scores.probabilities
    best = np.argsort(-probabilities, kind="stable")[:ANSWERS]
    ranked = tuple(ScoredSpecies(labels.species[i], rounded(float(probabilities[i]))) for i in best)
    unfamiliar = scores.familiarity < thresholds.familiarity_min
    unsure = ranked[0].score < thresholds.sure_min_score
    coarser = _coarser(probabilities, labels, thresholds) if unsure and not unfamiliar else None
    return Prediction(model_version, ranked, coarser, bool(unfamiliar), scores.sketch)


def _coarser(probabilities: FloatArray, labels: ModelLabels, thresholds: Thresholds) -> CoarserGuess | None:
    candidates: tuple[tuple[CoarserRank, _Grouping], ...] = (("genus", labels.genera), ("family", labels.families))
    for rank, grouping in candidates:
        best = grouping.best(probabilities)
        if best and best[1] >= thresholds.coarser_min_score:
            return CoarserGuess(rank, best[0], rounded(best[1]))
    return None


def rounded(score: float) -> float:
    """Return a score as it is shown and kept."""
    return round(min(max(score, 0.0), 1.0), SCORE_DECIMALS)
