"""What a photo is, told from its bytes alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from avocet.domain import imaging
from tests.hostile import generate

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(imaging.__file__).parents[3])}
FORMAT_OF_SUFFIX = {"jpg": "jpeg", "mpo": "jpeg", "png": "png", "webp": "webp", "heic": "heic", "avif": "avif"}


@pytest.mark.parametrize("name", sorted(generate.sound_photos()))
def test_a_photo_is_known_by_its_content(name: str) -> None:
    data = generate.sound_photos()[name]
    assert imaging.identify_format(data) == FORMAT_OF_SUFFIX[name.rsplit(".")[-1]]
    photo = imaging.to_model_input(data)
    assert photo.format == imaging.identify_format(data)
    assert photo.pixels.shape == (224, 224, 3)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("still.gif", "GIF"),
        ("picture.bmp", "BMP"),
        ("picture.tiff", "TIFF"),
        ("big-endian.tiff", "raw"),
        ("picture.jp2", "JPEG 2000"),
        ("picture.ico", "icon"),
        ("document.pdf", "PDF"),
        ("drawing.svg", "SVG"),
        ("page.html", "web page"),
        ("archive.zip", "ZIP"),
        ("film.mp4", "film"),
        ("film.mov", "film"),
        ("raw.cr3", "raw"),
        ("picture.jxl", "JPEG XL"),
        ("codestream.jxl", "JPEG XL"),
        ("words.txt", "not a photo"),
        ("program.elf", "not a photo"),
    ],
)
def test_another_kind_of_file_is_refused_by_name(name: str, kind: str) -> None:
    with pytest.raises(imaging.UnsupportedFormatError, match=kind) as refusal:
        imaging.to_model_input(generate.foreign_files()[name])
    assert "JPEG" in refusal.value.detail


@pytest.mark.parametrize("name", sorted(generate.moving_pictures()))
def test_an_animation_is_refused_with_the_way_out(name: str) -> None:
    for use in (imaging.to_model_input, imaging.to_stored_photo):
        with pytest.raises(imaging.AnimatedPhotoError, match=r"Save one .* as a JPEG and send that"):
            use(generate.moving_pictures()[name])


def test_an_animation_with_one_frame_is_a_photo() -> None:
    single = generate.encode(generate.textured(), "PNG", save_all=True)
    assert imaging.to_model_input(single).format == "png"


def test_no_bytes_are_no_photo() -> None:
    with pytest.raises(imaging.UnreadablePhotoError, match="empty"):
        imaging.identify_format(b"")


def test_a_bare_container_brand_is_told_by_the_codec_inside() -> None:
    heic = generate.sound_photos()["plain.heic"]
    avif = generate.sound_photos()["lossy.avif"]
    bare = b"\0\0\0\x14ftypmif1\0\0\0\0mif1"
    for data, expected in ((heic, "heic"), (avif, "avif")):
        ftyp_bytes = int.from_bytes(data[:4], "big")
        assert imaging.identify_format(bare + data[ftyp_bytes:]) == expected


def test_every_refusal_has_its_own_code_and_title() -> None:
    refusals = [
        imaging.PhotoError,
        imaging.UnsupportedFormatError,
        imaging.PhotoTooLargeError,
        imaging.UnreadablePhotoError,
        imaging.PhotoTooSmallError,
        imaging.AnimatedPhotoError,
    ]
    assert len({refusal.code for refusal in refusals}) == len(refusals)
    assert len({refusal.title for refusal in refusals}) == len(refusals)


def test_where_heic_is_left_out_it_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(imaging.UnsupportedFormatError, match="HEIC"):
        imaging.to_model_input(generate.sound_photos()["plain.heic"])


def test_a_jpeg_does_not_pay_for_the_other_decoders() -> None:
    """Imports that only some photos need stay out of the cold start."""
    script = (
        "import io, sys; from PIL import Image; from avocet.domain import imaging; b = io.BytesIO();"
        "Image.new('RGB', (64, 64)).save(b, 'JPEG'); imaging.to_model_input(b.getvalue());"
        "print([m for m in ('pi_heif', 'PIL.ImageCms', 'PIL.AvifImagePlugin', 'PIL.WebPImagePlugin',"
        "'avocet.domain.imaging.containers', 'avocet.domain.imaging.colour') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert loaded.stdout.strip() == "[]"
