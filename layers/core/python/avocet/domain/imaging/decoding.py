"""Decodes a photo of any supported format, upright and in sRGB, at little more than the size asked for.

It refuses by ``PhotoError`` only: whatever a decoder throws at damaged or hostile bytes ends here.
"""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from avocet.domain.imaging.errors import AnimatedPhotoError, PhotoError, PhotoTooLargeError, UnreadablePhotoError
from avocet.domain.imaging.formats import PhotoFormat, identify_format
from avocet.domain.imaging.headers import check_header
from avocet.domain.imaging.limits import check_bytes, check_size
from avocet.domain.imaging.opening import Source, open_photo
from avocet.domain.imaging.resizing import fit_image

# The final, antialiased resize starts from at least this multiple of its target; what is above is averaged away by
# the decoder or in whole blocks, which is many times cheaper.
_MIN_OVERSIZE_RATIO = 4 / 3
_STORED_JPEG_QUALITY = 90
_BAND_HEIGHT_PX = 256
_SIDEWAYS = (5, 6, 7, 8)
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A photo as the model wants it.

    Attributes:
        pixels: uint8 ``[size, size, 3]``, 0-255, RGB.
        width_px: Width of the upright original.
        height_px: Height of the upright original.
        format: What it arrived as.
    """

    pixels: npt.NDArray[np.uint8]
    width_px: int
    height_px: int
    format: PhotoFormat


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo as we keep it: a JPEG, upright, in sRGB, without any metadata.

    Attributes:
        data: The JPEG's bytes; the same input gives the same bytes.
        width_px: Width of the JPEG.
        height_px: Height of the JPEG.
    """

    data: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Luminance:
    """A photo as a small grey square.

    Attributes:
        pixels: uint8 ``[size, size]``, 0-255, luma.
        width_px: Width of the upright original.
        height_px: Height of the upright original.
        format: What it arrived as.
    """

    pixels: npt.NDArray[np.uint8]
    width_px: int
    height_px: int
    format: PhotoFormat


def to_model_input(data: bytes, *, size_px: int = 224) -> ModelInput:
    """Decode a photo and make the model's square from it.

    Args:
        data: The photo's bytes.
        size_px: Side of the square.

    Raises:
        UnsupportedFormatError: Not a photo in one of our formats.
        PhotoTooLargeError: Too many bytes or pixels.
        AnimatedPhotoError: More than one frame.
        UnreadablePhotoError: Damaged, cut off, or too small.
    """
    with _decoder_boundary():
        photo_format, source = _open(data)
        width_px, height_px = _upright_size(source)
        image = _upright_rgb(source, (size_px, size_px))
        square = _in_srgb(fit_image(image, size_px=size_px), source.profile)
        return ModelInput(np.asarray(square), width_px, height_px, photo_format)


def to_stored_photo(data: bytes, *, longest_side_px: int = 2048) -> StoredPhoto:
    """Re-encode a photo for keeping: no metadata, orientation applied, at most ``longest_side_px`` long.

    Args:
        data: The photo's bytes.
        longest_side_px: Upper bound for the longer side; a smaller photo keeps its size.

    Raises:
        UnsupportedFormatError: Not a photo in one of our formats.
        PhotoTooLargeError: Too many bytes or pixels.
        AnimatedPhotoError: More than one frame.
        UnreadablePhotoError: Damaged, cut off, or too small.
    """
    with _decoder_boundary():
        _, source = _open(data)
        width_px, height_px = _upright_size(source)
        scale = min(1.0, longest_side_px / max(width_px, height_px))
        size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
        image = _upright_rgb(source, size)
        if image.size != size:
            image = image.resize(size, Image.Resampling.BICUBIC)
        image = _in_srgb(image, source.profile)
        # Pillow copies some of what it read (comments, for one) into what it writes.
        image.info = {}
        stored = io.BytesIO()
        image.save(stored, "JPEG", quality=_STORED_JPEG_QUALITY, subsampling="4:2:0")
        return StoredPhoto(stored.getvalue(), *size)


