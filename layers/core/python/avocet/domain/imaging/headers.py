"""Reads a photo's structure before any decoder sees it; refuses what was built to exhaust a decoder's time or memory."""

import re
from collections.abc import Iterator

from avocet.domain.imaging.errors import PhotoTooLargeError, UnreadablePhotoError
from avocet.domain.imaging.formats import PhotoFormat
from avocet.domain.imaging.limits import check_size

# Pillow walks headers in Python, one step a segment or chunk: millions of empty ones would take half a minute.
_MAX_JPEG_SEGMENTS = 1_000
_MAX_JPEG_JUNK_BYTES = 65_536
_MAX_PNG_CHUNKS = 20_000
# libjpeg goes over the whole picture once a scan, and an empty scan is a dozen bytes. Encoders write 10 or so.
_MAX_JPEG_SCANS = 100
_MAX_JPEG_SCANNED_PIXELS = 1_500_000_000
# The coefficients of a JPEG with several scans are all kept until the last one, at two bytes each.
_MAX_JPEG_COEFFICIENT_BYTES = 320 * 1024 * 1024

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE_FRAMES = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_WITHOUT_PAYLOAD = frozenset({0x01, *range(0xD0, 0xD9)})
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

_SAVE_AGAIN = "Open it in a photo app, save it as a JPEG and send that."
_SEND_AGAIN = "Send it again."


def check_header(data: bytes, photo_format: PhotoFormat) -> None:
    """Refuse what the structure alone shows to be out of bounds.

    Raises:
        PhotoTooLargeError: Too many pixels, or too much memory to decode them.
        PhotoTooSmallError: Too few pixels.
        UnreadablePhotoError: No sound header, or more parts than any camera or app writes.
    """
    if photo_format is PhotoFormat.JPEG:
        _check_jpeg(data)
    elif photo_format is PhotoFormat.PNG:
        _check_png(data)
    elif photo_format is PhotoFormat.WEBP:
        _check_webp(data)
    else:
        # Here, not above: JPEG's cold path does not pay for a parser it never needs.
        from avocet.domain.imaging.containers import check_container

        check_container(data, photo_format)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, first bytes of its payload) in file order, jumping over entropy-coded data."""
    at = 2
    junk_bytes = 0
    in_scan = False
    for _ in range(_MAX_JPEG_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return
        junk_bytes += 0 if in_scan else found.start() - at
        if junk_bytes > _MAX_JPEG_JUNK_BYTES:
            raise UnreadablePhotoError(f"The photo's header is damaged. {_SEND_AGAIN}")
        marker = data[found.end() - 1]
        at = found.end()
        if marker == _END_OF_IMAGE:
            return
        if marker in _WITHOUT_PAYLOAD:
            continue
        yield marker, data[at + 2 : at + 64]
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
        in_scan = marker == _START_OF_SCAN
    raise UnreadablePhotoError(f"The photo has more parts than any camera makes. {_SAVE_AGAIN}")


def _check_jpeg(data: bytes) -> None:
    pixels = components = scans = 0
    has_several_scans = False
    for marker, payload in _jpeg_segments(data):
        if marker in _START_OF_FRAME and len(payload) >= 6:
            height_px, width_px = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
            check_size(width_px, height_px, PhotoFormat.JPEG)
            pixels, components = width_px * height_px, payload[5]
            has_several_scans = marker in _PROGRESSIVE_FRAMES
            coefficient_bytes = 2 * pixels * _samples_per_pixel(payload[6 : 6 + 3 * components])
        elif marker == _START_OF_SCAN and pixels:
            scans += 1
            has_several_scans = has_several_scans or not payload or payload[0] < components
            if not has_several_scans:
                return
            if coefficient_bytes > _MAX_JPEG_COEFFICIENT_BYTES:
                raise PhotoTooLargeError(f"The photo takes too much memory to decode. {_SAVE_AGAIN}")
            if scans > _MAX_JPEG_SCANS or scans * pixels > _MAX_JPEG_SCANNED_PIXELS:
                raise UnreadablePhotoError(f"The photo is stored in more passes than any camera makes. {_SAVE_AGAIN}")
    if not scans:
        raise UnreadablePhotoError(f"The photo is cut off before its first pixel. {_SEND_AGAIN}")


def _samples_per_pixel(components: bytes) -> float:
    """Sum the components' sampling: 3 for 4:4:4, 1.5 for 4:2:0."""
    sampling = [(factors >> 4, factors & 15) for factors in components[1::3]]
    full_area = max((h for h, _ in sampling), default=0) * max((v for _, v in sampling), default=0)
    return sum(h * v for h, v in sampling) / full_area if full_area else 0.0


def _check_png(data: bytes) -> None:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise UnreadablePhotoError(f"The photo's header is damaged. {_SEND_AGAIN}")
    check_size(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"), PhotoFormat.PNG)
    at = 8
    for _ in range(_MAX_PNG_CHUNKS):
        if at + 8 > len(data):
            return
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    raise UnreadablePhotoError(f"The photo is cut into too many pieces. {_SAVE_AGAIN}")


def _check_webp(data: bytes) -> None:
    """Read the canvas size: libwebp reserves the whole canvas as soon as it is opened."""
    chunk = data[12:16]
    if len(data) < 30 or chunk not in (b"VP8 ", b"VP8L", b"VP8X"):
        raise UnreadablePhotoError(f"The photo's header is damaged. {_SEND_AGAIN}")
    if chunk == b"VP8X":
        width_px = int.from_bytes(data[24:27], "little") + 1
        height_px = int.from_bytes(data[27:30], "little") + 1
    elif chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width_px, height_px = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    else:
        width_px = int.from_bytes(data[26:28], "little") & 0x3FFF
        height_px = int.from_bytes(data[28:30], "little") & 0x3FFF
    check_size(width_px, height_px, PhotoFormat.WEBP)
