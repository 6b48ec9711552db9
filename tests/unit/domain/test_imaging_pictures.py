"""The decoded picture looks as a person sees the photo: upright, in its colours, whatever its mode."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from avocet.domain import imaging
from tests.hostile import generate

Pixels = npt.NDArray[np.uint8]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
# Left to right, top to bottom, of the stored quadrants red, green / blue, white once turned upright.
UPRIGHT = {
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}


def corners(pixels: Pixels) -> list[tuple[int, ...]]:
    near, far = pixels.shape[0] // 5, pixels.shape[0] * 4 // 5
    return [tuple(int(value) for value in pixels[y, x]) for y in (near, far) for x in (near, far)]


def assert_colours(pixels: Pixels, expected: tuple[tuple[int, int, int], ...], tolerance: int = 6) -> None:
    assert np.abs(np.subtract(corners(pixels), expected)).max() <= tolerance, corners(pixels)


def decode(stored: imaging.StoredPhoto) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(stored.data)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("photo_format", ["JPEG", "PNG", "WEBP", "AVIF", "MPO"])
def test_a_photo_taken_in_any_position_is_upright(photo_format: str, orientation: int) -> None:
    data = generate.encode(generate.quadrants(), photo_format, exif=generate.exif(orientation), quality=95)
    photo = imaging.to_model_input(data)
    assert_colours(photo.pixels, UPRIGHT[orientation])
    expected_size = generate.SIZE_PX if orientation < 5 else generate.SIZE_PX[::-1]
    assert (photo.width_px, photo.height_px) == expected_size
    stored = imaging.to_stored_photo(data)
    assert (stored.width_px, stored.height_px) == expected_size
    assert decode(stored).shape[:2] == expected_size[::-1]
    assert_colours(decode(stored)[:128, :128], UPRIGHT[orientation], 255 if stored.width_px != stored.height_px else 6)


@pytest.mark.parametrize(
    ("name", "orientation"),
    [("plain", 1), ("orientation-3", 3), ("orientation-5", 5), ("orientation-6", 6), ("orientation-8", 8), ("grid", 6)],
)
def test_a_phones_heic_is_turned_once(name: str, orientation: int) -> None:
    """The container's own turn counts; the EXIF that repeats it does not."""
    assert_colours(imaging.to_model_input(generate.sound_photos()[f"{name}.heic"]).pixels, UPRIGHT[orientation])


@pytest.mark.parametrize("name", ["burst.heic", "thumbnail.heic", "ten-bit.heic", "profile.heic"])
def test_the_primary_picture_of_a_heic_is_taken(name: str) -> None:
    photo = imaging.to_model_input(generate.sound_photos()[name])
    assert (photo.width_px, photo.height_px) == generate.SIZE_PX
    assert_colours(photo.pixels, UPRIGHT[1])


def test_the_first_picture_of_an_mpo_is_taken() -> None:
    other = Image.new("RGB", generate.SIZE_PX, "black")
    data = generate.encode(generate.quadrants(), "MPO", save_all=True, append_images=[other], quality=95)
    assert_colours(imaging.to_model_input(data).pixels, UPRIGHT[1])


def test_a_position_only_a_damaged_exif_tells_is_passed_over() -> None:
    plain = generate.encode(generate.quadrants(), "JPEG", quality=95)
    for case in generate.built_cases():
        if case.name.startswith("jpeg/exif-"):
            assert imaging.to_model_input(case.data).pixels.shape == (224, 224, 3)
    assert_colours(imaging.to_model_input(plain).pixels, UPRIGHT[1])


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_see_through_parts_lie_on_white(mode: str) -> None:
    clear = Image.new("RGBA", (64, 64), (10, 20, 30, 0))
    clear.paste((200, 40, 40, 255), (0, 0, 32, 64))
    picture = clear.convert(mode) if mode != "P" else clear.quantize(4)
    if mode == "PA":
        picture = picture.convert("RGBA")
    pixels = imaging.to_model_input(generate.encode(picture, "PNG")).pixels
    assert tuple(pixels[112, 200]) == WHITE
    assert pixels[112, 20].max() < 220
    stored = decode(imaging.to_stored_photo(generate.encode(picture, "PNG")))
    assert stored[32, 60].min() > 250


