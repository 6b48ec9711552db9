"""Reads labelled photos from a folder per label, as the Kaggle set lays them out, and says which are held out.

Decoding and resizing are `avocet.domain.imaging`'s, so that a network is trained on what it will be served. A file
that is no sound photo stops the run: nothing is skipped in silence.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avocet.domain.imaging import PhotoError, to_model_input

Pixels = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]


class TrainingDataError(ValueError):
    """The folder does not hold what a training needs."""


@dataclass(frozen=True)
class LabelledPhotos:
    """Photos in memory, species by species.

    Attributes:
        species: The species ids, sorted; a photo's `species_at` points into them.
        names: `<label>/<file>` of each photo.
        pixels: uint8 [n, size, size, 3] RGB.
        species_at: [n] index into `species`.
    """

    species: tuple[str, ...]
    names: tuple[str, ...]
    pixels: Pixels
    species_at: Indices

    def __len__(self) -> int:
        return len(self.names)


def read_photos(
    folder: Path,
    species_of_label: Mapping[str, str | None],
    *,
    input_size_px: int,
    on_label: Callable[[int, int], None] = lambda _done, _total: None,
) -> LabelledPhotos:
    """Reads `folder/<LABEL>/<file>`; two labels of one species become one species.

    Args:
        folder: The folder of labels.
        species_of_label: The species id of each label; None leaves the label out.
        input_size_px: Side of the square that photos are fitted to.
        on_label: Called with how many labels are read, and how many there are.

    Raises:
        TrainingDataError: If the folder is empty, a label is not in the table or a photo cannot be read.
    """
    labels = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not labels:
        raise TrainingDataError(f"no labelled photos in {folder}")
    unnamed = [label for label in labels if label not in species_of_label]
    if unnamed:
        raise TrainingDataError(f"labels without a species: {', '.join(unnamed[:5])}")
    photos: list[tuple[str, str, Pixels]] = []
    for done, label in enumerate(labels, start=1):
        species_id = species_of_label[label]
        if species_id is not None:
            photos.extend(
                (species_id, f"{label}/{path.name}", _read(path, input_size_px=input_size_px))
                for path in sorted((folder / label).iterdir())
            )
        on_label(done, len(labels))
    species = tuple(sorted({species_id for species_id, _, _ in photos}))
    position = {species_id: at for at, species_id in enumerate(species)}
    return LabelledPhotos(
        species=species,
        names=tuple(name for _, name, _ in photos),
        pixels=np.stack([pixels for _, _, pixels in photos]),
        species_at=np.array([position[species_id] for species_id, _, _ in photos], dtype=np.intp),
    )


def folds(photos: LabelledPhotos, *, count: int) -> Indices:
    """Deals every species' photos over `count` folds, in an order that depends only on the photos' names.

    Fold 0 is the hold-out: one photo of each species that has `count` of them.

    Returns:
        [n] the fold of each photo, 0 to `count` - 1.
    """
    fold = np.zeros(len(photos), dtype=np.intp)
    digests = [hashlib.sha256(name.encode()).digest() for name in photos.names]
    for species_at in range(len(photos.species)):
        members = sorted(np.flatnonzero(photos.species_at == species_at), key=lambda at: digests[at])
        for turn, at in enumerate(members):
            fold[at] = turn % count
    return fold


def _read(path: Path, *, input_size_px: int) -> Pixels:
    try:
        return to_model_input(path.read_bytes(), size_px=input_size_px).pixels
    except PhotoError as error:
        raise TrainingDataError(f"{path.parent.name}/{path.name}: {error}") from error
