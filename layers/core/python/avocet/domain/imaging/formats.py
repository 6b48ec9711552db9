"""Tells a photo's format from its first bytes, never from its name or declared type; refuses every other kind by name."""

from enum import StrEnum

from avocet.domain.imaging.errors import AnimatedPhotoError, UnreadablePhotoError, UnsupportedFormatError


class PhotoFormat(StrEnum):
    """The formats a photo may arrive in."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"


_WELCOME = "Send a JPEG, PNG, WebP, HEIC or AVIF photo."

_MAGIC = (
    (b"\xff\xd8\xff", PhotoFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", PhotoFormat.PNG),
)

# What people do send by mistake; naming it helps them more than "unknown".
_FOREIGN_MAGIC = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP bitmap"),
    (b"II*\0", "a TIFF or a camera's raw file"),
    (b"MM\0*", "a TIFF or a camera's raw file"),
    (b"II+\0", "a TIFF"),
    (b"MM\0+", "a TIFF"),
    (b"IIRO", "a camera's raw file"),
    (b"IIU\0", "a camera's raw file"),
    (b"FUJIFILM", "a camera's raw file"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\1\0", "an icon"),
    (b"%PDF", "a PDF"),
    (b"%!PS", "a PostScript document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML or SVG document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"PK\3\4", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\0\0\1\xba", "a video"),
)

_HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_AVIF_BRANDS = frozenset({b"avif"})
_SEQUENCE_BRANDS = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis"})
_STILL_BRANDS = _HEVC_BRANDS | _AVIF_BRANDS | {b"mif1", b"mif2", b"miaf"}
# A container whose brands leave the codec open names it in its item table, near the start.
_ITEM_TABLE_BYTES = 16_384


def identify_format(data: bytes) -> PhotoFormat:
    """Name the format by content.

    Args:
        data: The photo's bytes; the first few kilobytes are looked at.

    Raises:
        UnreadablePhotoError: There are no bytes.
        UnsupportedFormatError: It is something else than a photo in one of our formats.
        AnimatedPhotoError: It is a HEIF or AVIF image sequence.
    """
    if not data:
        raise UnreadablePhotoError("The photo is empty: no bytes arrived. Send it again.")
    for magic, photo_format in _MAGIC:
        if data.startswith(magic):
            return photo_format
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if data[4:8] == b"ftyp":
        return _identify_by_brand(data)
    head = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in _FOREIGN_MAGIC:
        if head.startswith(magic):
            raise UnsupportedFormatError(f"This is {name}, not a photo we can read. {_WELCOME}")
    raise UnsupportedFormatError(f"This is not a photo we can read. {_WELCOME}")


def _identify_by_brand(data: bytes) -> PhotoFormat:
    """Tell HEIC from AVIF, and both from the other users of the same container (films above all)."""
    box_bytes = int.from_bytes(data[:4], "big")
    ftyp = data[: min(box_bytes, 1024)]
    major = ftyp[8:12]
    brands = {ftyp[at : at + 4] for at in range(16, len(ftyp), 4)} | {major}
    if major in _SEQUENCE_BRANDS:
        raise AnimatedPhotoError(
            "This is a sequence of pictures, not one photo. Save one of them as a JPEG and send that."
        )
    if major in _AVIF_BRANDS:
        return PhotoFormat.AVIF
    if major in _HEVC_BRANDS:
        return PhotoFormat.HEIC
    if brands & _STILL_BRANDS:
        if brands & _AVIF_BRANDS or (not brands & _HEVC_BRANDS and b"av01" in data[:_ITEM_TABLE_BYTES]):
            return PhotoFormat.AVIF
        return PhotoFormat.HEIC
    if major == b"crx ":
        raise UnsupportedFormatError(f"This is a camera's raw file, not a photo we can read. {_WELCOME}")
    raise UnsupportedFormatError(f"This looks like a film, not a photo. {_WELCOME}")
