"""Measures whether a photo shows anything the model knows: other birds and things that are no birds should score low."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training_job.calibration import PowerCalibration, area_under_roc
from training_job.head import LinearHead, fit_ridge

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

SHIPPED_KIND = "max_score+nearest_centroid"


@dataclass(frozen=True)
class Centroids:
    """Where the species lie in the embedding.

    Attributes:
        centre: float32 [D], the mean embedding.
        directions: float32 [K, D], from the centre towards each species' photos, of unit length.
    """

    centre: FloatArray
    directions: FloatArray

    @classmethod
    def of(cls, embeddings: FloatArray, species_at: Indices, *, species_count: int) -> "Centroids":
        """Averages embeddings [n, D] by species [n]; every one of `species_count` species needs a photo."""
        centre = embeddings.mean(axis=0)
        sums = np.zeros((species_count, embeddings.shape[1]), np.float32)
        np.add.at(sums, species_at, embeddings - centre)
        return cls(centre, _unit(sums))

    def nearest(self, embeddings: FloatArray) -> FloatArray:
        """The cosine, seen from the centre, to the nearest species: float32 [n] of [n, D]."""
        return (_unit(embeddings - self.centre) @ self.directions.T).max(axis=1)


def measures(
    embeddings: FloatArray,
    *,
    head: LinearHead,
    calibration: PowerCalibration,
    centroids: Centroids,
    known: FloatArray,
) -> dict[str, FloatArray]:
    """Scores photos by every rule under comparison; each is float32 [n], higher is more familiar.

    Args:
        embeddings: float32 [n, D].
        head: The head of the known species.
        calibration: Its calibration.
        centroids: Their centroids.
        known: float32 [m, D], the photos the head was fitted on.
    """
    scores = head.scores(embeddings)
    max_score = scores.max(axis=1)
    nearest_centroid = centroids.nearest(embeddings)
    log_scores = calibration.power * np.log(np.maximum(scores, 0.0) + calibration.floor)
    peak = log_scores.max(axis=1)
    return {
        "max_score": max_score,
        "max_probability": calibration.probabilities(scores).max(axis=1),
        "energy": peak + np.log(np.exp(log_scores - peak[:, np.newaxis]).sum(axis=1)),
        "nearest_centroid": nearest_centroid,
        "nearest_neighbour": (_unit(embeddings - centroids.centre) @ _unit(known - centroids.centre).T).max(axis=1),
        SHIPPED_KIND: max_score + nearest_centroid,
    }


@dataclass(frozen=True)
class Comparison:
    """How well each rule tells known from unknown, averaged over the folds of species.

    Attributes:
        unknown_species: By rule, the area under the ROC of known species' held-out photos against photos of birds
            whose species the head does not know.
        non_birds: By rule, the same against pictures of anything but birds.
    """

    unknown_species: dict[str, float]
    non_birds: dict[str, float]


def compare(
    *,
    fitting: FloatArray,
    fitting_species_at: Indices,
    held_out: FloatArray,
    held_out_species_at: Indices,
    non_birds: FloatArray,
    species_count: int,
    penalty: float,
    views: int,
    calibration: PowerCalibration,
    folds: int,
    seed: int,
) -> Comparison:
    """Holds a fold of species out of the head at a time and asks every rule which photos it knows.

    Args:
        fitting: float32 [m, D], embeddings that heads are fitted on.
        fitting_species_at: [m] their species.
        held_out: float32 [n, D], other photos of the same species.
        held_out_species_at: [n] their species.
        non_birds: float32 [k, D], pictures without birds.
        species_count: K.
        penalty: Ridge penalty.
        views: Views per photo in `fitting`.
        calibration: Used by the rules that work on probabilities.
        folds: Into how many parts the species are dealt.
        seed: Of the dealing.
    """
    part = np.random.default_rng(seed).permutation(species_count) % folds
    against_species: dict[str, list[float]] = {}
    against_others: dict[str, list[float]] = {}
    for left_out in range(folds):
        position = np.cumsum(part != left_out) - 1
        knows = part[fitting_species_at] != left_out
        known_count = int(np.sum(part != left_out))
        head = fit_ridge(
            fitting[knows],
            position[fitting_species_at[knows]],
            species_count=known_count,
            penalty=penalty,
            views=views,
        )
        centroids = Centroids.of(fitting[knows], position[fitting_species_at[knows]], species_count=known_count)
        is_known = part[held_out_species_at] != left_out
        known, unknown, others = (
            measures(photos, head=head, calibration=calibration, centroids=centroids, known=fitting[knows])
            for photos in (held_out[is_known], held_out[~is_known], non_birds)
        )
        for rule in known:
            against_species.setdefault(rule, []).append(area_under_roc(known[rule], unknown[rule]))
            against_others.setdefault(rule, []).append(area_under_roc(known[rule], others[rule]))
    return Comparison(
        unknown_species={rule: float(np.mean(areas)) for rule, areas in against_species.items()},
        non_birds={rule: float(np.mean(areas)) for rule, areas in against_others.items()},
    )


def _unit(vectors: FloatArray) -> FloatArray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
