"""The classifier on top of embeddings: ridge regression in closed form, exact and the same on every run."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class LinearHead:
    """Scores = embedding @ weights + bias; weights float32 [D, K], bias float32 [K]."""

    weights: FloatArray
    bias: FloatArray

    def scores(self, embeddings: FloatArray) -> FloatArray:
        """Scores float32 [n, K] of embeddings [n, D]: about 1 for the right species, 0 for the others."""
        return embeddings @ self.weights + self.bias


def fit_ridge(
    embeddings: FloatArray, species_at: Indices, *, species_count: int, penalty: float, views: int = 1
) -> LinearHead:
    """Fits one-against-all ridge regression with an unpenalised bias.

    Args:
        embeddings: float32 [n, D], of unit length.
        species_at: [n] the true species.
        species_count: K; species without a photo get a score that is 0 everywhere.
        penalty: The ridge penalty for one view per photo.
        views: How many views of each photo `embeddings` holds; the penalty grows with it, so that views do not count
            as new photos.
    """
    centre = embeddings.mean(axis=0)
    centred = (embeddings - centre).astype(np.float64)
    counts = np.bincount(species_at, minlength=species_count)
    targets = np.zeros((len(species_at), species_count))
    targets[np.arange(len(species_at)), species_at] = 1.0
    share = counts / len(species_at)
    targets -= share
    scaled_penalty = penalty * views
    if len(centred) < centred.shape[1]:
        gram = centred @ centred.T
        gram[np.diag_indices_from(gram)] += scaled_penalty
        weights = centred.T @ np.linalg.solve(gram, targets)
    else:
        gram = centred.T @ centred
        gram[np.diag_indices_from(gram)] += scaled_penalty
        weights = np.linalg.solve(gram, centred.T @ targets)
    bias = share - centre @ weights
    return LinearHead(weights.astype(np.float32), bias.astype(np.float32))
