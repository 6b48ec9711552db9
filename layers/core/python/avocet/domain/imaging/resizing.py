"""The one resize of the project: how a picture of any shape becomes the model's square. It takes sound RGB pictures only."""

import numpy as np
import numpy.typing as npt
from PIL import Image

# Squeezing 4:3 into a square keeps a bird at the edge of the picture in view; a longer side is cut about its centre.
MAX_SQUEEZE_RATIO = 4 / 3


def fit_image(image: Image.Image, *, size_px: int) -> Image.Image:
    """Crop the longer side about the centre to at most 4:3, then resize to a square with antialiasing.

    Args:
        image: An upright RGB picture.
        size_px: Side of the square.

    Returns:
        A new RGB picture, ``size_px`` by ``size_px``.
    """
    width_px, height_px = image.size
    kept_width_px = min(width_px, height_px * MAX_SQUEEZE_RATIO)
    kept_height_px = min(height_px, width_px * MAX_SQUEEZE_RATIO)
    left_px = (width_px - kept_width_px) / 2
    top_px = (height_px - kept_height_px) / 2
    box = (left_px, top_px, left_px + kept_width_px, top_px + kept_height_px)
    return image.resize((size_px, size_px), Image.Resampling.BICUBIC, box=box)


def fit(image: Image.Image, *, size_px: int) -> npt.NDArray[np.uint8]:
    """Make the model's square from a picture, as ``fit_image`` does, and hand it out as an array.

    Args:
        image: An upright RGB picture (orientation already applied).
        size_px: Side of the square.

    Returns:
        uint8 array ``[size_px, size_px, 3]``, 0-255, RGB.
    """
    return np.asarray(fit_image(image, size_px=size_px))
