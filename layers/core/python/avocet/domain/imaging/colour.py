"""Brings pixels of any mode and colour profile to plain sRGB; a damaged profile is passed over, never a reason to refuse."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from avocet.domain.imaging.errors import METADATA_FAILURES

# Printers' CMYK profiles reach two megabytes; a larger one is not worth its memory.
_MAX_PROFILE_BYTES = 2 * 1024 * 1024
_PROFILED_MODES = ("RGB", "CMYK")


def to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert any mode to RGB: see-through parts over white, 16 bits to 8, CMYK by its profile where it has one.

    Args:
        image: A decoded picture in whatever mode its file has.
        profile: The file's ICC profile; used for CMYK only, since for RGB it is cheaper on the final picture.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "CMYK" and profile:
        return to_srgb(image, profile)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        # Pillow's own conversion clips everything above 255 to white.
        return Image.fromarray((np.asarray(image) / 256).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        return ground.convert("RGB")
    return image.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert an RGB or CMYK picture from its own colour profile to sRGB, as RGB.

    Phones save in Display P3: read as sRGB its colours look washed out.

    Args:
        image: RGB or CMYK picture.
        profile: ICC profile, or None for sRGB.
    """
    if profile and len(profile) <= _MAX_PROFILE_BYTES and image.mode in _PROFILED_MODES:
        transform = _transform_to_srgb(profile, image.mode)
        if transform is not None:
            converted = ImageCms.applyTransform(image, transform)
            return image if converted is None else converted
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=4)
def _transform_to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the conversion once for photos from the same kind of camera; None where the profile is sRGB or unusable."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (*METADATA_FAILURES, ImageCms.PyCMSError):
        return None
