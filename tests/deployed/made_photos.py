"""Photos made for tests, with everything in them that must not survive."""

import io
import struct
import zlib

import numpy as np
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

OWNER_NAME = "Ada Birdwatcher"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>a private remark</x:xmpmeta>"
COMMENT = b"taken from my garden"


def made_photo(
    seed: int, *, width_px: int = 640, height_px: int = 480, orientation: int = 1, form: str = "JPEG", quality: int = 85
) -> bytes:
    """Return a coloured, mildly noisy photo; the same for the same arguments."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, size=(6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((width_px, height_px), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Artist] = OWNER_NAME
    exif[Base.Make] = "Phonemaker"
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 51.0, 29.0)})
    stream = io.BytesIO()
    options = {"quality": quality, "exif": exif} if form != "PNG" else {"exif": exif}
    if form == "JPEG":
        options |= {"xmp": XMP, "comment": COMMENT}
    image.save(stream, form, **options)
    return stream.getvalue()


def big_photo(seed: int, *, at_least_bytes: int = 5_000_000) -> bytes:
    """Return a photo too big to travel inside a request."""
    random = np.random.default_rng(seed)
    side_px = 1600
    while True:
        noise = random.integers(0, 256, size=(side_px, side_px, 3), dtype=np.uint8)
        stream = io.BytesIO()
        Image.fromarray(noise).save(stream, "JPEG", quality=95)
        if len(stream.getvalue()) >= at_least_bytes:
            return stream.getvalue()
        side_px = side_px * 5 // 4


def animation() -> bytes:
    """Return an animated GIF of three frames."""
    frames = [Image.new("RGB", (64, 64), (80 * n, 0, 0)) for n in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return stream.getvalue()


def pixel_bomb() -> bytes:
    """Return a PNG of a few hundred bytes that says it is 50,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
