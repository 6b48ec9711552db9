"""Photos made on the spot, with a colour to recognise them by."""

import io

from PIL import Image

Colour = tuple[int, int, int]

REDDISH: Colour = (230, 30, 30)
GREENISH: Colour = (30, 230, 30)
BLUISH: Colour = (30, 30, 230)
GREYISH: Colour = (128, 128, 128)


def jpeg(colour: Colour = REDDISH, *, width_px: int = 64, height_px: int = 48, exif: bool = False) -> bytes:
    """One plain JPEG; with ``exif``, it says where it was taken."""
    buffer = io.BytesIO()
    image = Image.new("RGB", (width_px, height_px), colour)
    tags = Image.Exif()
    if exif:
        tags[0x010F] = "SecretCamera"
        tags.get_ifd(0x8825)[1] = "N"
        tags.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    image.save(buffer, "JPEG", quality=90, exif=tags)
    return buffer.getvalue()
