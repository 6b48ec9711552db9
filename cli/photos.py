"""Finding the photos that were meant: files as given, folders searched through."""

import os
from collections.abc import Iterable
from pathlib import Path

from cli.errors import PhotoFileError

# The API goes by content alone. In a folder, though, only what is named like a photo is meant:
# nobody wants their notes sent. A file given by itself is sent whatever its name is.
PHOTO_ENDINGS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".heic", ".heif", ".hif", ".avif"}
)


def find_photos(places: Iterable[Path]) -> list[Path]:
    """Return the photos at ``places``, each once: files as given, those of folders by name, hidden ones left out.

    Raises:
        PhotoFileError: A place does not exist, or a folder cannot be read or holds no photo.
    """
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            photos = _in_folder(place)
            if not photos:
                raise PhotoFileError(f"No photos in {place}.")
            found.update(dict.fromkeys(photos))
        elif place.exists():
            found[place] = None
        else:
            raise PhotoFileError(f"There is no {place}.")
    return list(found)


def _in_folder(folder: Path) -> list[Path]:
    photos: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        photos += [
            Path(root, name)
            for name in sorted(names)
            if not name.startswith(".") and Path(name).suffix.lower() in PHOTO_ENDINGS
        ]
    return photos


def _refuse(error: OSError) -> None:
    raise PhotoFileError(f"The folder {error.filename} cannot be read: {(error.strerror or '').lower()}.") from error
