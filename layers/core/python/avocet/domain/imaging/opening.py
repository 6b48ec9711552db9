"""Opens a photo with the one decoder its content calls for and hands out its pixels band by band; it converts nothing."""

import io
from functools import cached_property
from typing import Protocol

import numpy as np
from PIL import Image, JpegImagePlugin

from avocet.domain.imaging.errors import METADATA_FAILURES, UnsupportedFormatError
from avocet.domain.imaging.formats import PhotoFormat

_ORIENTATION_TAG = 0x0112


class Source(Protocol):
    """An opened photo whose pixels are decoded at the first band."""

    width_px: int
    height_px: int
    frames: int
    profile: bytes | None
    """ICC profile."""

    @property
    def orientation(self) -> int:
        """EXIF orientation still to be applied, 1 to 8; ask once the size is known to be bearable."""

    def shrink(self, wanted_px: tuple[int, int]) -> None:
        """Let the decoder itself scale down, to no less than ``wanted_px``, where it can; call before ``band``."""

    def shrink_to_grey(self, wanted_px: tuple[int, int]) -> bool:
        """As ``shrink``, and let the decoder hand out the luma alone; return whether it can."""

    def band(self, top_px: int, bottom_px: int) -> Image.Image:
        """Rows ``top_px`` up to ``bottom_px``, in the file's own mode and orientation."""


class _PillowSource:
    """JPEG, PNG, WebP, AVIF."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self.width_px, self.height_px = image.size
        self.frames = int(getattr(image, "n_frames", 1))
        profile = image.info.get("icc_profile")
        self.profile = profile if isinstance(profile, bytes) else None

    @cached_property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8; 1 where there is none or the EXIF is damaged."""
        if self._image.format == "PNG":
            # Pillow looks for a PNG's EXIF behind its pixels too; what fails in the pixels must not pass for bad EXIF.
            self._image.load()
        try:
            orientation = self._image.getexif().get(_ORIENTATION_TAG, 1)
        except METADATA_FAILURES:
            return 1
        return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1

    def shrink(self, wanted_px: tuple[int, int]) -> None:
        # The JPEG decoder scales by 2, 4 or 8 for next to nothing.
        self._image.draft("RGB", wanted_px)
        self.width_px, self.height_px = self._image.size

    def shrink_to_grey(self, wanted_px: tuple[int, int]) -> bool:
        if not isinstance(self._image, JpegImagePlugin.JpegImageFile) or self._image.mode not in ("L", "RGB"):
            return False
        self._image.draft("L", wanted_px)
        self.width_px, self.height_px = self._image.size
        return self._image.mode == "L"

    def band(self, top_px: int, bottom_px: int) -> Image.Image:
        if top_px == 0 and bottom_px == self.height_px:
            self._image.load()
            return self._image
        return self._image.crop((0, top_px, self.width_px, bottom_px))


class _HeifSource:
    """HEIC: the primary picture only, whatever thumbnails, depth maps or burst pictures lie beside it.

    libheif has turned it upright by the container's own boxes; the EXIF orientation repeats them and must not be applied.
    """

    frames = 1
    orientation = 1

    def __init__(self, data: bytes) -> None:
        # Here, not above: a JPEG's cold path does not pay for libheif.
        try:
            import pi_heif
        except ImportError:
            raise UnsupportedFormatError("HEIC photos cannot be read here. Save it as a JPEG and send that.") from None
        pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
        container = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True, remove_stride=False)
        self._image = container[container.primary_index]
        self.width_px, self.height_px = self._image.size
        profile = self._image.info.get("icc_profile")
        self.profile = profile if isinstance(profile, bytes) else None

    def shrink(self, wanted_px: tuple[int, int]) -> None:
        """HEVC decodes at full size only."""

    def shrink_to_grey(self, _wanted_px: tuple[int, int]) -> bool:
        return False

    def band(self, top_px: int, bottom_px: int) -> Image.Image:
        rows = np.frombuffer(self._image.data, np.uint8)[top_px * self._image.stride : bottom_px * self._image.stride]
        mode = self._image.mode
        return Image.frombuffer(mode, (self.width_px, bottom_px - top_px), rows, "raw", mode, self._image.stride, 1)


def open_photo(data: bytes, photo_format: PhotoFormat) -> Source:
    """Open without decoding; may raise whatever the decoder raises at damaged bytes."""
    if photo_format is PhotoFormat.HEIC:
        return _HeifSource(data)
    stream = io.BytesIO(data)
    if photo_format is PhotoFormat.JPEG:
        jpeg = JpegImagePlugin.JpegImageFile(stream)
        # One read instead of one every 64 KB: Pillow copies what is left each time.
        jpeg.decodermaxblock = max(len(data), jpeg.decodermaxblock)
        return _PillowSource(jpeg)
    if photo_format is PhotoFormat.PNG:
        from PIL import PngImagePlugin

        return _PillowSource(PngImagePlugin.PngImageFile(stream))
    if photo_format is PhotoFormat.WEBP:
        from PIL import WebPImagePlugin

        return _PillowSource(WebPImagePlugin.WebPImageFile(stream))
    from PIL import AvifImagePlugin

    return _PillowSource(AvifImagePlugin.AvifImageFile(stream))