def to_luminance(data: bytes, *, size_px: int) -> Luminance:
    """Decode a photo to a small grey square that shows what the model's square would.

    A JPEG's decoder reads every byte of the photo, so damage is noticed, and scales down before it makes pixels of them.

    Args:
        data: The photo's bytes.
        size_px: Side of the square.

    Raises:
        UnsupportedFormatError: Not a photo in one of our formats.
        PhotoTooLargeError: Too many bytes or pixels.
        AnimatedPhotoError: More than one frame.
        UnreadablePhotoError: Damaged, cut off, or too small.
    """
    with _decoder_boundary():
        photo_format, source = _open(data)
        width_px, height_px = _upright_size(source)
        grey = _upright_grey(source, size_px)
        return Luminance(np.asarray(fit_image(grey, size_px=size_px)), width_px, height_px, photo_format)


@contextmanager
def _decoder_boundary() -> Iterator[None]:
    """Turn whatever Pillow and the libraries under it throw into a ``PhotoError``; the one broad boundary."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PhotoError:
        raise
    except MemoryError:
        raise PhotoTooLargeError("The photo needs more memory than there is. Send a smaller version.") from None
    except Exception as error:  # hostile bytes make decoders raise nearly every type there is
        raise UnreadablePhotoError(
            "The photo is damaged or incomplete. Send it again, or save it as a JPEG first."
        ) from error


def _open(data: bytes) -> tuple[PhotoFormat, Source]:
    """Open one still photo within the limits; nothing is decoded yet."""
    check_bytes(data)
    photo_format = identify_format(data)
    check_header(data, photo_format)
    source = open_photo(data, photo_format)
    check_size(source.width_px, source.height_px, photo_format)
    if source.frames > 1:
        raise AnimatedPhotoError("This is an animation, not one photo. Save one picture of it as a JPEG and send that.")
    return photo_format, source


def _upright_size(source: Source) -> tuple[int, int]:
    if source.orientation in _SIDEWAYS:
        return source.height_px, source.width_px
    return source.width_px, source.height_px


def _upright_rgb(source: Source, size_px: tuple[int, int]) -> Image.Image:
    """Decode to an upright RGB picture, at least ``size_px`` where the original is, in the photo's own colour space.

    It is converted and shrunk band by band: a second full-size picture would take 200 MB for 50 million pixels.
    """
    wanted_px = math.ceil(size_px[0] * _MIN_OVERSIZE_RATIO), math.ceil(size_px[1] * _MIN_OVERSIZE_RATIO)
    if source.orientation in _SIDEWAYS:
        wanted_px = wanted_px[1], wanted_px[0]
    source.shrink(wanted_px)
    width_px, height_px = source.width_px, source.height_px
    factor = max(1, min(width_px // wanted_px[0], height_px // wanted_px[1]))
    if factor == 1:
        rgb = _to_rgb(source.band(0, height_px), source.profile)
    else:
        rgb = Image.new("RGB", (math.ceil(width_px / factor), math.ceil(height_px / factor)))
        band_height_px = factor * max(1, _BAND_HEIGHT_PX // factor)
        for top_px in range(0, height_px, band_height_px):
            band = source.band(top_px, min(height_px, top_px + band_height_px))
            rgb.paste(_to_rgb(band, source.profile).reduce(factor), (0, top_px // factor))
    upright = _UPRIGHT.get(source.orientation)
    return rgb if upright is None else rgb.transpose(upright)


def _upright_grey(source: Source, size_px: int) -> Image.Image:
    """Decode to an upright grey picture, at least ``size_px`` where the original is."""
    wanted_px = math.ceil(size_px * _MIN_OVERSIZE_RATIO)
    if source.profile is None and source.shrink_to_grey((wanted_px, wanted_px)):
        grey = source.band(0, source.height_px)
        upright = _UPRIGHT.get(source.orientation)
        return grey if upright is None else grey.transpose(upright)
    return _in_srgb(_upright_rgb(source, (size_px, size_px)), source.profile).convert("L")


def _to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    # Here, not above: plain photos need neither the conversions nor the colour library they import.
    from avocet.domain.imaging import colour

    return colour.to_rgb(image, profile)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile is None:
        return image
    from avocet.domain.imaging import colour

    return colour.to_srgb(image, profile)
