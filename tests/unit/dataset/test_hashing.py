"""Fingerprints: the same picture in other clothes stays near, another picture stays far."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from avocet.domain.cleaning import BlankPhotoError, TinyPhotoError, clean_photo
from avocet.domain.duplicates import Fingerprint, IndexEntry, bucket_keys, matches
from avocet.domain.hashing import BANDS, CERTAIN_DISTANCE, band_keys, distance, is_near


def picture(seed: int, side_px: int = 224) -> Image.Image:
    """A smooth random landscape; noise would not survive any resize."""
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.BICUBIC)


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def phash(image: Image.Image, quality: int = 90) -> bytes:
    return bytes.fromhex(clean_photo(jpeg(image, quality)).phash)


@pytest.mark.parametrize("seed", range(5))
def test_recompressed_resized_and_brightened_copies_are_near(seed: int) -> None:
    original = picture(seed)
    copies = [
        phash(original, 40),
        phash(original.resize((120, 120))),
        phash(original.resize((1000, 1000))),
        phash(ImageEnhance.Brightness(original).enhance(1.1)),
    ]
    assert all(is_near(phash(original), [each]) for each in copies)


def test_different_pictures_are_far_apart() -> None:
    hashes = [phash(picture(seed)) for seed in range(40)]
    assert min(distance(a, b) for i, a in enumerate(hashes) for b in hashes[i + 1 :]) > 60


def test_a_mirrored_copy_is_found_by_its_mirrored_hash() -> None:
    original = picture(1)
    flipped = clean_photo(jpeg(original.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert distance(bytes.fromhex(clean_photo(jpeg(original)).phash), bytes.fromhex(flipped.mirrored_phash)) <= 8


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 255), max_size=CERTAIN_DISTANCE))
def test_the_index_cannot_miss_what_differs_in_fewer_bits_than_there_are_bands(base: bytes, bits: set[int]) -> None:
    other = int.from_bytes(base, "big")
    for bit in bits:
        other ^= 1 << bit
    entry = IndexEntry("b" * 32, f"{other:064x}")
    buckets = {key: [entry] for key in band_keys(bytes.fromhex(entry.phash))}
    wanted = Fingerprint("a" * 32, base.hex(), "0" * 64)
    assert matches(wanted, buckets) == ("b" * 32,)
    assert len(bucket_keys(wanted)) <= 2 * BANDS


def test_a_small_photo_keeps_its_bytes_and_a_large_one_shrinks() -> None:
    small, large = jpeg(picture(1)), jpeg(picture(2, 1500))
    assert clean_photo(small).data == small
    assert Image.open(io.BytesIO(clean_photo(large).data)).size == (512, 512)


def test_blank_and_tiny_photos_are_refused() -> None:
    with pytest.raises(BlankPhotoError):
        clean_photo(jpeg(Image.new("RGB", (224, 224), (200, 200, 200))))
    with pytest.raises(TinyPhotoError):
        clean_photo(jpeg(picture(1, 40)))