def test_a_palette_with_one_clear_colour_lies_on_white() -> None:
    picture = Image.new("P", (64, 64), 0)
    picture.putpalette([0, 0, 0, 200, 0, 0])
    picture.paste(1, (0, 0, 32, 64))
    pixels = imaging.to_model_input(generate.encode(picture, "PNG", transparency=0)).pixels
    assert tuple(pixels[112, 200]) == WHITE
    assert tuple(pixels[112, 20]) == (200, 0, 0)


def test_one_clear_colour_of_a_full_colour_png_lies_on_white() -> None:
    picture = Image.new("RGB", (64, 64), (1, 2, 3))
    pixels = imaging.to_model_input(generate.encode(picture, "PNG", transparency=(1, 2, 3))).pixels
    assert tuple(pixels[100, 100]) == WHITE


@pytest.mark.parametrize("value", [0, 1, 64, 128, 200, 255])
def test_sixteen_bits_of_grey_keep_their_brightness(value: int) -> None:
    deep = Image.fromarray(np.full((64, 64), value * 257, np.uint16))
    pixels = imaging.to_model_input(generate.encode(deep, "PNG")).pixels
    assert np.abs(pixels.astype(int) - value).max() <= 1


@pytest.mark.parametrize("name", ["grey.jpg", "bits.png", "interlaced.png", "grey-alpha.png", "grey.avif", "grey.heic"])
def test_grey_stays_grey(name: str) -> None:
    pixels = imaging.to_model_input(generate.sound_photos()[name]).pixels.astype(int)
    assert np.abs(pixels - pixels[..., :1]).max() <= 2
    assert pixels.max() - pixels.min() > 50


def test_printers_inks_become_the_colours_they_print() -> None:
    data = generate.encode(generate.quadrants().convert("CMYK"), "JPEG", quality=95, subsampling=0)
    assert_colours(imaging.to_model_input(data).pixels, UPRIGHT[1], tolerance=8)


def wide_gamut_profile() -> bytes:
    """A Display P3 profile, as phones embed it: matrix and gamma, made from the primaries."""
    xyz_of_primaries = np.array(
        [[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407]]
    )
    tags = {b"wtpt": _xyz(0.9505, 1.0, 1.0891)}
    for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz_of_primaries, strict=True):
        tags[name] = _xyz(*xyz)
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        tags[name] = b"curv" + bytes(4) + (1).to_bytes(4, "big") + int(2.2 * 256).to_bytes(2, "big") + bytes(2)
    tags[b"desc"] = b"desc" + bytes(4) + (4).to_bytes(4, "big") + b"P3 \0" + bytes(78)
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, payload in tags.items():
        payload += bytes(-len(payload) % 4)
        table += name + at.to_bytes(4, "big") + len(payload).to_bytes(4, "big")
        body += payload
        at += len(payload)
    header = bytearray(128)
    header[:4] = at.to_bytes(4, "big")
    header[8:12] = bytes([2, 0x40, 0, 0])
    header[12:24] = b"mntrRGB XYZ "
    header[36:40] = b"acsp"
    header[68:80] = b"".join(round(value * 65536).to_bytes(4, "big") for value in (0.9642, 1.0, 0.8249))
    return bytes(header) + len(tags).to_bytes(4, "big") + table + body


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(round(value * 65536).to_bytes(4, "big", signed=True) for value in values)


