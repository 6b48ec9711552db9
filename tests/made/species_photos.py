"""Photos of invented species in Kaggle's layout: each species has its own colours, each photo its own arrangement of them."""

from pathlib import Path

import numpy as np
from PIL import Image

SIDE_PX = 224
_COLOURS = 3


def write_species_photos(folder: Path, labels: list[str], *, each: int) -> Path:
    """Write ``each`` photos of every label under ``folder/train`` and return the folder; the same every time."""
    for number, label in enumerate(labels):
        target = folder / "train" / label
        target.mkdir(parents=True)
        colours = np.random.default_rng(1000 + number).integers(0, 256, (_COLOURS, 3), dtype=np.uint8)
        for photo in range(each):
            random = np.random.default_rng((number, photo))
            tiles = colours[random.integers(0, _COLOURS, (7, 7))]
            image = Image.fromarray(tiles).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
            image.save(target / f"{photo:03}.jpg", quality=92)
    return folder
