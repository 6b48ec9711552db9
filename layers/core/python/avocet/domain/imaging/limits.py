"""How large and how small a photo may be; refuses the rest before anything is decoded."""

from avocet.domain.imaging.errors import PhotoTooLargeError, PhotoTooSmallError, UnreadablePhotoError
from avocet.domain.imaging.formats import PhotoFormat

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 50_000_000
MIN_SIDE_PX = 16
# Their decoders hold up to 16 bytes a pixel at once (libwebp two canvases, libavif both YUV and RGB): 400 MB.
_MAX_PIXELS_OF_FORMAT = {PhotoFormat.WEBP: 25_000_000, PhotoFormat.AVIF: 25_000_000}
# The longest panoramas that phones make are about ten to one.
_MAX_ASPECT_RATIO = 20


def check_bytes(data: bytes) -> None:
    """Refuse more bytes than a photo may have.

    Raises:
        PhotoTooLargeError: Over ``MAX_BYTES``.
    """
    if len(data) > MAX_BYTES:
        raise PhotoTooLargeError(
            f"The photo has {len(data) / 1024**2:.0f} MB; at most {MAX_BYTES // 1024**2} MB can be taken. "
            "Send a smaller version."
        )


def check_size(width_px: int, height_px: int, photo_format: PhotoFormat) -> None:
    """Refuse a picture with too many pixels to decode or too few to show a bird.

    Raises:
        PhotoTooLargeError: Over ``MAX_PIXELS``, or over what the format's decoder can take in bounded memory.
        UnreadablePhotoError: A side of no pixels at all.
        PhotoTooSmallError: A side under ``MIN_SIDE_PX``, or a strip 20 times longer than wide.
    """
    max_pixels = _MAX_PIXELS_OF_FORMAT.get(photo_format, MAX_PIXELS)
    if width_px * height_px > max_pixels:
        raise PhotoTooLargeError(
            f"The photo is {width_px} x {height_px} pixels; at most {max_pixels // 1_000_000} million pixels "
            "can be taken in this format. Send a smaller version."
        )
    if not width_px or not height_px:
        raise UnreadablePhotoError("The photo's header is damaged. Send it again.")
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise PhotoTooSmallError(
            f"The photo is only {width_px} x {height_px} pixels; each side needs at least {MIN_SIDE_PX}. "
            "Send a larger version."
        )
    if max(width_px, height_px) > _MAX_ASPECT_RATIO * min(width_px, height_px):
        raise PhotoTooSmallError(
            f"The photo is a strip of {width_px} x {height_px} pixels; at most {_MAX_ASPECT_RATIO} times as long "
            "as wide can be taken. Cut out the part with the bird."
        )
