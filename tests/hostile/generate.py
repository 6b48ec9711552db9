"""Makes photos and the hostile files derived from them, from a seed: the same seed gives the same bytes.

As a script it writes them into a folder, to look at or to feed to something else:

    python tests/hostile/generate.py build/hostile --mutations 1000
"""

import argparse
import io
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

SEEDS = Path(__file__).parent / "seeds"
SIZE_PX = (160, 128)
JPEG_HEAD = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class Case:
    """One file; ``sound`` says that a person would expect it to be decoded."""

    name: str
    data: bytes
    sound: bool = False


def quadrants(size_px: tuple[int, int] = SIZE_PX) -> Image.Image:
    """Red, green / blue, white: every turn and mirroring of it looks different."""
    colours = np.array([[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 255)]], np.uint8)
    return Image.fromarray(colours).resize(size_px, Image.Resampling.NEAREST)


def textured(size_px: tuple[int, int] = SIZE_PX) -> Image.Image:
    """Gradients and noise, so that every coder has something to do."""
    noise = np.random.default_rng(7).normal(0, 18, (size_px[1], size_px[0], 3))
    down, across = np.mgrid[0 : size_px[1], 0 : size_px[0]]
    base = np.stack([across * 255 / size_px[0], down * 255 / size_px[1], (across + down) % 256], axis=-1)
    return Image.fromarray(np.clip(base + noise, 0, 255).astype(np.uint8))


