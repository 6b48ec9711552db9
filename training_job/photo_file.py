"""The decoded photos of a snapshot in one file on the training's own disk, so that no epoch decodes a JPEG again.

Shards are read once and in sequence, photos are decoded side by side, and the file is claimed whole before the first: a disk
that is too small is found out at once. It refuses a snapshot whose photos changed or are missing.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avocet.domain.dataset import Split
from avocet.domain.imaging import to_model_input
from avocet.domain.snapshots import CorruptSnapshotError, Row
from avocet.usecases.read_snapshot import Snapshot
from training_job.refusals import DiskFullError

Pixels = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]

_AT_ONCE = 64


@dataclass(frozen=True)
class DecodedPhotos:
    """Photos of one split, in the order of their ids.

    Attributes:
        rows: What the snapshot says of each.
        pixels: uint8 [n, size, size, 3] RGB, on disk.
        species_at: [n] index into the training's species.
    """

    rows: Sequence[Row]
    pixels: Pixels
    species_at: Indices

    def __len__(self) -> int:
        return len(self.rows)


def decode(
    snapshot: Snapshot,
    split: Split,
    species: Sequence[str],
    path: Path,
    *,
    size_px: int,
    on_done: Callable[[int], None] = lambda _: None,
) -> DecodedPhotos:
    """Decode a split into a file.

    Args:
        snapshot: Where the photos are.
        split: Which of them.
        species: The training's species, to which a photo's ``species_at`` points.
        path: The file; whatever lies there is overwritten.
        size_px: Side of the square photos are fitted to.
        on_done: Hears how many are decoded.

    Raises:
        DiskFullError: The file does not fit on the disk.
        CorruptSnapshotError: A shard is missing, or a photo is not what the snapshot says.
    """
    rows = [snapshot.rows[name] for name in sorted(snapshot.rows) if snapshot.rows[name].split is split]
    place = {row.photo_id: at for at, row in enumerate(rows)}
    pixels = _claimed(path, (len(rows), size_px, size_px, 3))
    missing = set(place)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        photos = snapshot.photos(split)
        while some := list(islice(photos, _AT_ONCE)):
            images = pool.map(lambda each: to_model_input(each[1], size_px=size_px).pixels, some)
            for (row, _), image in zip(some, images, strict=True):
                pixels[place[row.photo_id]] = image
                missing.discard(row.photo_id)
            on_done(len(rows) - len(missing))
    if missing:
        raise CorruptSnapshotError(f"{len(missing)} photos of the snapshot are in none of its shards.")
    at = {species_id: index for index, species_id in enumerate(species)}
    return DecodedPhotos(rows, pixels, np.array([at[row.species_id] for row in rows], np.intp))


def _claimed(path: Path, shape: tuple[int, int, int, int]) -> Pixels:
    size_bytes = int(np.prod(shape))
    if not size_bytes:
        return np.zeros(shape, np.uint8)
    with path.open("wb") as file:
        try:
            # A file with holes would be found too large in the middle of the training, and by a signal.
            os.posix_fallocate(file.fileno(), 0, size_bytes)
        except OSError as error:
            path.unlink(missing_ok=True)
            if error.errno == errno.ENOSPC:
                raise DiskFullError(
                    f"the disk is full: {size_bytes / 1e9:.1f} GB are needed for {shape[0]} decoded photos; give the recipe a "
                    "larger volume, or free some space"
                ) from error
            raise
    return np.memmap(path, np.uint8, "r+", shape=shape)


def batches_of(count: int, batch: int) -> Iterator[slice]:
    """Yield slices that cover ``count`` rows."""
    return (slice(start, min(start + batch, count)) for start in range(0, count, batch))
