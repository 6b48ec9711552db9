"""Reads a zip of labelled photos by stretches, without ever holding or unpacking the whole.

A name in it is looked at to find a label and never becomes a path. It refuses archives whose entries overlap, entries
that unpack to more than a photo may have, and whatever the directory says that the bytes do not.
"""

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from avocet.domain.imaging import MAX_BYTES

MAX_ENTRIES = 1_000_000
# A hundred bytes an entry, and as much again for long names.
MAX_DIRECTORY_BYTES = 200 * 1024 * 1024
MAX_LIST_BYTES = 64 * 1024 * 1024
BATCH_PHOTOS = 250
BATCH_BYTES = 48 * 1024 * 1024
# The machine that unpacks takes its batches in one list.
MAX_BATCHES = 400
# Photos are compressed already: what shrank a hundredfold is none.
MAX_RATIO = 100

_PHOTO_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"})
_SPLITS = frozenset({"train", "valid", "validation", "test"})
_LIST_NAME = "birds.csv"
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1


class BrokenArchiveError(Exception):
    """The archive as a whole cannot be used; it says why in a sentence."""


class UnreadArchiveError(Exception):
    """The archive could not be read just now, which says nothing about it."""


class BrokenEntryError(Exception):
    """One entry cannot be used; the others may."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry that is worth reading.

    Attributes:
        name: In the archive; only ever shown.
        label: What the set says it shows; empty for the set's own list.
        start: Where its header begins.
        end: Where the next thing in the archive begins.
        packed_bytes: What it takes there.
        size_bytes: What it claims to unpack to.
        crc: Of the unpacked bytes.
        method: 0 stored, 8 deflated.
    """

    name: str
    label: str
    start: int
    end: int
    packed_bytes: int
    size_bytes: int
    crc: int
    method: int


@dataclass(frozen=True, slots=True)
class Directory:
    """What an archive holds.

    Attributes:
        photos: In the order in which they lie there.
        names: The set's own list with scientific names, if there is one.
        refused: Entries that look like photos and are not taken: name and why.
    """

    photos: tuple[Entry, ...]
    names: Entry | None
    refused: tuple[tuple[str, str], ...]


