"""Pictures of an evaluation: the confusion matrix and the reliability diagram, as PNG.

A matrix of hundreds of species says nothing when all of it is drawn, so only the species that are confused are.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from avocet.domain.evaluation import BINS, Evaluation

_SHOWN_SPECIES = 40
_DPI = 110


def draw_confusion(evaluation: Evaluation, path: Path) -> None:
    """Draw the species with the most mistakes, true species down, answers across, each row as shares of its photos."""
    mistakes: dict[str, int] = {}
    for species, answer, photos in evaluation.most_confused(evaluation.photos):
        mistakes[species] = mistakes.get(species, 0) + photos
        mistakes[answer] = mistakes.get(answer, 0) + photos
    names = sorted(sorted(mistakes, key=lambda name: (-mistakes[name], name))[:_SHOWN_SPECIES])
    shares = np.zeros((len(names), len(names)), np.float32)
    for down, species in enumerate(names):
        row = evaluation.matrix.get(species, {})
        for across, answer in enumerate(names):
            shares[down, across] = row.get(answer, 0) / max(sum(row.values()), 1)
    side = max(4.0, 0.28 * len(names) + 2.5)
    figure, axes = plt.subplots(figsize=(side, side), layout="constrained")
    if names:
        image = axes.imshow(shares, vmin=0, vmax=1, cmap="viridis")
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        figure.colorbar(image, ax=axes, shrink=0.6, label="share of the species' photos")
    axes.set_xlabel("answer")
    axes.set_ylabel("species")
    axes.set_title(f"The {len(names)} species confused most" if names else "No photo was answered wrongly")
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)


def draw_reliability(evaluation: Evaluation, path: Path) -> None:
    """Draw how often an answer of each score was right, beside how often it should have been."""
    filled = [each for each in evaluation.bins if each.photos]
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--", label="as it should be")
    axes.bar(
        [each.score_sum / each.photos for each in filled],
        [each.right / each.photos for each in filled],
        width=0.8 / BINS,
        label="share right",
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("score of the answer")
    axes.set_ylabel("share of right answers")
    axes.set_title(f"Calibration error {evaluation.calibration_error:.3f} over {evaluation.photos} photos")
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)
