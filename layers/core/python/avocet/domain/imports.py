"""Batches of photos on their way in: a zip of numbered files and a manifest that says what each is.

Names that people chose never become paths here: files are numbered, labels are values in the manifest. It refuses zips
that unpack to more than they should, and anything the manifest does not name.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from avocet.domain.errors import AvocetError
from avocet.domain.imaging import MAX_BYTES

MANIFEST_NAME = "manifest.json"
MAX_PHOTOS = 500
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_MANIFEST_BYTES = 1024 * 1024
MAX_LABEL_LETTERS = 300
MAX_SOURCE_LETTERS = 40


class InvalidBatchError(AvocetError):
    """The batch is not what an import sends."""

    code: ClassVar[str] = "invalid-batch"
    title: ClassVar[str] = "The batch of photos cannot be taken"


class BatchTooLargeError(AvocetError):
    """The batch unpacks to more than a batch may."""

    code: ClassVar[str] = "batch-too-large"
    title: ClassVar[str] = "The batch of photos is too large"


@dataclass(frozen=True, slots=True)
class ImportedPhoto:
    """One photo of a batch.

    Attributes:
        name: Where the sender found it; only ever shown back.
        label: As the set spells it.
        scientific: The scientific name the set gives; may be empty.
        data: Its bytes.
    """

    name: str
    label: str
    scientific: str
    data: bytes


def photo_id_of(source: str, label: str, content_sha256: str) -> str:
    """Return the id of an imported photo: the same photo of the same set and label has the same id, always.

    The label is part of it, so that one photo under two labels is seen twice and can be looked at.
    """
    text = json.dumps([source, label, content_sha256])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def unpack_batch(data: bytes) -> Iterator[ImportedPhoto]:
    """Yield the photos of a batch, never holding more than one of them unpacked.

    Raises:
        InvalidBatchError: Not such a zip, or one that was cut short.
        BatchTooLargeError: Too many photos, or too many bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as batch:
            entries = _entries(batch)
            budget_bytes = MAX_UNPACKED_BYTES
            for entry in entries:
                content = _read(batch, entry["file"], min(MAX_BYTES, budget_bytes))
                budget_bytes -= len(content)
                yield ImportedPhoto(entry["name"], entry["label"], entry["scientific"], content)
    # ValueError: names that are not the UTF-8 they say they are, and offsets before the beginning.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InvalidBatchError("This is no sound zip; perhaps it was cut short. Send it again.") from error


def _read(batch: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    try:
        member = batch.open(name)
    except KeyError as error:
        raise InvalidBatchError("The manifest names a file that the zip does not hold.") from error
    with member:
        # Declared sizes can lie; only what really comes out counts.
        content = member.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise BatchTooLargeError("A batch unpacks to at most 64 MB, a photo to 25 MB. Send smaller batches.")
    return content


def _entries(batch: zipfile.ZipFile) -> list[dict[str, str]]:
    try:
        values: Any = json.loads(_read(batch, MANIFEST_NAME, MAX_MANIFEST_BYTES))
    except (ValueError, RecursionError) as error:
        raise InvalidBatchError(f"{MANIFEST_NAME} is no JSON.") from error
    if not isinstance(values, list):
        raise InvalidBatchError(f"{MANIFEST_NAME} must be a list.")
    if len(values) > MAX_PHOTOS:
        raise BatchTooLargeError(f"A batch holds at most {MAX_PHOTOS} photos.")
    return [_entry(value) for value in values]


def _entry(value: Any) -> dict[str, str]:
    wanted = ("file", "name", "label", "scientific")
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in wanted):
        raise InvalidBatchError(f"Each entry of {MANIFEST_NAME} needs the texts {', '.join(wanted)}.")
    return {key: value[key] for key in wanted}
