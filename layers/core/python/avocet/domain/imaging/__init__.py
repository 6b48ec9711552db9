"""Turns untrusted bytes into a picture: for the model, or to keep. It refuses what is not one sound, still photo.

The only place where Avocet decodes or resizes; serving and training share it, so that both see the same pixels.
"""

from avocet.domain.imaging.decoding import (
    Luminance,
    ModelInput,
    StoredPhoto,
    to_luminance,
    to_model_input,
    to_stored_photo,
)
from avocet.domain.imaging.errors import (
    AnimatedPhotoError,
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    UnreadablePhotoError,
    UnsupportedFormatError,
)
from avocet.domain.imaging.formats import PhotoFormat, identify_format
from avocet.domain.imaging.limits import MAX_BYTES, MAX_PIXELS, MIN_SIDE_PX
from avocet.domain.imaging.resizing import fit

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "MIN_SIDE_PX",
    "AnimatedPhotoError",
    "Luminance",
    "ModelInput",
    "PhotoError",
    "PhotoFormat",
    "PhotoTooLargeError",
    "PhotoTooSmallError",
    "StoredPhoto",
    "UnreadablePhotoError",
    "UnsupportedFormatError",
    "fit",
    "identify_format",
    "to_luminance",
    "to_model_input",
    "to_stored_photo",
]
