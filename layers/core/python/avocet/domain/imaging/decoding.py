"""Decodes a photo of any supported format, upright and in sRGB, at little more than the size asked for.

It refuses by ``PhotoError`` only: whatever a decoder throws at damaged or hostile bytes ends here.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, JpegImagePlugin

from avocet.domain.imaging.errors import AnimatedPhotoError, PhotoError, PhotoTooLargeError, UnreadablePhotoError
from avocet.domain.imaging.formats import PhotoFormat, identify_format
from avocet.domain.imaging.limits import check_bytes, check_header, check_size
from avocet.domain.imaging.resizing import fit_image

# Decoded at this multiple of the wanted size before the final resize: below it, the two-step resize starts to show.
_MIN_OVERSIZE_RATIO = 2.0
_STORED_JPEG_QUALITY = 90
_BAND_HEIGHT_PX = 256
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow is known to raise while it reads damaged metadata of a photo that is otherwise sound.
_METADATA_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


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
class _Decoded:
    """An upright RGB picture at least as large as asked for, and the size of the original, upright."""

    image: Image.Image
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
        decoded = _decode(data, width_px=size_px, height_px=size_px)
        pixels = np.asarray(fit_image(decoded.image, size_px=size_px))
        return ModelInput(pixels, decoded.width_px, decoded.height_px, decoded.format)


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
        decoded = _decode(data, width_px=longest_side_px, height_px=longest_side_px)
        scale = min(1.0, longest_side_px / max(decoded.width_px, decoded.height_px))
        size = max(1, round(decoded.width_px * scale)), max(1, round(decoded.height_px * scale))
        image = decoded.image
        if image.size != size:
            image = image.resize(size, Image.Resampling.BICUBIC)
        # Pillow copies some of what it read (comments, for one) into what it writes.
        image.info = {}
        stored = io.BytesIO()
        image.save(stored, "JPEG", quality=_STORED_JPEG_QUALITY, subsampling="4:2:0")
        return StoredPhoto(stored.getvalue(), *size)


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


def _decode(data: bytes, *, width_px: int, height_px: int) -> _Decoded:
    """Decode to an upright RGB picture of at least the given size where the original has it."""
    check_bytes(data)
    photo_format = identify_format(data)
    check_header(data, photo_format)
    image = _open(data, photo_format)
    original_width_px, original_height_px = image.size
    check_size(original_width_px, original_height_px)
    if getattr(image, "n_frames", 1) > 1:
        raise AnimatedPhotoError("This is an animation, not one photo. Save one picture of it as a JPEG and send that.")
    orientation = _orientation(image)
    wanted_px = round(width_px * _MIN_OVERSIZE_RATIO), round(height_px * _MIN_OVERSIZE_RATIO)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        # The JPEG decoder itself scales by 2, 4 or 8 for next to nothing.
        image.draft("RGB", wanted_px)
    rgb = _shrunk_rgb(image, wanted_px)
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
    if orientation in (5, 6, 7, 8):
        original_width_px, original_height_px = original_height_px, original_width_px
    return _Decoded(rgb, original_width_px, original_height_px, photo_format)


def _open(data: bytes, photo_format: PhotoFormat) -> Image.Image:
    """Open with the one decoder the content calls for, instead of letting Pillow ask every plugin."""
    source = io.BytesIO(data)
    if photo_format is PhotoFormat.JPEG:
        image = JpegImagePlugin.JpegImageFile(source)
        # One read instead of one every 64 KB: Pillow copies what is left each time.
        image.decodermaxblock = max(len(data), image.decodermaxblock)
        return image
    if photo_format is PhotoFormat.PNG:
        from PIL import PngImagePlugin

        return PngImagePlugin.PngImageFile(source)
    if photo_format is PhotoFormat.WEBP:
        from PIL import WebPImagePlugin

        return WebPImagePlugin.WebPImageFile(source)
    if photo_format is PhotoFormat.AVIF:
        from PIL import AvifImagePlugin

        return AvifImagePlugin.AvifImageFile(source)
    from pi_heif import HeifImageFile, options

    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    heif_image: Image.Image = HeifImageFile(source)
    return heif_image


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation, 1 to 8; 1 where there is none or the EXIF is damaged."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except _METADATA_FAILURES:
        return 1
    return orientation if isinstance(orientation, int) else 1


def _shrunk_rgb(image: Image.Image, wanted_px: tuple[int, int]) -> Image.Image:
    """Convert to RGB and shrink by a whole factor to no less than ``wanted_px``, band by band.

    Bands keep a second full-size picture out of memory: 50 million pixels take 200 MB in Pillow.
    """
    factor = max(1, min(image.width // wanted_px[0], image.height // wanted_px[1]))
    if factor == 1:
        return _to_rgb(image)
    image.load()
    shrunk = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    band_height_px = factor * max(1, _BAND_HEIGHT_PX // factor)
    for top_px in range(0, image.height, band_height_px):
        band = image.crop((0, top_px, image.width, min(image.height, top_px + band_height_px)))
        shrunk.paste(_to_rgb(band).reduce(factor), (0, top_px // factor))
    return shrunk


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB: see-through parts over white, 16 bits to 8."""
    if image.mode == "RGB" and "transparency" not in image.info:
        image.load()
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _sixteen_bits_to_eight(image).convert("RGB")
    if image.has_transparency_data:
        see_through = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(see_through)
        return ground.convert("RGB")
    return image.convert("RGB")


def _sixteen_bits_to_eight(image: Image.Image) -> Image.Image:
    """Take the upper eight bits; Pillow's own conversion clips everything above 255 to white."""
    values = np.asarray(image)
    return Image.fromarray((values >> 8).clip(0, 255).astype(np.uint8))
