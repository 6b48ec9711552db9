"""Makes the three photos that every peer is measured on: 224 px, 2 megapixels, 12 megapixels."""

from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT.parent / "shared" / "data" / "birds-sample" / "train"
SIZES_PX = {"224 px": (224, 224), "2 MP": (1632, 1224), "12 MP": (4032, 3024)}
_JPEG_QUALITY = 88
_ENLARGED = 3
_GRAIN = 2.0


def make_photos(folder: Path) -> dict[str, Path]:
    """Write the photos and return them by name.

    The larger ones are mosaics of sample photos, enlarged and given a sensor's grain, so that their bytes per pixel
    are a phone's. Without the samples at hand, gradients take their place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20261123)
    samples = sorted(SAMPLES.glob("*/001.jpg"))
    made = {}
    for name, size_px in SIZES_PX.items():
        path = folder / f"{name.replace(' ', '-')}.jpg"
        picture = _mosaic(samples, size_px, rng) if samples else _gradients(size_px)
        if size_px != SIZES_PX["224 px"]:
            grain = rng.normal(0, _GRAIN, (size_px[1], size_px[0], 3))
            picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
        tags = Image.Exif()
        tags[ExifTags.Base.Orientation] = 1
        tags[ExifTags.Base.Make] = "Benchmark"
        picture.save(path, "JPEG", quality=_JPEG_QUALITY, exif=tags)
        made[name] = path
    return made


def _mosaic(samples: list[Path], size_px: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    if size_px == SIZES_PX["224 px"]:
        return Image.open(samples[0]).convert("RGB")
    picture = Image.new("RGB", size_px)
    side_px = 224 * _ENLARGED
    for top_px in range(0, size_px[1], side_px):
        for left_px in range(0, size_px[0], side_px):
            sample = Image.open(samples[rng.integers(len(samples))]).convert("RGB")
            picture.paste(sample.resize((side_px, side_px), Image.Resampling.BICUBIC), (left_px, top_px))
    return picture


def _gradients(size_px: tuple[int, int]) -> Image.Image:
    down, across = np.mgrid[0 : size_px[1], 0 : size_px[0]]
    waves = [127 + 120 * np.sin(across / 37 + phase) * np.cos(down / 53 + phase) for phase in (0.0, 1.0, 2.0)]
    return Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8))