def exif(orientation: int = 1) -> bytes:
    """EXIF with a position in it, which must not survive."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.Make] = "Seedmaker"
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (47.0, 12.0, 34.0)
    return tags.tobytes()


def encode(image: Image.Image, photo_format: str, **options: object) -> bytes:
    """Encode with Pillow."""
    target = io.BytesIO()
    image.save(target, photo_format, **options)
    return target.getvalue()


@cache
def sound_photos() -> dict[str, bytes]:
    """Small photos in every accepted format and in the odder modes of each."""
    picture = textured()
    see_through = picture.convert("RGBA")
    see_through.putalpha(Image.linear_gradient("L").resize(SIZE_PX))
    sixteen_bits = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "at the feeder" * 20, zip=True)
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>" * 30, zip=True)
    photos = {
        "baseline.jpg": encode(picture, "JPEG", exif=exif(6), icc_profile=srgb, comment=b"a comment"),
        "progressive.jpg": encode(picture, "JPEG", progressive=True, quality=90, subsampling=0),
        "restarts.jpg": encode(picture, "JPEG", restart_marker_blocks=2),
        "grey.jpg": encode(picture.convert("L"), "JPEG"),
        "cmyk.jpg": encode(picture.convert("CMYK"), "JPEG"),
        "burst.mpo": encode(picture, "MPO", save_all=True, append_images=[picture.rotate(180)], exif=exif(3)),
        "rgb.png": encode(picture, "PNG", pnginfo=text, exif=exif(8), icc_profile=srgb),
        "alpha.png": encode(see_through, "PNG"),
        "grey-alpha.png": encode(see_through.convert("LA"), "PNG"),
        "palette.png": encode(picture.quantize(32), "PNG", transparency=3),
        "bits.png": encode(picture.convert("1"), "PNG"),
        "sixteen-bits.png": encode(sixteen_bits, "PNG"),
        "interlaced.png": _interlaced_png(),
        "lossy.webp": encode(picture, "WEBP", exif=exif(6), icc_profile=srgb, xmp=b"<x:xmpmeta/>"),
        "lossless.webp": encode(picture, "WEBP", lossless=True),
        "alpha.webp": encode(see_through, "WEBP"),
        "lossy.avif": encode(picture, "AVIF", speed=10, exif=exif(6), icc_profile=srgb),
        "alpha.avif": encode(see_through, "AVIF", speed=10),
        "grey.avif": encode(picture.convert("L"), "AVIF", speed=10),
    }
    return photos | {path.name: path.read_bytes() for path in sorted(SEEDS.glob("*.heic"))}


@cache
def moving_pictures() -> dict[str, bytes]:
    """Animations: sound files, but not one photo."""
    frames = [textured(), quadrants()]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100}
    return {
        "animated.png": encode(frames[0], "PNG", **options),
        "animated.webp": encode(frames[0], "WEBP", **options),
        "animated.avif": encode(frames[0], "AVIF", speed=10, **options),
    }


@cache
def foreign_files() -> dict[str, bytes]:
    """What people send by mistake."""
    picture = textured()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("bird.txt", "avocet")
    return {
        "still.gif": encode(picture, "GIF"),
        "animated.gif": encode(picture, "GIF", save_all=True, append_images=[quadrants()]),
        "picture.bmp": encode(picture, "BMP"),
        "picture.tiff": encode(picture, "TIFF"),
        "big-endian.tiff": b"MM\0*" + bytes(200),
        "picture.jp2": encode(picture, "JPEG2000"),
        "picture.ico": encode(picture.resize((32, 32)), "ICO"),
        "document.pdf": encode(picture, "PDF"),
        "drawing.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "entities.svg": b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
        "page.html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "archive.zip": archive.getvalue(),
        "film.mp4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(500),
        "film.mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(500),
        "raw.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(500),
        "picture.jxl": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100),
        "codestream.jxl": b"\xff\x0a" + bytes(100),
        "words.txt": b"this is not a photo",
        "program.elf": b"\x7fELF\2\1\1" + bytes(200),
    }


@cache
def built_cases() -> tuple[Case, ...]:
    """Every case made by hand: sound, moving and foreign files, bombs, lies, polyglots, headers before garbage."""
    return tuple(_build())


def built(name: str) -> bytes:
    """The bytes of the case with that name."""
    return next(case.data for case in built_cases() if case.name == name)


def _build() -> Iterator[Case]:
    yield from (Case(f"sound/{name}", data, sound=True) for name, data in sound_photos().items())
    yield from (Case(f"moving/{name}", data) for name, data in moving_pictures().items())
    yield from (Case(f"foreign/{name}", data) for name, data in foreign_files().items())
    yield Case("empty", b"")
    rng = random.Random(11)
    for size_bytes in (1, 2, 4, 12, 64, 1_000, 100_000):
        yield Case(f"noise/{size_bytes}", rng.randbytes(size_bytes))
    for name, data in (sound_photos() | foreign_files()).items():
        yield Case(f"garbage-after-magic/{name}", data[:12] + rng.randbytes(2_000))
        yield Case(f"zeros-after-magic/{name}", data[:16] + bytes(2_000))
        yield Case(f"magic-only/{name}", data[:12])
    for build in (_png_cases, _jpeg_cases, _webp_cases, _container_cases, _polyglots):
        yield from build()


def truncations(points_each: int) -> Iterator[Case]:
    """Every sound photo cut off at evenly spread places, and just before its end."""
    for name, data in sound_photos().items():
        cuts = {len(data) * part // (points_each + 1) for part in range(1, points_each + 1)} | {len(data) - 1}
        yield from (Case(f"cut-{cut}/{name}", data[:cut]) for cut in sorted(cuts))


def mutations(seed: int, count: int) -> Iterator[Case]:
    """Sound photos and bombs with bits flipped, runs overwritten, parts repeated, dropped, or swapped between files."""
    rng = random.Random(seed)
    files = list((sound_photos() | moving_pictures()).items())
    files += [(case.name, case.data) for case in built_cases() if len(case.data) < 20_000]
    for number in range(count):
        name, data = rng.choice(files)
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
            rng.choice(_MUTATORS)(changed, rng, files)
        yield Case(f"mutation-{seed}-{number}/{name}", bytes(changed[:2_000_000]))


Files = list[tuple[str, bytes]]


def _flip_bit(data: bytearray, rng: random.Random, files: Files) -> None:
    if data:
        data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _set_extreme(data: bytearray, rng: random.Random, files: Files) -> None:
    """Overwrite a number with one that breaks sums: 0, all ones, the largest signed."""
    width = rng.choice((1, 2, 4, 8))
    at = _place(data, rng) if data else 0
    data[at : at + width] = rng.choice((b"\0" * width, b"\xff" * width, b"\x7f" + b"\xff" * (width - 1)))


def _overwrite(data: bytearray, rng: random.Random, files: Files) -> None:
    at = _place(data, rng) if data else 0
    run = rng.randbytes(rng.randrange(1, 33))
    data[at : at + len(run)] = run


def _drop(data: bytearray, rng: random.Random, files: Files) -> None:
    at = _place(data, rng) if data else 0
    del data[at : at + rng.randrange(1, 65)]


def _repeat(data: bytearray, rng: random.Random, files: Files) -> None:
    at = _place(data, rng) if data else 0
    part = data[at : at + rng.randrange(1, 257)]
    data[at:at] = part * rng.randrange(1, 20)


def _graft(data: bytearray, rng: random.Random, files: Files) -> None:
    other = rng.choice(files)[1]
    at = rng.randrange(len(other) + 1)
    data[_place(data, rng) if data else 0 :] = other[at:]


def _cut(data: bytearray, rng: random.Random, files: Files) -> None:
    if data:
        del data[rng.randrange(len(data)) :]


_MUTATORS: tuple[Callable[[bytearray, random.Random, Files], None], ...] = (
    _flip_bit,
    _flip_bit,
    _set_extreme,
    _set_extreme,
    _overwrite,
    _drop,
    _repeat,
    _graft,
    _cut,
)


def _place(data: bytearray, rng: random.Random) -> int:
    """Prefer the first kilobyte: that is where the structure is."""
    return rng.randrange(min(len(data), 1_000) if rng.random() < 0.7 else len(data))


# PNG


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    """Frame a chunk with its length and checksum."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(width_px: int, height_px: int, *chunks: bytes, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    """Put a header before ``chunks`` and an end after them."""
    header = struct.pack(">IIBBBBB", width_px, height_px, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(chunks) + png_chunk(b"IEND", b"")


@cache
def _zeros(size_bytes: int, level: int = 9) -> bytes:
    """Compress that many zero bytes."""
    packer = zlib.compressobj(level)
    block = bytes(1 << 20)
    parts = [packer.compress(block[: min(len(block), size_bytes - at)]) for at in range(0, size_bytes, len(block))]
    return b"".join([*parts, packer.flush()])


def _interlaced_png() -> bytes:
    """Adam7 with all seven passes, grey."""
    width_px, height_px = SIZE_PX
    rows = []
    for x0, y0, dx, dy in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        columns = len(range(x0, width_px, dx))
        rows += [b"\0" + bytes(range(columns)) for _ in range(y0, height_px, dy)]
    return png(width_px, height_px, png_chunk(b"IDAT", zlib.compress(b"".join(rows))), colour=0, interlace=1)


def _png_cases() -> Iterator[Case]:
    small = zlib.compress(bytes(64 * (1 + 3 * 64)))
    pixels = png_chunk(b"IDAT", small)
    for width_px, height_px in (
        (1, 1), (1, 50_000), (50_000, 1), (50_000, 50_000), (2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (0, 0), (0, 64), (15, 15), (16, 400),
    ):  # fmt: skip
        yield Case(f"png/{width_px}x{height_px}", png(width_px, height_px, pixels))
    flat = png_chunk(b"IDAT", _zeros(7_000 * (1 + 3 * 7_000)))
    yield Case("png/49-megapixels-flat", png(7_000, 7_000, flat), sound=True)
    wide = png_chunk(b"IDAT", _zeros(7_000 * (1 + 8 * 7_000), level=1))
    yield Case("png/49-megapixels-sixteen-bits-alpha", png(7_000, 7_000, wide, depth=16, colour=6), sound=True)
    yield Case("png/49-megapixels-interlaced", png(7_000, 7_000, wide, depth=16, colour=6, interlace=1))
    yield Case("png/ten-times-the-pixels", png(64, 64, png_chunk(b"IDAT", _zeros(200_000_000))))
    yield Case("png/few-pixels", png(640, 640, pixels))
    yield Case("png/no-pixels", png(64, 64))
    yield Case("png/million-empty-chunks", png(64, 64, png_chunk(b"tRAP", b"") * 1_000_000, pixels))
    yield Case(
        "png/one-byte-pieces", png(64, 64, *(png_chunk(b"IDAT", small[at : at + 1]) for at in range(len(small))))
    )
    yield Case("png/empty-pieces-after", png(64, 64, pixels, png_chunk(b"IDAT", b"") * 500_000))
    bomb = _zeros(200_000_000)
    yield Case("png/text-bomb", png(64, 64, png_chunk(b"zTXt", b"Comment\0\0" + bomb), pixels))
    yield Case(
        "png/text-bombs-after", png(64, 64, pixels, png_chunk(b"zTXt", b"Comment\0\0" + _zeros(1_000_000)) * 200)
    )
    yield Case("png/international-text-bomb", png(64, 64, png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + bomb), pixels))
    yield Case("png/profile-bomb", png(64, 64, png_chunk(b"iCCP", b"icc\0\0" + bomb), pixels))
    yield Case(
        "png/profile-garbage", png(64, 64, png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(b"acsp" * 900)), pixels)
    )
    yield Case("png/exif-garbage", png(64, 64, png_chunk(b"eXIf", b"II*\0\xff\xff\xff\xff" + bytes(100)), pixels))
    yield Case("png/exif-as-text", png(64, 64, png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n99999\nzz"), pixels))
    for frames in (0, 1, 2, 2**31 - 1, 2**32 - 1):
        yield Case(f"png/animation-of-{frames}", png(64, 64, png_chunk(b"acTL", struct.pack(">II", frames, 0)), pixels))
    yield Case("png/palette-missing", png(64, 64, pixels, colour=3))
    yield Case("png/palette-odd", png(64, 64, png_chunk(b"PLTE", b"\1\2\3\4"), pixels, colour=3))
    yield Case("png/transparency-odd", png(64, 64, png_chunk(b"tRNS", b"\0" * 5), pixels))
    yield Case("png/wrong-checksum", png(64, 64, pixels[:-4] + b"\0\0\0\0"))
    yield Case("png/length-lies", png(64, 64, b"\x7f\xff\xff\xff" + pixels[4:]))
    yield Case(
        "png/headers-twice",
        png(64, 64, png_chunk(b"IHDR", struct.pack(">IIBBBBB", 9_000, 9_000, 8, 2, 0, 0, 0)), pixels),
    )
    for depth in (0, 1, 2, 3, 4, 8, 16, 32, 255):
        for colour in (0, 1, 2, 3, 4, 5, 6, 7):
            yield Case(f"png/depth-{depth}-colour-{colour}", png(64, 64, pixels, depth=depth, colour=colour))


# JPEG


def jpeg_segment(marker: int, payload: bytes) -> bytes:
    """Frame a segment; the payload is at most 65,533 bytes long."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Insert segments right behind the start of image."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def _with_frame_size(jpeg: bytes, width_px: int, height_px: int) -> bytes:
    """Overwrite the size in the start of frame."""
    at = next(at for at in range(2, len(jpeg)) if jpeg[at] == 0xFF and jpeg[at + 1] in (0xC0, 0xC1, 0xC2))
    return jpeg[: at + 5] + struct.pack(">HH", height_px, width_px) + jpeg[at + 9 :]


