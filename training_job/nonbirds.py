"""Pictures without a bird, to see whether a model says that it does not know them.

The photos are those that scikit-image installs with itself (a face, a cat, coffee, a rocket, textures, slides under a
microscope, pages); the rest is drawn here: noise, gradients, text, shapes, houses and cars.
"""

from importlib import resources

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from avocet.domain.imaging import fit

Pixels = npt.NDArray[np.uint8]

_SUFFIXES = (".jpg", ".png")
_DRAWN_PER_KIND = 4


def non_birds(*, size_px: int, seed: int) -> Pixels:
    """Gathers pictures without a bird: uint8 [n, size, size, 3] RGB; the photos whole and from their middle."""
    random = np.random.default_rng(seed)
    drawings = [draw(random, size_px) for draw in _DRAWINGS for _ in range(_DRAWN_PER_KIND)]
    return np.stack([*_installed_photos(size_px), *drawings])


def _installed_photos(size_px: int) -> list[Pixels]:
    photos = []
    for entry in sorted(resources.files("skimage.data").iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(_SUFFIXES):
            continue
        with resources.as_file(entry) as path, Image.open(path) as image:
            picture = image.convert("RGB")
        width_px, height_px = picture.size
        middle = picture.crop((width_px // 4, height_px // 4, width_px * 3 // 4, height_px * 3 // 4))
        photos += [fit(picture, size_px=size_px), fit(middle, size_px=size_px)]
    return photos


def _noise(random: np.random.Generator, size_px: int) -> Pixels:
    return random.integers(0, 256, (size_px, size_px, 3), dtype=np.uint8)


def _clouds(random: np.random.Generator, size_px: int) -> Pixels:
    return cv2.resize(_noise(random, 8), (size_px, size_px), interpolation=cv2.INTER_CUBIC)


def _gradient(random: np.random.Generator, size_px: int) -> Pixels:
    corners = random.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    return cv2.resize(corners, (size_px, size_px), interpolation=cv2.INTER_LINEAR)


def _flat(random: np.random.Generator, size_px: int) -> Pixels:
    return np.full((size_px, size_px, 3), _colour(random), dtype=np.uint8)


def _text(random: np.random.Generator, size_px: int) -> Pixels:
    page = _flat(random, size_px)
    for line in range(14):
        words = "".join(chr(letter) for letter in random.integers(65, 123, 24))
        cv2.putText(page, words, (4, 14 + line * size_px // 14), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _colour(random), 1)
    return page


def _shapes(random: np.random.Generator, size_px: int) -> Pixels:
    scene = _flat(random, size_px)
    for _ in range(25):
        middle = tuple(int(value) for value in random.integers(0, size_px, 2))
        cv2.circle(scene, middle, int(random.integers(4, size_px // 5)), _colour(random), -1)
    return scene


def _house(random: np.random.Generator, size_px: int) -> Pixels:
    scene = _landscape(size_px)
    left, width = int(size_px * random.uniform(0.15, 0.35)), int(size_px * random.uniform(0.35, 0.5))
    top, floor = int(size_px * 0.4), int(size_px * 0.8)
    cv2.rectangle(scene, (left, top), (left + width, floor), _colour(random), -1)
    roof = np.array([(left - 8, top), (left + width + 8, top), (left + width // 2, top - size_px // 5)])
    cv2.fillPoly(scene, [roof], (150, 40, 40))
    cv2.rectangle(scene, (left + width // 2, floor - size_px // 5), (left + width // 2 + 18, floor), (80, 50, 20), -1)
    return scene


def _car(random: np.random.Generator, size_px: int) -> Pixels:
    scene = _landscape(size_px)
    paint, unit = _colour(random), size_px / 224
    shift = int(random.uniform(-15, 15) * unit)

    def at(x: float, y: float) -> tuple[int, int]:
        return int(x * unit) + shift, int(y * unit)

    cv2.rectangle(scene, at(30, 110), at(200, 155), paint, -1)
    cv2.fillPoly(scene, [np.array([at(60, 110), at(85, 75), at(150, 75), at(175, 110)])], paint)
    cv2.fillPoly(scene, [np.array([at(70, 108), at(90, 82), at(114, 82), at(114, 108)])], (190, 215, 230))
    for wheel_x in (68, 162):
        cv2.circle(scene, at(wheel_x, 155), int(18 * unit), (20, 20, 20), -1)
        cv2.circle(scene, at(wheel_x, 155), int(8 * unit), (170, 170, 170), -1)
    return scene


def _landscape(size_px: int) -> Pixels:
    scene = np.full((size_px, size_px, 3), (170, 205, 240), dtype=np.uint8)
    scene[size_px * 3 // 5 :] = (95, 130, 80)
    return scene


def _colour(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in random.integers(0, 256, 3))
    return red, green, blue


_DRAWINGS = (_noise, _clouds, _gradient, _flat, _text, _shapes, _house, _car)
