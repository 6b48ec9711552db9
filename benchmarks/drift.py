"""How often a drift check cries wolf, and what it finds: a simulation from a real confusion matrix, the ancestor's rule beside it.

The matrix is made by scoring the sample photos with the starter, each seen from farther away and out of focus, since the
starter knows the photos themselves by heart. From it each species gets a true row of answers; reference and new photos
are drawn from it, again and again.
"""

import argparse
import io
import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from avocet.adapters.onnx import load_bundle
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.drift import Direction, ancestor_flags, compare
from avocet.domain.evaluation import BINS, Bin, Evaluation
from avocet.domain.imaging import to_model_input

ROOT = Path(__file__).resolve().parents[1]
_SAMPLES = ROOT.parent / "shared" / "data" / "birds-sample" / "train"
_MATRIX = ROOT / ".avocet" / "bench" / "confusion.json"
_SPECIES = 523
# The 12,700 test photos of a full check are 24 of each species; a busy month may bring 40 more.
_REFERENCE_PHOTOS, _NEW_PHOTOS = 24, 40
_DRIFTING, _DROP = 10, 0.3
_BLUR_PX = 3.0
_FAR_PX = 60

Rows = npt.NDArray[np.float64]


def main() -> None:
    """Simulate and print the table of docs/watching.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100)
    draws = parser.parse_args().draws
    counts = confusion()
    rng = np.random.default_rng(20261125)
    began = time.perf_counter()
    quiet = [simulate(counts, rng, drop=0.0) for _ in range(draws)]
    loud = [simulate(counts, rng, drop=_DROP) for _ in range(draws)]
    seconds = time.perf_counter() - began
    accuracy = float(np.trace(counts) / counts.sum())
    print(
        f"{_SPECIES} species; confusion matrix of {int(counts.sum())} sample photos (accuracy {accuracy:.3f}); "
        f"{_REFERENCE_PHOTOS} reference and {_NEW_PHOTOS} new photos a species; {draws} draws in {seconds:.0f} s, "
        f"load average {os.getloadavg()[0]:.1f}.\n"
    )
    print("| flagged of 523 species, mean (most) | Avocet | the ancestor's rule |")
    print("|---|---|---|")
    print(f"| nothing has changed | {_told([d[0] for d in quiet])} | {_told([d[2] for d in quiet])} |")
    print(
        f"| recall down by {_DROP} in {_DRIFTING}: of those found | {_told([d[1] for d in loud])} | {_told([d[3] for d in loud])} |"
    )
    print(
        f"| ... and of the others flagged | {_told([d[0] - d[1] for d in loud])} | {_told([d[2] - d[3] for d in loud])} |"
    )


def confusion() -> Rows:
    """Return the real matrix, float64 [523, 523], photos by true species and answer; scored once and kept."""
    if not _MATRIX.is_file():
        _MATRIX.parent.mkdir(parents=True, exist_ok=True)
        _MATRIX.write_text(json.dumps(_score()))
    cells = json.loads(_MATRIX.read_text())
    names = sorted(cells)[:_SPECIES]
    place = {name: index for index, name in enumerate(names)}
    matrix = np.zeros((_SPECIES, _SPECIES))
    for name in names:
        for answer, photos in cells[name].items():
            if answer in place:
                matrix[place[name], place[answer]] += photos
    return matrix


def _score() -> dict[str, dict[str, int]]:
    labels = json.loads((ROOT / "models/starter/bundle.json").read_text())
    model = load_bundle(ROOT / "models/starter", world_list())
    by_label = _species_by_label()
    cells: dict[str, dict[str, int]] = {name: {} for name in labels["species"]}
    for path in sorted(_SAMPLES.glob("*/*.jpg")):
        species = by_label[path.parent.name]
        for data in _seen_otherwise(path):
            scores = model.score(to_model_input(data, size_px=model.size_px).pixels)
            answer = model.labels.species[int(scores.probabilities.argmax())]
            cells[species][answer] = cells[species].get(answer, 0) + 1
    return cells


def _species_by_label() -> dict[str, str]:
    import csv

    with (ROOT / "species_list/kaggle_labels.csv").open(newline="") as file:
        return {row["label"]: row["species_id"] for row in csv.DictReader(file)}


def _seen_otherwise(path: Path) -> Sequence[bytes]:
    with Image.open(path) as photo:
        blurred = photo.filter(ImageFilter.GaussianBlur(_BLUR_PX))
        far = photo.resize((_FAR_PX, _FAR_PX), Image.Resampling.BOX)
    return [_jpeg(blurred), _jpeg(far)]


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def simulate(counts: Rows, rng: np.random.Generator, *, drop: float) -> tuple[int, int, int, int]:
    """Draw once; return how many species Avocet flags, and rightly, and how many the ancestor's rule, and rightly."""
    rows = _true_rows(counts, rng)
    drifting = rng.choice(_SPECIES, _DRIFTING, replace=False) if drop else np.array([], dtype=int)
    changed = rows.copy()
    for index in drifting:
        lost = min(drop, changed[index, index])
        others = changed[index].copy()
        # Some species are never taken for another here; then for any.
        others += 1e-9
        others[index] = 0
        changed[index, index] -= lost
        changed[index] += lost * others / others.sum()
    reference = _drawn(rows, _REFERENCE_PHOTOS, rng)
    current = _drawn(changed, _NEW_PHOTOS, rng)
    wanted = {_name(index) for index in drifting}
    worse = {each.species_id for each in compare(reference, current).moved(Direction.WORSE)}
    better = {each.species_id for each in compare(reference, current).moved(Direction.BETTER)}
    theirs = ancestor_flags(reference, current)
    return len(worse | better), len(worse & wanted), len(theirs), len(theirs & wanted)


def _true_rows(counts: Rows, rng: np.random.Generator) -> Rows:
    """Draw each species' true row, given its few real photos and what all the others are like."""
    usual = counts.sum(0) / counts.sum()
    recall = np.trace(counts) / counts.sum()
    rows = np.empty_like(counts)
    for index in range(_SPECIES):
        # Two photos' worth of belief in the average, beside eight real ones.
        weights = counts[index] + 2 * (1 - recall) * usual + 1e-6
        weights[index] += 2 * recall
        rows[index] = rng.dirichlet(weights)
    return rows


def _drawn(rows: Rows, photos: int, rng: np.random.Generator) -> Evaluation:
    matrix: dict[str, dict[str, int]] = {}
    for index in range(_SPECIES):
        drawn = rng.multinomial(photos, rows[index])
        matrix[_name(index)] = {_name(int(answer)): int(drawn[answer]) for answer in drawn.nonzero()[0]}
    right = sum(row.get(name, 0) for name, row in matrix.items())
    total = photos * _SPECIES
    bins = (*[Bin()] * (BINS - 1), Bin(total, float(right), right))
    return Evaluation(matrix, right, 0.0, 0, bins)


def _name(index: int) -> str:
    return f"species-{index:03d}"


def _told(values: Sequence[int]) -> str:
    return f"{statistics.mean(values):.2f} ({max(values)})"


if __name__ == "__main__":
    main()
