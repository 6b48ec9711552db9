"""Limits hold before anything is decoded, and the refusal says what to do."""

import pytest
from PIL import Image

from avocet.domain import imaging
from tests.hostile import generate


@pytest.mark.parametrize("use", [imaging.to_model_input, imaging.to_stored_photo])
def test_too_many_bytes_are_refused_unread(use: object) -> None:
    data = generate.sound_photos()["baseline.jpg"]
    just_right = data + bytes(imaging.MAX_BYTES - len(data))
    assert callable(use)
    use(just_right)
    with pytest.raises(imaging.PhotoTooLargeError, match="at most 25 MB"):
        use(just_right + b"\0")


@pytest.mark.parametrize(
    ("case", "refusal"),
    [
        ("png/50000x50000", imaging.PhotoTooLargeError),
        ("png/1x1", imaging.PhotoTooSmallError),
        ("png/50000x1", imaging.PhotoTooSmallError),
        ("png/1x50000", imaging.PhotoTooSmallError),
        ("png/0x64", imaging.UnreadablePhotoError),
        ("jpeg/65535x65535", imaging.PhotoTooLargeError),
        ("jpeg/65500x16", imaging.PhotoTooSmallError),
        ("webp/canvas-16777216", imaging.PhotoTooLargeError),
        ("webp/lossless-16383", imaging.PhotoTooLargeError),
        ("heic/4294967295x4294967295", imaging.PhotoTooLargeError),
        ("avif/4294967295x4294967295", imaging.PhotoTooLargeError),
        ("heic/billion-laughs", imaging.PhotoTooLargeError),
        ("heic/own-part", imaging.UnreadablePhotoError),
        ("avif/larger-than-it-says", imaging.PhotoTooLargeError),
        ("jpeg/5000-scans-200", imaging.UnreadablePhotoError),
        ("jpeg/99-scans-7000", imaging.UnreadablePhotoError),
        ("jpeg/million-empty-comments", imaging.UnreadablePhotoError),
        ("jpeg/no-scan", imaging.UnreadablePhotoError),
        ("png/million-empty-chunks", imaging.UnreadablePhotoError),
    ],
)
def test_what_is_out_of_bounds_is_refused(case: str, refusal: type[imaging.PhotoError]) -> None:
    data = generate.built(case)
    with pytest.raises(refusal) as raised:
        imaging.to_model_input(data)
    assert raised.value.__cause__ is None, "the check speaks, not a decoder"
    assert raised.value.detail.endswith(".")


def test_the_largest_photo_is_taken_and_one_row_more_is_not() -> None:
    assert imaging.MAX_PIXELS == 5_000 * 10_000
    largest = generate.encode(Image.new("L", (10_000, 5_000), 77), "JPEG")
    assert imaging.to_model_input(largest).width_px == 10_000
    with pytest.raises(imaging.PhotoTooLargeError, match="10000 x 5001 pixels; at most 50 million"):
        imaging.to_model_input(generate.encode(Image.new("L", (10_000, 5_001), 77), "JPEG"))


def test_the_smallest_photo_is_taken_and_one_column_less_is_not() -> None:
    side = imaging.MIN_SIDE_PX
    assert imaging.to_model_input(generate.encode(Image.new("RGB", (side, side)), "PNG")).width_px == side
    with pytest.raises(imaging.PhotoTooSmallError, match="at least 16"):
        imaging.to_model_input(generate.encode(Image.new("RGB", (side - 1, side)), "PNG"))


def test_a_photo_cut_off_in_its_pixels_is_refused() -> None:
    for name, data in generate.sound_photos().items():
        if name.endswith((".jpg", ".png", ".webp", ".avif")):
            with pytest.raises(imaging.UnreadablePhotoError):
                imaging.to_model_input(data[: len(data) * 3 // 4])


def test_no_refusal_repeats_what_a_decoder_muttered() -> None:
    refusals = []
    for case in generate.mutations(seed=5, count=150):
        try:
            imaging.to_model_input(case.data)
        except imaging.PhotoError as error:
            refusals.append((error.detail, str(error.__cause__ or "")))
    assert refusals
    for detail, muttered in refusals:
        assert not muttered or muttered not in detail
        assert "Error" not in detail