class RangedFile(io.RawIOBase):
    """A file that is read by ranges, for the standard library's zip reader.

    Attributes:
        read_range: Returns the bytes from one place to before another.
        size_bytes: Of the file.
    """

    def __init__(self, read_range: Callable[[int, int], bytes], size_bytes: int) -> None:
        self.read_range, self.size_bytes, self._at = read_range, size_bytes, 0

    def seekable(self) -> bool:
        """Whether it can be read anywhere: it can."""
        return True

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place in the file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence]
        if base + offset < 0:
            raise OSError("before the file's beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        Raises:
            BrokenArchiveError: More was asked for than any directory takes.
            UnreadArchiveError: Nothing came back.
        """
        end = self.size_bytes if size is None or size < 0 else min(self._at + size, self.size_bytes)
        if end - self._at > MAX_DIRECTORY_BYTES:
            raise BrokenArchiveError("its directory is too large")
        try:
            data = self.read_range(self._at, end) if end > self._at else b""
        except OSError as error:
            # The zip reader takes any of these, a timeout on the way here among them, for a file that is no zip.
            raise UnreadArchiveError("the archive cannot be read just now") from error
        self._at += len(data)
        return data


def read_directory(file: RangedFile) -> Directory:
    """List an archive.

    Raises:
        BrokenArchiveError: It is no zip, was cut short, or its entries lie over one another.
        UnreadArchiveError: It cannot be read just now.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = sorted((info for info in archive.infolist()), key=lambda info: info.header_offset)
            directory_at = archive.start_dir
    except (zipfile.BadZipFile, struct.error, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise BrokenArchiveError("it is no sound zip; perhaps it was cut short") from error
    if len(infos) > MAX_ENTRIES:
        raise BrokenArchiveError(f"it has more than {MAX_ENTRIES} entries")
    # An archive without entries has no ends either.
    ends = [*(info.header_offset for info in infos[1:]), directory_at][: len(infos)]
    photos: list[Entry] = []
    names: Entry | None = None
    refused: list[tuple[str, str]] = []
    for info, end in zip(infos, ends, strict=True):
        if info.header_offset + _LOCAL_HEADER.size + info.compress_size > end:
            raise BrokenArchiveError("its entries lie over one another")
        # Not is_dir(), which stumbles over a name that begins with a zero byte and is therefore empty.
        if info.filename.endswith("/"):
            continue
        is_list = PurePosixPath(info.filename).name.lower() == _LIST_NAME
        if not is_list and PurePosixPath(info.filename).suffix.lower() not in _PHOTO_ENDINGS:
            continue
        why, label = ("", "") if is_list else _judged(info)
        if why:
            refused.append((info.filename, why))
            continue
        entry = Entry(
            info.filename,
            label,
            info.header_offset,
            end,
            info.compress_size,
            info.file_size,
            info.CRC,
            info.compress_type,
        )
        if is_list:
            names = entry if names is None or len(entry.name) < len(names.name) else names
        else:
            photos.append(entry)
    return Directory(tuple(photos), names, tuple(refused))


def _judged(info: zipfile.ZipInfo) -> tuple[str, str]:
    """Return why an entry is refused, or nothing and its label."""
    parts = PurePosixPath(info.filename).parts
    # The library turns some separators round on its way in; the name as it was written counts.
    if ".." in parts or info.orig_filename.startswith("/") or "\\" in info.orig_filename:
        return "unsafe-name", ""
    if len(parts) < 2 or parts[-2].lower() in _SPLITS:
        return "no-label", ""
    if info.flag_bits & _ENCRYPTED or info.compress_type not in (_STORED, _DEFLATED):
        return "unreadable", ""
    if info.file_size > MAX_BYTES or info.file_size > MAX_RATIO * (info.compress_size + 1024):
        return "too-large", ""
    return "", parts[-2]


def batches(photos: Sequence[Entry]) -> Iterator[tuple[Entry, ...]]:
    """Cut the photos into stretches that one worker reads at once."""
    most = max(BATCH_PHOTOS, -(-len(photos) // MAX_BATCHES))
    batch: list[Entry] = []
    for photo in photos:
        if batch and (len(batch) == most or photo.end - batch[0].start > BATCH_BYTES):
            yield tuple(batch)
            batch = []
        batch.append(photo)
    if batch:
        yield tuple(batch)


def unpack(entry: Entry, stretch: memoryview, stretch_start: int, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the unpacked bytes of an entry out of the stretch of the archive it lies in.

    Raises:
        BrokenEntryError: The bytes are not what the directory says, or too many.
    """
    at = entry.start - stretch_start
    if len(stretch) < at + _LOCAL_HEADER.size:
        raise BrokenEntryError("cut short")
    signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(stretch, at)
    begin = at + _LOCAL_HEADER.size + name_bytes + extra_bytes
    packed = stretch[begin : begin + entry.packed_bytes]
    if (
        signature != b"PK\x03\x04"
        or len(packed) != entry.packed_bytes
        or begin + len(packed) > entry.end - stretch_start
    ):
        raise BrokenEntryError("damaged")
    if entry.method == _STORED:
        data = bytes(packed[: max_bytes + 1])
    else:
        try:
            # What the directory declares may be a lie; only what comes out counts, and no more comes out than may.
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, max_bytes + 1)
        except zlib.error as error:
            raise BrokenEntryError("damaged") from error
    if len(data) > max_bytes:
        raise BrokenEntryError("too-large")
    if len(data) != entry.size_bytes or zlib.crc32(data) != entry.crc:
        raise BrokenEntryError("damaged")
    return data


def scientific_names(data: bytes) -> Mapping[str, str]:
    """Read the set's own list: the scientific name of each label, in capitals; what is no such list names nothing."""
    names: dict[str, str] = {}
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace")))
    try:
        for row in rows:
            values = {(key or "").strip().lower(): value for key, value in row.items() if isinstance(value, str)}
            if "labels" in values:
                names.setdefault(values["labels"].strip().upper(), values.get("scientific name", "").strip())
    except csv.Error:
        return {}
    return names
