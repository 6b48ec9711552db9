"""Writes the small files in seeds/: run by hand, since the HEVC encoder it needs is GPL and stays out of the project.

pip install pillow-heif==1.8.1 && python tests/hostile/make_heic_seeds.py
"""

from pathlib import Path

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms

SEEDS = Path(__file__).parent / "seeds"
SIZE_PX = (160, 128)


def quadrants(size_px: tuple[int, int] = SIZE_PX) -> Image.Image:
    """Red, green / blue, white: every turn and mirroring of it looks different."""
    picture = Image.new("RGB", (2, 2))
    for at, colour in zip(((0, 0), (1, 0), (0, 1), (1, 1)), ("red", "lime", "blue", "white"), strict=True):
        picture.putpixel(at, Image.new("RGB", (1, 1), colour).getpixel((0, 0)))
    return picture.resize(size_px, Image.Resampling.NEAREST)


def exif(orientation: int = 1) -> bytes:
    """EXIF with a position in it, which must not survive."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.Make] = "Seedmaker"
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (47.0, 12.0, 34.0)
    return tags.tobytes()


def main() -> None:
    """Write every seed."""
    pillow_heif.register_heif_opener()
    options = {"quality": 60, "format": "HEIF"}
    SEEDS.mkdir(exist_ok=True)
    picture = quadrants()
    picture.save(SEEDS / "plain.heic", exif=exif(), **options)
    for orientation in (3, 5, 6, 8):
        picture.save(SEEDS / f"orientation-{orientation}.heic", exif=exif(orientation), **options)
    picture.convert("L").save(SEEDS / "grey.heic", **options)
    see_through = picture.convert("RGBA")
    see_through.putalpha(Image.linear_gradient("L").resize(SIZE_PX))
    see_through.save(SEEDS / "alpha.heic", **options)
    picture.save(SEEDS / "grid.heic", tile_size=64, exif=exif(6), **options)
    picture.save(SEEDS / "thumbnail.heic", thumbnails=[64], **options)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(SEEDS / "profile.heic", icc_profile=srgb, **options)
    burst = [Image.new("RGB", SIZE_PX, "black"), picture, Image.new("RGB", SIZE_PX, "grey")]
    burst[0].save(SEEDS / "burst.heic", save_all=True, append_images=burst[1:], primary_index=1, **options)
    deep = np.asarray(picture).astype(np.uint16) * 257
    # Nearly nothing in bytes, 81 million pixels when decoded.
    Image.new("RGB", (9_000, 9_000), "green").save(SEEDS / "flat-9000.avif", quality=10, speed=10)
    pillow_heif.encode("RGB;16", SIZE_PX, deep.tobytes(), SEEDS / "ten-bit.heic", quality=60)


if __name__ == "__main__":
    main()
