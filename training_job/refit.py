"""Fits the head of a new model around the champion's: what it knew stays unless photos say otherwise; what is new is learnt.

Ridge regression one against all, in closed form, exact and the same on every run. A species that the champion knows is
drawn towards the champion's weights, a new one towards zero; how strongly, and how much a rare species counts, is
chosen on validation photos. It refuses nothing; with no champion's head every species counts as new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from training_job.calibration import PowerCalibration
from training_job.head import LinearHead

FloatArray = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

# None is small: validation photos of known species may have been trained on by the first model of the line, and then say
# that any fit is a good one. On photos nobody had seen, 0.03 cost known species 0.6 points and 1 cost nothing.
KNOWN_PENALTIES = (1.0, 3.0, 10.0)
NEW_PENALTIES = (0.01, 0.03, 0.1, 0.3)
RARITY_POWERS = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Choice:
    """What was chosen on validation photos.

    Attributes:
        known_penalty: Ridge penalty that draws a known species to the champion's weights.
        new_penalty: Ridge penalty that draws a new species to zero.
        rarity_power: A photo counts (mean photos a species / photos of its species) to this power.
    """

    known_penalty: float
    new_penalty: float
    rarity_power: float


@dataclass(frozen=True)
class Candidate:
    """A choice, and what its head did.

    Attributes:
        choice: What it was fitted with.
        loss: On photos it was fitted on, in nats, each species counting the same.
        accuracy: Share of these photos that it names rightly.
        validation_loss: On validation photos, in nats, each species counting the same.
        validation_accuracy: Share of these photos that it names rightly.
    """

    choice: Choice
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Judged:
    """Photos that candidates are judged on.

    Attributes:
        embeddings: float32 [m, D].
        species_at: [m] the true species.
    """

    embeddings: FloatArray
    species_at: Indices

    def loss(self, probabilities: FloatArray) -> float:
        """Return the loss in nats of probabilities [m, K], each species counting the same."""
        picked = probabilities[np.arange(len(self.species_at)), self.species_at]
        weight = 1.0 / np.bincount(self.species_at)[self.species_at]
        return float(np.average(-np.log(np.maximum(picked, 1e-9)), weights=weight))

    def accuracy(self, probabilities: FloatArray) -> float:
        """Return the share of photos whose likeliest species is the true one."""
        return float((probabilities.argmax(axis=1) == self.species_at).mean())


class RidgeAroundPrior:
    """All heads for one set of photos; the photos are decomposed once for each rarity power.

    Args:
        embeddings: float32 [n, D], of unit length; several views of a photo are several rows.
        species_at: [n] the true species.
        prior: Towards which weights the species are drawn; zero for new ones.
        views: Views per photo; penalties grow with it, so that views do not count as new photos.
        anchors: float32 [a, D], places in the embedding where every score should stay as it was: where species lie
            that the champion knows and no photo shows. Without them a new species would claim those as well, since
            nothing it was fitted on says otherwise.
    """

    def __init__(
        self,
        embeddings: FloatArray,
        species_at: Indices,
        *,
        prior: LinearHead,
        views: int,
        anchors: FloatArray | None = None,
    ) -> None:
        self._species_at = species_at
        self._views = views
        self._prior = np.vstack([prior.weights, prior.bias]).astype(np.float64)
        rows = _with_constant(embeddings)
        targets = np.zeros((len(species_at), self._prior.shape[1]))
        targets[np.arange(len(species_at)), species_at] = 1.0
        fixed = _with_constant(np.zeros((0, embeddings.shape[1]), np.float32) if anchors is None else anchors)
        # An anchor weighs as much as a photo with all its views.
        self._rows = np.vstack([rows, fixed * np.sqrt(views)])
        self._residuals = np.vstack([targets - rows @ self._prior, np.zeros((len(fixed), targets.shape[1]))])
        self._decomposed: dict[float, tuple[Doubles, Doubles, Doubles]] = {}

    def head(self, choice: Choice, *, is_new: Flags) -> LinearHead:
        """Fit with ``choice``; ``is_new`` [K] says which species the champion does not know."""
        _, vectors, _ = self._decomposition(choice.rarity_power)
        weights = self._prior + vectors @ self._moved(choice, is_new)
        return LinearHead(weights[:-1].astype(np.float32), weights[-1].astype(np.float32))

    def scores(self, embeddings: FloatArray, *, is_new: Flags) -> Iterator[tuple[Choice, FloatArray]]:
        """Yield, for every choice, the scores float32 [m, K] that its head gives to ``embeddings`` [m, D]."""
        rows = _with_constant(embeddings)
        before = rows @ self._prior
        # Where every species has as many photos, rarity weighs nothing, and one power is as good as another.
        photos = np.bincount(self._species_at)
        powers = RARITY_POWERS if np.ptp(photos[photos > 0]) else RARITY_POWERS[:1]
        for rarity_power in powers:
            # Seen along the directions once, so that a choice costs no product with whole embeddings.
            seen = rows @ self._decomposition(rarity_power)[1]
            for known_penalty, new_penalty in product(KNOWN_PENALTIES, NEW_PENALTIES):
                choice = Choice(known_penalty, new_penalty, rarity_power)
                yield choice, (before + seen @ self._moved(choice, is_new)).astype(np.float32)

    def _moved(self, choice: Choice, is_new: Flags) -> Doubles:
        values, _, projected = self._decomposition(choice.rarity_power)
        moved = np.empty_like(projected)
        for columns, penalty in ((~is_new, choice.known_penalty), (is_new, choice.new_penalty)):
            moved[:, columns] = projected[:, columns] / (values + penalty * self._views)[:, np.newaxis]
        return moved

    def _decomposition(self, rarity_power: float) -> tuple[Doubles, Doubles, Doubles]:
        """Eigenvalues [r] of the weighted Gram matrix, directions [D + 1, r], and residuals seen along them [r, K]."""
        if rarity_power not in self._decomposed:
            counts = np.bincount(self._species_at)
            typical = len(self._species_at) / np.count_nonzero(counts)
            weight = np.ones((len(self._rows), 1))
            weight[: len(self._species_at), 0] = np.sqrt((typical / counts[self._species_at]) ** rarity_power)
            rows, residuals = self._rows * weight, self._residuals * weight
            if len(rows) < rows.shape[1]:
                values, mixing = np.linalg.eigh(rows @ rows.T)
                values = np.maximum(values, 0.0)
                vectors, projected = rows.T @ mixing, mixing.T @ residuals
            else:
                values, vectors = np.linalg.eigh(rows.T @ rows)
                values = np.maximum(values, 0.0)
                projected = vectors.T @ (rows.T @ residuals)
            self._decomposed[rarity_power] = (values, vectors, projected)
        return self._decomposed[rarity_power]


def choose(
    ridge: RidgeAroundPrior,
    *,
    train: Judged,
    validation: Judged,
    is_new: Flags,
    calibration: PowerCalibration,
) -> tuple[Choice, tuple[Candidate, ...]]:
    """Find the choice under which validation photos lose least, each species counting the same.

    Args:
        ridge: The heads.
        train: Some photos that the heads are fitted on; they are told beside the others and decide nothing.
        validation: The photos that decide.
        is_new: [K].
        calibration: Makes probabilities of scores; the champion's, since it is fitted anew only once a head is chosen.

    Returns:
        The choice, and every candidate in the order they were tried. Without validation photos there is none to try, and
        the choice is the strongest penalties.
    """
    if not len(validation.species_at):
        return Choice(KNOWN_PENALTIES[-1], NEW_PENALTIES[0], RARITY_POWERS[0]), ()
    candidates = []
    for (choice, scores), (_, fitted_on) in zip(
        ridge.scores(validation.embeddings, is_new=is_new),
        ridge.scores(train.embeddings, is_new=is_new),
        strict=True,
    ):
        unseen, seen = calibration.probabilities(scores), calibration.probabilities(fitted_on)
        figures = train.loss(seen), train.accuracy(seen), validation.loss(unseen), validation.accuracy(unseen)
        candidates.append(Candidate(choice, *figures))
    return min(candidates, key=lambda each: each.validation_loss).choice, tuple(candidates)


def _with_constant(embeddings: FloatArray) -> Doubles:
    return np.hstack([embeddings, np.ones((len(embeddings), 1), np.float32)]).astype(np.float64)
