"""Checks a photo's own header before any decoder sees it; refuses what would cost more memory or time than a photo may."""

import re
import struct
from collections.abc import Iterator

from avocet.domain.imaging.errors import PhotoTooLargeError, PhotoTooSmallError, UnreadablePhotoError
from avocet.domain.imaging.formats import PhotoFormat

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 50_000_000
MIN_SIDE_PX = 16
# The longest panoramas that phones make are about ten to one.
MAX_ASPECT_RATIO = 20

# Pillow walks headers in Python, one step a segment or chunk: ten million empty ones would take a minute.
_MAX_JPEG_SEGMENTS = 1_000
_MAX_JPEG_JUNK_BYTES = 65_536
_MAX_PNG_CHUNKS = 20_000
# libjpeg goes over the whole picture once a scan, and an empty scan is a dozen bytes. Encoders write 10 or so.
_MAX_JPEG_SCANS = 100
_MAX_JPEG_SCANNED_PIXELS = 1_500_000_000

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_PROGRESSIVE_FRAMES = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def check_bytes(data: bytes) -> None:
    """Refuse more bytes than a photo may have.

    Raises:
        PhotoTooLargeError: Over ``MAX_BYTES``.
    """
    if len(data) > MAX_BYTES:
        raise PhotoTooLargeError(
            f"The photo has {len(data) / 1024**2:.0f} MB; at most {MAX_BYTES // 1024**2} MB can be taken. Send a smaller version."
        )


def check_size(width_px: int, height_px: int) -> None:
    """Refuse a picture with too many pixels to decode or too few to show a bird.

    Raises:
        PhotoTooLargeError: Over ``MAX_PIXELS``.
        PhotoTooSmallError: A side under ``MIN_SIDE_PX``, or a strip longer than ``MAX_ASPECT_RATIO`` times its width.
    """
    if width_px * height_px > MAX_PIXELS:
        raise PhotoTooLargeError(
            f"The photo is {width_px} x {height_px} pixels; at most {MAX_PIXELS // 1_000_000} million pixels can be taken. "
            "Send a smaller version."
        )
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise PhotoTooSmallError(
            f"The photo is only {width_px} x {height_px} pixels; each side needs at least {MIN_SIDE_PX}. Send a larger version."
        )
    if max(width_px, height_px) > MAX_ASPECT_RATIO * min(width_px, height_px):
        raise PhotoTooSmallError(
            f"The photo is a strip of {width_px} x {height_px} pixels. Send one that is at most {MAX_ASPECT_RATIO} times as long as wide."
        )


def check_header(data: bytes, photo_format: PhotoFormat) -> None:
    """Refuse what the header alone shows to be out of bounds.

    Raises:
        PhotoTooLargeError: Too many pixels.
        PhotoTooSmallError: Too few.
        UnreadablePhotoError: No sound header, or a structure made to exhaust a decoder.
    """
    if photo_format is PhotoFormat.JPEG:
        _check_jpeg(data)
    elif photo_format is PhotoFormat.PNG:
        _check_png(data)
    elif photo_format is PhotoFormat.WEBP:
        _check_webp(data)


def _jpeg_segments(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, payload start, payload end) from ``at``, jumping over entropy-coded data."""
    junk_bytes = 0
    while found := _JPEG_MARKER.search(data, at):
        junk_bytes += found.start() - at
        if junk_bytes > _MAX_JPEG_JUNK_BYTES:
            return
        marker = data[found.start() + 1]
        at = found.end()
        if marker in _JPEG_STANDALONE:
            yield marker, at, at
            continue
        if marker == 0xD9 or at + 2 > len(data):
            return
        end = at + max(2, int.from_bytes(data[at : at + 2], "big"))
        yield marker, at + 2, end
        at = end
        if marker == 0xDA:
            following = _JPEG_MARKER.search(data, at)
            at = following.start() if following else len(data)


def _check_jpeg(data: bytes) -> None:
    size: tuple[int, int] | None = None
    multiscan = False
    scans = 0
    for segments, (marker, start, end) in enumerate(_jpeg_segments(data, 2)):
        if segments > _MAX_JPEG_SEGMENTS:
            raise UnreadablePhotoError(
                "The photo's header never ends. Open it in a photo app, save it as a JPEG and send that."
            )
        if marker in _JPEG_FRAMES and end - start >= 6:
            height_px, width_px, components = struct.unpack_from(">xHHB", data.ljust(end, b"\0"), start)
            size = width_px, height_px
            check_size(width_px, height_px)
            multiscan = marker in _JPEG_PROGRESSIVE_FRAMES
        elif marker == 0xDA:
            if size is None:
                break
            scans += 1
            multiscan = multiscan or (start < len(data) and data[start] < components)
            if not multiscan:
                return
            if scans > _MAX_JPEG_SCANS or scans * size[0] * size[1] > _MAX_JPEG_SCANNED_PIXELS:
                raise UnreadablePhotoError(
                    "The photo is stored in more passes than any camera makes. Open it in a photo app, save it as a JPEG and send that."
                )
    if not scans:
        raise UnreadablePhotoError("The photo is cut off before its first pixel. Send it again.")


def _check_png(data: bytes) -> None:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise UnreadablePhotoError("The photo's header is damaged. Send it again.")
    check_size(*struct.unpack_from(">II", data, 16))
    at = 8
    for _ in range(_MAX_PNG_CHUNKS):
        if at + 8 > len(data):
            return
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    raise UnreadablePhotoError(
        "The photo is cut into too many pieces. Open it in a photo app, save it again and send that."
    )


def _check_webp(data: bytes) -> None:
    """Read the canvas size: libwebp reserves the whole canvas as soon as it is opened."""
    chunk = data[12:16]
    if len(data) < 30 or chunk not in (b"VP8 ", b"VP8L", b"VP8X"):
        raise UnreadablePhotoError("The photo's header is damaged. Send it again.")
    if chunk == b"VP8X":
        width_px = int.from_bytes(data[24:27], "little") + 1
        height_px = int.from_bytes(data[27:30], "little") + 1
    elif chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width_px, height_px = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    else:
        width_px = int.from_bytes(data[26:28], "little") & 0x3FFF
        height_px = int.from_bytes(data[28:30], "little") & 0x3FFF
    check_size(width_px, height_px)
