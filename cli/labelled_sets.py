"""Reads sets of labelled photos in the layout of the Kaggle set, from a folder or a zip; nothing is ever unpacked to disk.

It looks at names only to find labels: a path that climbs out, a bomb or a damaged archive ends in a sentence.
"""

import csv
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cli.errors import CommandError
from cli.photos import PHOTO_ENDINGS

MAX_PHOTO_BYTES = 25 * 1024 * 1024
_MAX_LIST_BYTES = 64 * 1024 * 1024
_SPLITS = frozenset({"train", "valid", "validation", "test"})
_LIST = "birds.csv"


class LabelledSetError(CommandError):
    """The folder or archive is no set of labelled photos, or is damaged."""


@dataclass(frozen=True)
class LabelledPhoto:
    """One photo of a set.

    Attributes:
        name: Where it lies in the set.
        label: What the set says it shows.
        scientific: The scientific name that the set's list gives; empty without one.
        read: Returns its bytes; raises LabelledSetError when they cannot be had.
    """

    name: str
    label: str
    scientific: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class LabelledSet:
    """A set, listed but not read.

    Attributes:
        photos: Its photos, in order.
        ignored: Names that look like photos and lie where no label can be read off.
    """

    photos: list[LabelledPhoto]
    ignored: list[str]


def open_set(place: Path) -> LabelledSet:
    """List the photos of the folder or zip at ``place``.

    Raises:
        LabelledSetError: There is nothing there, it is damaged, or it holds no labelled photo.
    """
    if place.is_dir():
        files = dict(_in_folder(place))
    elif place.is_file():
        files = dict(_in_zip(place))
    else:
        raise LabelledSetError(f"There is no {place}.")
    scientific = _scientific_names(files)
    photos: list[LabelledPhoto] = []
    ignored: list[str] = []
    for name in sorted(files):
        if PurePosixPath(name).suffix.lower() not in PHOTO_ENDINGS:
            continue
        label = _label_of(name)
        if label is None:
            ignored.append(name)
        else:
            photos.append(LabelledPhoto(name, label, scientific.get(label.strip().upper(), ""), files[name]))
    if not photos:
        raise LabelledSetError(f"No photos in {place}: they are expected as train/LABEL/photo.jpg or LABEL/photo.jpg.")
    return LabelledSet(photos, ignored)


def _label_of(name: str) -> str | None:
    """Return the folder right above the photo; a split's folder is no label."""
    parts = PurePosixPath(name).parts
    if len(parts) < 2 or ".." in parts or name.startswith("/") or "\\" in name:
        return None
    label = parts[-2]
    return None if label.lower() in _SPLITS else label


def _in_folder(folder: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(root, name)
            # A link may lead anywhere; what the set itself holds is meant.
            if not name.startswith(".") and not path.is_symlink():
                yield path.relative_to(folder).as_posix(), lambda path=path: _file_bytes(path)  # type: ignore[misc]


def _file_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabelledSetError(f"{path} cannot be read: {(error.strerror or '').lower()}.") from error


def _in_zip(place: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    try:
        archive = zipfile.ZipFile(place)
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, lambda info=info: _member_bytes(archive, info)  # type: ignore[misc]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise LabelledSetError(f"{place} is no sound zip; perhaps it was not downloaded to its end.") from error


def _member_bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    limit = _MAX_LIST_BYTES if info.filename.endswith(_LIST) else MAX_PHOTO_BYTES
    try:
        with archive.open(info) as member:
            # What the directory declares may be a lie; only what comes out counts.
            data = member.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise LabelledSetError(f"{info.filename} in the zip is damaged or encrypted.") from error
    if len(data) > limit:
        raise LabelledSetError(f"{info.filename} unpacks to more than {limit // 1024**2} MB.")
    return data


def _scientific_names(files: Mapping[str, Callable[[], bytes]]) -> dict[str, str]:
    """Read the set's own list, if it has one: columns ``labels`` and ``scientific name``, in any case."""
    name = next((name for name in sorted(files, key=len) if PurePosixPath(name).name.lower() == _LIST), None)
    if name is None:
        return {}
    text = files[name]().decode("utf-8-sig", "replace")
    names: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(text)):
        values = {(key or "").strip().lower(): value for key, value in row.items() if isinstance(value, str)}
        if "labels" in values:
            names.setdefault(values["labels"].strip().upper(), values.get("scientific name", "").strip())
    return names