def _blank_progressive(width_px: int, height_px: int, scans: int) -> bytes:
    """A whole progressive picture whose scans hold next to nothing and still cost a pass each."""
    seed = encode(Image.new("L", (16, 16)), "JPEG", progressive=True)
    first_scan = seed.index(b"\xff\xda")
    head = _with_frame_size(seed[:first_scan], width_px, height_px)
    blocks = -(-width_px // 8) * -(-height_px // 8)
    dc_table = jpeg_segment(0xC4, b"\x00" + bytes([1] + [0] * 15) + b"\0")
    ac_table = jpeg_segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\xe0")
    dc_scan = jpeg_segment(0xDA, b"\1\1\0\0\0\0") + bytes(blocks // 8 + 1)
    # One code, "end of band for the next 16384 to 32767 blocks", is a zero bit and 14 more: all zeros.
    ac_scan = jpeg_segment(0xDA, b"\1\1\0\1\x3f\0") + bytes(15 * (blocks // 16_384 + 1) // 8 + 1)
    return head + dc_table + ac_table + dc_scan + ac_scan * (scans - 1) + b"\xff\xd9"


def _exif_with(entries: list[tuple[int, int, int, int]], next_directory: int = 0) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + struct.pack("<I", next_directory)


def _jpeg_cases() -> Iterator[Case]:
    seed = encode(textured(), "JPEG")
    for width_px, height_px in (
        (65_535, 65_535),
        (1, 1),
        (50_000, 1),
        (1, 50_000),
        (65_500, 16),
        (0, 64),
        (64, 0),
        (7_000, 7_000),
    ):
        yield Case(f"jpeg/{width_px}x{height_px}", _with_frame_size(seed, width_px, height_px))
    yield Case("jpeg/million-empty-comments", with_segments(seed, jpeg_segment(0xFE, b"") * 1_000_000))
    yield Case("jpeg/fill-bytes", with_segments(seed, b"\xff" * 20_000_000))
    yield Case("jpeg/junk-before-frame", with_segments(seed, bytes(20_000_000)))
    yield Case("jpeg/stuffing-before-frame", with_segments(seed, b"\xff\0" * 5_000_000))
    yield Case("jpeg/standalone-markers", with_segments(seed, b"\xff\x01" * 5_000_000))
    yield Case("jpeg/megabytes-of-exif", with_segments(seed, jpeg_segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 300))
    yield Case(
        "jpeg/megabytes-of-xmp",
        with_segments(seed, jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<a>" * 21_000) * 300),
    )
    piece = b"ICC_PROFILE\0%c%c" + bytes(65_000)
    profile = [jpeg_segment(0xE2, piece % (number, 255)) for number in range(1, 256)]
    yield Case("jpeg/megabytes-of-profile", with_segments(seed, *profile))
    for number, count in ((0, 0), (1, 0), (9, 2), (255, 1)):
        yield Case(
            f"jpeg/profile-part-{number}-of-{count}", with_segments(seed, jpeg_segment(0xE2, piece % (number, count)))
        )
    yield Case(
        "jpeg/profile-garbage", encode(textured(), "JPEG", icc_profile=bytes(36) + b"acsp" + bytes(400)), sound=True
    )
    yield Case(
        "jpeg/cmyk-profile-garbage", encode(textured().convert("CMYK"), "JPEG", icc_profile=b"x" * 500), sound=True
    )
    exifs = {
        "loop": _exif_with([(0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0x0112, 3, 1, 6)], next_directory=8),
        "huge-count": _exif_with([(0x010F, 2, 0xFFFFFFFF, 8), (0x0112, 3, 0xFFFFFFFF, 26)]),
        "odd-type": _exif_with([(0x0112, 99, 1, 6), (0x010F, 0, 0, 0)]),
        "orientation-9": _exif_with([(0x0112, 3, 1, 9)]),
        "orientation-text": _exif_with([(0x0112, 2, 4, 0x36363636)]),
        "orientation-list": _exif_with([(0x0112, 3, 2, 0x00060006)]),
        "resolution-zero": _exif_with([(0x011A, 5, 1, 26), (0x0128, 3, 1, 2)]) + bytes(8),
        "cut": b"Exif\0\0II*\0",
        "no-order": b"Exif\0\0XX*\0\x08\0\0\0" + bytes(20),
    }
    for name, payload in exifs.items():
        yield Case(f"jpeg/exif-{name}", with_segments(seed, jpeg_segment(0xE1, payload)), sound=True)
    yield Case(
        "jpeg/photoshop-garbage", with_segments(seed, jpeg_segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\xff" * 3_000))
    )
    yield Case(
        "jpeg/mpf-garbage",
        with_segments(seed, jpeg_segment(0xE2, b"MPF\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 300)),
        sound=True,
    )
    yield Case("jpeg/two-frames", with_segments(seed, jpeg_segment(0xC0, b"\x08\x40\0\x40\0\1\1\x11\0")))
    yield Case("jpeg/no-tables", seed[:20] + seed[seed.index(b"\xff\xc0") :])
    yield Case("jpeg/no-scan", seed[: seed.index(b"\xff\xda")] + b"\xff\xd9")
    frame = seed.index(b"\xff\xc0")
    for marker in (0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF):
        yield Case(f"jpeg/frame-{marker:x}", seed[: frame + 1] + bytes([marker]) + seed[frame + 2 :])
    for bits in (0, 1, 12, 16, 255):
        yield Case(f"jpeg/{bits}-bits", seed[: frame + 4] + bytes([bits]) + seed[frame + 5 :])
    for components in (0, 2, 4, 5, 255):
        yield Case(f"jpeg/{components}-components", seed[: frame + 9] + bytes([components]) + seed[frame + 10 :])
    for factors in (0x00, 0x44, 0x14, 0xFF):
        yield Case(f"jpeg/sampling-{factors:x}", seed[: frame + 11] + bytes([factors]) + seed[frame + 12 :])
    for scans in (2, 20, 30, 99, 5_000):
        for side_px in (200, 2_000, 7_000):
            if scans < 5_000 or side_px == 200:
                yield Case(f"jpeg/{scans}-scans-{side_px}", _blank_progressive(side_px, side_px, scans))
    yield Case("jpeg/scans-without-end", _blank_progressive(7_000, 7_000, 50_000))
    yield Case("jpeg/inside-comment", with_segments(seed, jpeg_segment(0xFE, seed[:30_000])), sound=True)
    yield Case("jpeg/tail-of-zeros", seed + bytes(10_000_000), sound=True)


# WebP


def _riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webp_cases() -> Iterator[Case]:
    seed = encode(textured(), "WEBP")
    lossless = encode(textured(), "WEBP", lossless=True)
    stream = seed[20:]
    for side_px in (1, 16, 4_096, 16_383, 1 << 24):
        canvas = b"\0\0\0\0" + (side_px - 1).to_bytes(3, "little") * 2
        yield Case(f"webp/canvas-{side_px}", _riff((b"VP8X", canvas), (b"VP8 ", stream)))
        animated = b"\2\0\0\0" + (side_px - 1).to_bytes(3, "little") * 2
        frame = bytes(6) + struct.pack("<I", 63)[:3] * 2 + bytes(4) + b"VP8 " + struct.pack("<I", len(stream)) + stream
        yield Case(f"webp/frames-{side_px}", _riff((b"VP8X", animated), (b"ANIM", bytes(6)), *[(b"ANMF", frame)] * 50))
        bits = (side_px - 1) & 0x3FFF | ((side_px - 1) & 0x3FFF) << 14
        yield Case(f"webp/lossless-{side_px}", lossless[:21] + struct.pack("<I", bits) + lossless[25:])
        yield Case(
            f"webp/lossy-{side_px}", seed[:26] + struct.pack("<HH", side_px & 0x3FFF, side_px & 0x3FFF) + seed[30:]
        )
    canvas = b"\x2c\0\0\0" + (159).to_bytes(3, "little") + (127).to_bytes(3, "little")
    yield Case(
        "webp/huge-metadata",
        _riff(
            (b"VP8X", canvas),
            (b"ICCP", bytes(5_000_000)),
            (b"VP8 ", stream),
            (b"EXIF", bytes(5_000_000)),
            (b"XMP ", b"<" * 5_000_000),
        ),
    )
    yield Case("webp/many-chunks", _riff((b"VP8X", canvas), *[(b"JUNK", b"")] * 500_000, (b"VP8 ", stream)))
    yield Case(
        "webp/exif-garbage", _riff((b"VP8X", canvas), (b"VP8 ", stream), (b"EXIF", b"Exif\0\0MM\0*\xff\xff\xff\xff"))
    )
    for size_bytes in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        yield Case(f"webp/riff-of-{size_bytes}", seed[:4] + struct.pack("<I", size_bytes) + seed[8:])
        yield Case(f"webp/chunk-of-{size_bytes}", seed[:16] + struct.pack("<I", size_bytes) + seed[20:])


# HEIC and AVIF


def box(kind: bytes, *parts: bytes) -> bytes:
    """Frame an ISO box."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def full_box(kind: bytes, version: int, *parts: bytes) -> bytes:
    """Frame an ISO box with version and flags."""
    return box(kind, bytes([version, 0, 0, 0]), *parts)


def _with_sizes(data: bytes, width_px: int, height_px: int) -> bytes:
    """Overwrite every size property."""
    changed = bytearray(data)
    at = data.find(b"ispe")
    while at >= 0:
        struct.pack_into(">II", changed, at + 8, width_px, height_px)
        at = data.find(b"ispe", at + 4)
    return bytes(changed)


def derived(brand: bytes, items: list[tuple[int, bytes, list[int]]], size_px: tuple[int, int], stream: bytes) -> bytes:
    """A container of items (id, type, parts); each derived one asks for its parts, the others share one stream."""
    infos = [full_box(b"infe", 2, struct.pack(">HH", item, 0), kind, b"\0") for item, kind, _ in items]
    references = [
        box(b"dimg", struct.pack(f">HH{len(parts)}H", item, len(parts), *parts)) for item, _, parts in items if parts
    ]
    size = full_box(b"ispe", 0, struct.pack(">II", *size_px))
    bits = full_box(b"pixi", 0, b"\3\x08\x08\x08")
    owners = b"".join(struct.pack(">HBBB", item, 2, 1, 2) for item, _, _ in items)
    properties = box(b"iprp", box(b"ipco", size, bits), full_box(b"ipma", 0, struct.pack(">I", len(items)), owners))
    grid = struct.pack(">BBBBHH", 0, 0, 0, 255, 64, 64)

    def meta(data_at: int) -> bytes:
        rows = []
        for item, kind, _ in items:
            own = grid if kind in (b"grid", b"iovl") else stream
            rows.append(struct.pack(">HHHII", item, 0, 1, data_at + (0 if own is grid else len(grid)), len(own)))
        location = full_box(b"iloc", 0, b"\x44\0", struct.pack(">H", len(items)), b"".join(rows))
        return full_box(
            b"meta",
            0,
            full_box(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", 0, struct.pack(">H", items[0][0])),
            location,
            full_box(b"iinf", 0, struct.pack(">H", len(items)), *infos),
            full_box(b"iref", 0, *references),
            properties,
        )

    head = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    data_at = len(head) + len(meta(0)) + 8
    return head + meta(data_at) + box(b"mdat", grid, stream)


def _container_cases() -> Iterator[Case]:
    heic = (SEEDS / "plain.heic").read_bytes()
    tiles = (SEEDS / "grid.heic").read_bytes()
    avif = encode(textured(), "AVIF", speed=10)
    for name, data in (("heic", heic), ("tiles", tiles), ("avif", avif)):
        for width_px, height_px in (
            (1, 1),
            (0, 0),
            (16, 16),
            (50_000, 1),
            (7_000, 7_000),
            (4_000, 3_000),
            (2**32 - 1, 2**32 - 1),
        ):
            yield Case(f"{name}/{width_px}x{height_px}", _with_sizes(data, width_px, height_px))
        for brand in (b"mif1", b"msf1", b"avis", b"hevc", b"heim", b"avif", b"heic", b"????", b"jxl "):
            yield Case(f"{name}/brand-{brand.decode()}", data[:8] + brand + data[12:])
        meta = data.index(b"meta") - 4
        for size_bytes in (0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF):
            yield Case(f"{name}/meta-of-{size_bytes}", data[:meta] + struct.pack(">I", size_bytes) + data[meta + 4 :])
        yield Case(f"{name}/endless-box", data[:meta] + struct.pack(">I4sQ", 1, b"meta", 2**63) + data[meta + 8 :])
        yield Case(f"{name}/million-boxes", data[:meta] + box(b"free") * 1_000_000 + data[meta:])
        deep = box(b"free")
        for _ in range(3_000):
            deep = box(b"meta", bytes(4), deep)
        yield Case(f"{name}/deep-boxes", data[:meta] + deep)
        for kind in (b"iloc", b"iinf", b"ipma", b"iref", b"ispe", b"pitm", b"hvcC", b"av1C", b"colr", b"irot"):
            at = data.find(kind)
            if at > 0:
                yield Case(f"{name}/{kind.decode()}-all-ones", data[: at + 8] + b"\xff" * 12 + data[at + 20 :])
                yield Case(f"{name}/{kind.decode()}-missing", data[:at] + b"free" + data[at + 4 :])
    for brand, kind, stream in ((b"heic", b"hvc1", heic[-300:]), (b"avif", b"av01", avif[-300:])):
        name = brand.decode()
        yield Case(f"{name}/own-part", derived(brand, [(1, b"grid", [1])], (64, 64), stream))
        yield Case(f"{name}/parts-in-a-ring", derived(brand, [(1, b"iovl", [2]), (2, b"iovl", [1])], (64, 64), stream))
        laughs = [(n, b"iovl", [n + 1] * 100) for n in range(1, 8)] + [(8, kind, [])]
        yield Case(f"{name}/billion-laughs", derived(brand, laughs, (1_000, 1_000), stream))
        yield Case(
            f"{name}/overlay-of-thousands",
            derived(brand, [(1, b"iovl", [2] * 5_000), (2, kind, [])], (7_000, 7_000), stream),
        )
        yield Case(
            f"{name}/grid-of-thousands",
            derived(brand, [(1, b"grid", [2] * 256), (2, kind, [])], (4_000, 4_000), stream),
        )
        # Found by the fuzzer: tables of the largest count there is, walked entry by entry.
        endless = full_box(b"iloc", 0, b"\0\0\xff\xff", struct.pack(">HHH", 1, 0, 65_535) * 2_000)
        tables = full_box(b"meta", 0, full_box(b"pitm", 0, b"\0\1"), endless * 200)
        yield Case(f"{name}/endless-tables", box(b"ftyp", brand, bytes(4), brand) + tables)
        chain = [(n, b"iden", [n + 1]) for n in range(1, 200)] + [(200, kind, [])]
        yield Case(f"{name}/chain", derived(brand, chain, (64, 64), stream))
    lie = (SEEDS / "flat-9000.avif").read_bytes()
    yield Case("avif/larger-than-it-says", _with_sizes(lie, 64, 64))


# Polyglots


def _polyglots() -> Iterator[Case]:
    jpeg, picture = encode(textured(), "JPEG"), encode(textured(), "PNG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("META-INF/MANIFEST.MF", "Main-Class: Bird")
    script = b"<html><script>alert(document.domain)</script></html>"
    yield Case("polyglot/jpeg-and-zip", jpeg + archive.getvalue(), sound=True)
    yield Case("polyglot/gifar", encode(textured(), "GIF") + archive.getvalue())
    yield Case("polyglot/zip-and-jpeg", archive.getvalue() + jpeg)
    yield Case("polyglot/png-and-page", picture + script, sound=True)
    yield Case(
        "polyglot/png-page-in-text",
        png(64, 64, png_chunk(b"tEXt", b"Comment\0" + script), png_chunk(b"IDAT", zlib.compress(bytes(64 * 193)))),
        sound=True,
    )
    yield Case("polyglot/jpeg-page-in-comment", with_segments(jpeg, jpeg_segment(0xFE, script)), sound=True)
    yield Case("polyglot/pdf-and-jpeg", b"%PDF-1.4\n" + jpeg)
    yield Case("polyglot/jpeg-and-mp4", jpeg + b"\0\0\0\x18ftypmp42" + bytes(50_000), sound=True)
    yield Case("polyglot/script-and-jpeg", b"#!/bin/sh\necho\n" + jpeg)
    yield Case("polyglot/bmp-header-jpeg", b"BM" + jpeg)


def main() -> None:
    """Write the cases into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutations", type=int, default=1_000)
    options = parser.parse_args()
    written = 0
    for source in (built_cases(), truncations(20), mutations(options.seed, options.mutations)):
        for case in source:
            path = options.folder / case.name.replace("?", "_")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(case.data)
            written += 1
    sys.stdout.write(f"{written} files in {options.folder}\n")


if __name__ == "__main__":
    main()
