"""Why a photo is refused, in sentences that say what to do; nothing of what a decoder muttered gets into them."""

import struct
import zlib

from avocet.domain.errors import AvocetError

# What Pillow is known to raise over damaged metadata in a photo whose pixels may be sound all the same.
METADATA_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class PhotoError(AvocetError):
    """The bytes are not a photo Avocet can take."""

    code = "photo-refused"
    title = "This photo cannot be used"


class UnsupportedFormatError(PhotoError):
    """The bytes are of another kind than the photos we take; another file, or a conversion, helps."""

    code = "unsupported-format"
    title = "This kind of file is not supported"


class PhotoTooLargeError(PhotoError):
    """Too many bytes or pixels; a smaller version of the same photo helps."""

    code = "photo-too-large"
    title = "This photo is too large"


class UnreadablePhotoError(PhotoError):
    """The photo is damaged, cut off or built in a way no camera does; sending it again or exporting it helps."""

    code = "unreadable-photo"
    title = "This photo cannot be read"


class PhotoTooSmallError(UnreadablePhotoError):
    """Too few pixels, or too narrow a strip, to show a bird."""

    code = "photo-too-small"
    title = "This photo is too small"


class AnimatedPhotoError(PhotoError):
    """Several frames where one photo is expected; a still picture helps."""

    code = "animated-photo"
    title = "This photo moves"
