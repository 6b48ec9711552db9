"""Changes a photo as cameras, crops and uploads do, and never so that a bird would be another bird.

Two families: `training_view` draws what training sees; `field_view` simulates photos from elsewhere (cropped, further
away, squashed, dark, blurred, recompressed) for evaluation only. Hue is barely touched and nothing is turned upside
down, because colour and posture are what tells many species apart. Refuses nothing: any uint8 RGB square will do.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

FIELD_KINDS = ("cropped", "far", "squashed", "small", "blurred", "dark", "recompressed", "mixed")


def training_view(pixels: Pixels, random: np.random.Generator, *, size_px: int) -> Pixels:
    """Draws one augmented view of a photo.

    Args:
        pixels: uint8 [side, side, 3] RGB.
        random: The source of chance; the same state gives the same view.
        size_px: Side of the view. Below the photo's side it is a window on the photo, at the photo's own scale.

    Returns:
        uint8 [size_px, size_px, 3] RGB.
    """
    view = _reframed(pixels, random, size_px=size_px, zoom=(0.65, 1.6), tilt_degrees=12.0)
    if random.random() < 0.8:
        view = _recoloured(view, random, strength=0.3)
    if random.random() < 0.25:
        view = _blurred(view, sigma_px=random.uniform(0.3, 1.6))
    if random.random() < 0.25:
        view = _through_fewer_pixels(view, side_px=int(random.integers(80, 180)))
    if random.random() < 0.3:
        view = _recompressed(view, quality=int(random.integers(25, 85)))
    if random.random() < 0.15:
        view = _noisy(view, random, sigma=random.uniform(2, 12))
    return view


def field_view(pixels: Pixels, kind: str, random: np.random.Generator) -> Pixels:
    """Draws one simulated photo from elsewhere; `kind` is one of `FIELD_KINDS`, shapes stay as they are."""
    views: dict[str, Callable[[], Pixels]] = {
        "cropped": lambda: _reframed(pixels, random, size_px=len(pixels), zoom=(1.35, 1.6), tilt_degrees=0.0),
        "far": lambda: _reframed(pixels, random, size_px=len(pixels), zoom=(0.5, 0.65), tilt_degrees=0.0),
        "squashed": lambda: _squashed(pixels, random),
        "small": lambda: _through_fewer_pixels(pixels, side_px=int(random.integers(72, 100))),
        "blurred": lambda: _blurred(pixels, sigma_px=random.uniform(1.4, 2.2)),
        "dark": lambda: _dark(pixels, random),
        "recompressed": lambda: _recompressed(pixels, quality=int(random.integers(12, 25))),
        "mixed": lambda: _mixed(pixels, random),
    }
    return views[kind]()


def _reframed(
    pixels: Pixels, random: np.random.Generator, *, size_px: int, zoom: tuple[float, float], tilt_degrees: float
) -> Pixels:
    # One affine draw: nearer or further, another aspect (3/4 to 4/3), mirrored, tilted, shifted.
    side_px = len(pixels)
    factor = np.exp(random.uniform(np.log(zoom[0]), np.log(zoom[1])))
    stretch = np.exp(random.uniform(-0.14, 0.14))
    angle = np.radians(random.uniform(-tilt_degrees, tilt_degrees))
    mirror = -1.0 if random.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([factor * stretch * mirror, factor / stretch])
    slack = np.abs(np.abs(np.diag(matrix)) * side_px - size_px) / 2
    shift = random.uniform(-slack, slack)
    middle = (size_px - 1) / 2 + shift - matrix @ np.full(2, (side_px - 1) / 2)
    if factor < 1:  # shrinking without it would alias
        pixels = _blurred(pixels, sigma_px=0.5 * (1 / factor - 1) + 0.1)
    # Beyond the photo's edge: its own colours out of focus, or its border continued. A mirrored edge would show a
    # second bird.
    if random.random() < 0.7:
        background = cv2.resize(cv2.resize(pixels, (6, 6), interpolation=cv2.INTER_AREA), (size_px, size_px))
        return cv2.warpAffine(
            pixels,
            np.column_stack([matrix, middle]),
            (size_px, size_px),
            dst=background,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
    return cv2.warpAffine(
        pixels,
        np.column_stack([matrix, middle]),
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _recoloured(pixels: Pixels, random: np.random.Generator, *, strength: float) -> Pixels:
    brightness, contrast, saturation = 1.0 + random.uniform(-strength, strength, 3)
    warmth = 1.0 + random.uniform(-0.07, 0.07)
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    pixels = cv2.addWeighted(pixels, saturation, grey, 1.0 - saturation, 0.0)
    levels = np.arange(256, dtype=np.float32)
    mean = float(grey.mean())
    curves = [((levels - mean) * contrast + mean) * brightness * gain for gain in (warmth, 1.0, 1.0 / warmth)]
    table = np.clip(np.stack(curves, axis=-1), 0, 255).astype(np.uint8)
    return cv2.LUT(pixels, table.reshape(1, 256, 3))


def _blurred(pixels: Pixels, *, sigma_px: float) -> Pixels:
    return cv2.GaussianBlur(pixels, (0, 0), sigma_px)


def _through_fewer_pixels(pixels: Pixels, *, side_px: int) -> Pixels:
    small = cv2.resize(pixels, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def _recompressed(pixels: Pixels, *, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def _noisy(pixels: Pixels, random: np.random.Generator, *, sigma: float) -> Pixels:
    noise = random.standard_normal(pixels.shape, dtype=np.float32) * sigma
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def _squashed(pixels: Pixels, random: np.random.Generator) -> Pixels:
    # A 4:3 photo squeezed into the square, lying or standing.
    side_px = len(pixels)
    cut_px = side_px // 8
    lying = random.random() < 0.5
    kept = pixels[cut_px : side_px - cut_px] if lying else pixels[:, cut_px : side_px - cut_px]
    return cv2.resize(kept, (side_px, side_px), interpolation=cv2.INTER_CUBIC)


def _dark(pixels: Pixels, random: np.random.Generator) -> Pixels:
    return _noisy((pixels * random.uniform(0.3, 0.5)).astype(np.uint8), random, sigma=6.0)


def _mixed(pixels: Pixels, random: np.random.Generator) -> Pixels:
    view = _reframed(pixels, random, size_px=len(pixels), zoom=(0.6, 1.4), tilt_degrees=8.0)
    view = _recoloured(view, random, strength=0.35)
    view = _through_fewer_pixels(view, side_px=int(random.integers(110, 180)))
    return _recompressed(view, quality=int(random.integers(30, 70)))
