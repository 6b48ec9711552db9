"""What is kept of a photo: pixels, and nothing else."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from avocet.domain import imaging
from tests.hostile import generate

# All a baseline JPEG needs: JFIF header, tables, frame, one scan.
NEEDED_MARKERS = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}


def segments(jpeg: bytes) -> list[tuple[int, bytes]]:
    """Read a JPEG's segments independently of Pillow, and insist that nothing follows its end."""
    assert jpeg[:2] == b"\xff\xd8"
    found, at = [], 2
    while True:
        assert jpeg[at] == 0xFF
        marker = jpeg[at + 1]
        length = struct.unpack_from(">H", jpeg, at + 2)[0]
        found.append((marker, jpeg[at + 4 : at + 2 + length]))
        at += 2 + length
        if marker == 0xDA:
            while jpeg[at] != 0xFF or jpeg[at + 1] == 0 or 0xD0 <= jpeg[at + 1] <= 0xD7:
                at += 1
            assert jpeg[at + 1] == 0xD9
            assert at + 2 == len(jpeg), "bytes after the end of the picture"
            return found


@pytest.mark.parametrize("name", sorted(generate.sound_photos()))
def test_nothing_but_pixels_is_kept(name: str) -> None:
    stored = imaging.to_stored_photo(generate.sound_photos()[name])
    kept = segments(stored.data)
    assert {marker for marker, _ in kept} == NEEDED_MARKERS
    jfif = next(payload for marker, payload in kept if marker == 0xE0)
    assert jfif == b"JFIF\0\1\1\0\0\1\0\1\0\0"
    for trace in (b"Exif", b"GPS", b"xmp", b"Seedmaker", b"ICC", b"Photoshop", b"comment"):
        assert trace not in stored.data
    reread = Image.open(io.BytesIO(stored.data))
    assert reread.size == (stored.width_px, stored.height_px)
    assert not reread.getexif()


def test_what_is_hidden_around_the_picture_is_gone() -> None:
    for case in generate.built_cases():
        if case.name.startswith("polyglot/") and case.sound:
            stored = imaging.to_stored_photo(case.data).data
            segments(stored)
            for trace in (b"script", b"Manifest", b"PK\3\4", b"ftyp"):
                assert trace not in stored, case.name


@pytest.mark.parametrize("name", sorted(generate.sound_photos()))
def test_the_same_photo_is_kept_as_the_same_bytes(name: str) -> None:
    data = generate.sound_photos()[name]
    assert imaging.to_stored_photo(data) == imaging.to_stored_photo(bytes(bytearray(data)))


@pytest.mark.parametrize(("size_px", "kept_px"), [((3000, 1500), (2048, 1024)), ((1500, 3000), (1024, 2048)), ((640, 480), (640, 480))])  # fmt: skip
def test_a_large_photo_is_kept_smaller_and_a_small_one_as_it_is(
    size_px: tuple[int, int], kept_px: tuple[int, int]
) -> None:
    for photo_format in ("JPEG", "PNG", "WEBP"):
        stored = imaging.to_stored_photo(generate.encode(Image.new("RGB", size_px, "teal"), photo_format))
        assert (stored.width_px, stored.height_px) == kept_px
        assert Image.open(io.BytesIO(stored.data)).size == kept_px


def test_another_bound_for_the_longer_side_is_kept_to() -> None:
    stored = imaging.to_stored_photo(generate.encode(generate.textured((900, 300)), "JPEG"), longest_side_px=300)
    assert (stored.width_px, stored.height_px) == (300, 100)


def test_the_kept_picture_looks_like_the_photo() -> None:
    picture = generate.textured((200, 150)).resize((800, 600), Image.Resampling.BICUBIC)
    stored = imaging.to_stored_photo(generate.encode(picture, "PNG"))
    kept = np.asarray(Image.open(io.BytesIO(stored.data))).astype(int)
    assert np.abs(kept - np.asarray(picture)).mean() < 4
    assert np.abs(kept.mean() - np.asarray(picture).mean()) < 1


def test_keeping_a_kept_photo_does_not_wear_it_down() -> None:
    stored = imaging.to_stored_photo(generate.encode(generate.textured((400, 300)), "JPEG", quality=95))
    again = imaging.to_stored_photo(stored.data)
    first, second = (np.asarray(Image.open(io.BytesIO(photo.data))).astype(int) for photo in (stored, again))
    assert np.abs(first - second).mean() < 2
