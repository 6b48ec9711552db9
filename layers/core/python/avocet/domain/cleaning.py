"""Makes a raw photo clean: verified, normalised, hashed. It refuses what cannot be decoded, is too small, or shows nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from avocet.domain.hashing import GRID_PX, content_hash, perceptual_hashes
from avocet.domain.imaging import PhotoError, PhotoFormat, to_luminance, to_model_input, to_stored_photo

# Twice the model's 224 px and some room for crops; raw keeps the larger picture.
CLEAN_LONGEST_SIDE_PX = 512
MODEL_INPUT_PX = 224
# Below this a bird is a handful of pixels.
MIN_SHORT_SIDE_PX = 64
# Standard deviation of the 32 x 32 luminances, of 255: fog over a lake has 4, the emptiest of 2,096 real photos 9.
MIN_CONTRAST = 2.0


class BlankPhotoError(PhotoError):
    """A lens cap, a white page, an empty sky."""

    code: ClassVar[str] = "blank-photo"
    title: ClassVar[str] = "The photo shows nothing"


class TinyPhotoError(PhotoError):
    """Too few pixels to learn from."""

    code: ClassVar[str] = "tiny-photo"
    title: ClassVar[str] = "The photo is too small to learn from"


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A photo as the dataset keeps it.

    Attributes:
        data: JPEG, upright, without metadata, at most ``CLEAN_LONGEST_SIDE_PX`` long.
        content_sha256: Hash of ``data``, hexadecimal.
        phash: Perceptual hash, hexadecimal.
        mirrored_phash: The same of its mirror image.
        pixels: Makes what the model would see: uint8 ``[224, 224, 3]``, 0-255, RGB. Most photos are never asked for it.
    """

    data: bytes
    content_sha256: str
    phash: str
    mirrored_phash: str
    pixels: Callable[[], npt.NDArray[np.uint8]]


def clean_photo(raw: bytes) -> CleanPhoto:
    """Verify, normalise and hash one photo out of raw.

    What is small enough already keeps its bytes: raw holds nothing but JPEGs that we wrote ourselves, and encoding one
    again would only lose detail.

    Args:
        raw: The bytes as they lie in raw.

    Raises:
        PhotoError: Not a sound photo, too small, or blank.
    """
    seen = to_luminance(raw, size_px=GRID_PX)
    if min(seen.width_px, seen.height_px) < MIN_SHORT_SIDE_PX:
        raise TinyPhotoError(f"The photo is {seen.width_px} x {seen.height_px} pixels.")
    if float(seen.pixels.std(dtype=np.float32)) < MIN_CONTRAST:
        raise BlankPhotoError("There is next to no contrast in it.")
    fits = seen.format is PhotoFormat.JPEG and max(seen.width_px, seen.height_px) <= CLEAN_LONGEST_SIDE_PX
    data = raw if fits else to_stored_photo(raw, longest_side_px=CLEAN_LONGEST_SIDE_PX).data
    phash, mirrored_phash = perceptual_hashes(seen.pixels)
    return CleanPhoto(
        data=data,
        content_sha256=content_hash(data),
        phash=phash.hex(),
        mirrored_phash=mirrored_phash.hex(),
        pixels=lambda: to_model_input(raw, size_px=MODEL_INPUT_PX).pixels,
    )


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the champion thinks of a photo.

    Attributes:
        is_familiar: Whether it looks like anything the champion knows.
        species_id: Its first guess.
        score: Score of the first guess, 0..1.
        label_score: Score of the species the photo is said to show; None when the champion does not know that species.
        is_sure: Whether the first guess is above the champion's own bar.
    """

    is_familiar: bool
    species_id: str
    score: float
    label_score: float | None
    is_sure: bool


# A label the champion gives less than this, while it is sure of another, is worth a person's look.
DOUBTFUL_LABEL_SCORE = 0.02


def doubt(species_id: str, opinion: Opinion) -> str:
    """Return why a photo said to show ``species_id`` should be looked at first, or nothing.

    A species the champion has never seen cannot look familiar, so nothing is held against it here.
    """
    if opinion.label_score is None:
        return ""
    if not opinion.is_familiar:
        return "unfamiliar"
    if opinion.is_sure and opinion.species_id != species_id and opinion.label_score < DOUBTFUL_LABEL_SCORE:
        return "champion-disagrees"
    return ""


def agrees(species_id: str, opinion: Opinion) -> bool:
    """Whether the champion, asked about the photo alone, is sure of the species that it is said to show."""
    return opinion.is_familiar and opinion.is_sure and opinion.species_id == species_id