@pytest.mark.parametrize("photo_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_phones_wide_colours_are_brought_to_srgb(photo_format: str) -> None:
    muted = Image.new("RGB", (64, 64), (200, 100, 80))
    data = generate.encode(muted, photo_format, icc_profile=wide_gamut_profile(), quality=95)
    expected = np.array((214, 95, 73))
    pixels = imaging.to_model_input(data).pixels
    assert np.abs(pixels[100, 100] - expected).max() <= 6, pixels[100, 100]
    stored = decode(imaging.to_stored_photo(data))
    assert np.abs(stored[32, 32] - expected).max() <= 6, stored[32, 32]


def test_an_srgb_profile_changes_nothing() -> None:
    picture = generate.textured()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with_profile = imaging.to_model_input(generate.encode(picture, "PNG", icc_profile=srgb)).pixels
    np.testing.assert_array_equal(with_profile, imaging.to_model_input(generate.encode(picture, "PNG")).pixels)


@pytest.mark.parametrize("profile", [b"", b"x", b"x" * 500, bytes(36) + b"acsp" + bytes(400), bytes(3_000_000)])
def test_a_damaged_profile_is_passed_over(profile: bytes) -> None:
    picture = generate.textured()
    data = generate.encode(picture, "WEBP", lossless=True, icc_profile=profile)
    np.testing.assert_array_equal(
        imaging.to_model_input(data).pixels,
        imaging.to_model_input(generate.encode(picture, "WEBP", lossless=True)).pixels,
    )


def test_a_grey_profile_on_a_colour_photo_is_passed_over() -> None:
    profile = wide_gamut_profile().replace(b"mntrRGB ", b"mntrGRAY")
    data = generate.encode(generate.quadrants(), "JPEG", quality=95, icc_profile=profile)
    assert_colours(imaging.to_model_input(data).pixels, UPRIGHT[1])


def test_a_square_of_the_models_size_is_left_as_it_is() -> None:
    """Training photos are 224 px squares: what was learned from them must be what serving shows."""
    picture = generate.textured((224, 224))
    pixels = imaging.to_model_input(generate.encode(picture, "PNG")).pixels
    np.testing.assert_array_equal(pixels, np.asarray(picture))
    np.testing.assert_array_equal(imaging.fit(picture, size_px=224), pixels)


@pytest.mark.parametrize("size_px", [(300, 100), (100, 300), (3000, 900)])
def test_a_long_photo_is_cut_about_its_centre_to_four_by_three(size_px: tuple[int, int]) -> None:
    width_px, height_px = size_px
    picture = Image.new("RGB", size_px, "red")
    kept_px = min(size_px) * 4 // 3
    half = kept_px // 2
    inner = (width_px // 2 - half, 0, width_px // 2 + half, height_px)
    if height_px > width_px:
        inner = (0, height_px // 2 - half, width_px, height_px // 2 + half)
    picture.paste("blue", inner)
    pixels = imaging.to_model_input(generate.encode(picture, "PNG")).pixels
    assert np.abs(pixels[4:-4, 4:-4].astype(int) - BLUE).max() <= 3


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_shrinking_on_the_way_gives_nearly_what_a_full_decode_gives(name: str) -> None:
    """The decoder's own scaling and the averaging in blocks stay within a hundredth of the range on a busy picture."""
    picture = generate.textured((1600, 1200)).resize((3200, 2400), Image.Resampling.BICUBIC)
    data = generate.encode(picture, name, quality=95, method=0)
    full = Image.open(io.BytesIO(data)).convert("RGB")
    difference = np.abs(imaging.to_model_input(data).pixels.astype(int) - imaging.fit(full, size_px=224))
    assert difference.mean() < 2.5, difference.mean()


def test_serving_and_training_see_the_same_pixels() -> None:
    """A stored copy, cut from the upload, leads to the picture that was predicted on."""
    data = generate.encode(
        generate.textured((225, 175)).resize((900, 700), Image.Resampling.BICUBIC),
        "JPEG",
        quality=95,
        exif=generate.exif(6),
    )
    first = imaging.to_model_input(data).pixels.astype(int)
    again = imaging.to_model_input(imaging.to_stored_photo(data).data).pixels
    assert np.abs(first - again).mean() < 3


@settings(max_examples=60, deadline=None)
@given(
    width_px=st.integers(16, 700),
    height_px=st.integers(16, 700),
    orientation=st.integers(1, 8),
    photo_format=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    size_px=st.sampled_from([96, 224, 300]),
)
def test_any_size_gives_the_models_square(
    width_px: int, height_px: int, orientation: int, photo_format: str, size_px: int
) -> None:
    picture = Image.new("RGB", (width_px, height_px), (90, 140, 60))
    data = generate.encode(picture, photo_format, exif=generate.exif(orientation))
    if max(width_px, height_px) > 20 * min(width_px, height_px):
        with pytest.raises(imaging.PhotoTooSmallError):
            imaging.to_model_input(data, size_px=size_px)
        return
    photo = imaging.to_model_input(data, size_px=size_px)
    assert photo.pixels.shape == (size_px, size_px, 3)
    assert photo.pixels.dtype == np.uint8
    assert np.abs(photo.pixels.astype(int) - (90, 140, 60)).max() <= 4
    assert {photo.width_px, photo.height_px} == {width_px, height_px}
