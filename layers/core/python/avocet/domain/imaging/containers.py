"""Reads the item tables of HEIC and AVIF files; refuses pictures whose parts would take more decoding than a photo may.

A few bytes of table can ask for a thousand decodes of one large part (grids and overlays, one inside the other), and an
AV1 stream can be larger than its container says. libheif and libavif bound neither below gigabytes.

Source: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (items), AV1 specification 5.5.1 (sequence header).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from avocet.domain.imaging.errors import PhotoTooLargeError, UnreadablePhotoError
from avocet.domain.imaging.formats import PhotoFormat
from avocet.domain.imaging.limits import MAX_PIXELS, check_size

# A photo, its alpha plane, and the edge tiles' padding.
_MAX_DECODED_PIXELS = 3 * MAX_PIXELS
_MAX_BOXES = 10_000
# Numbers read from all tables together. A phone's photo of 48 tiles has some hundred; without a bound, megabytes of
# table would be walked in Python.
_MAX_ENTRIES = 50_000
_MAX_NESTED_PARTS = 8
_CONTAINERS = frozenset({b"meta", b"iprp", b"ipco", b"iinf", b"iref"})
_DERIVED = frozenset({b"grid", b"iovl", b"iden", b"tmap"})
_DAMAGED = "The photo is damaged or incomplete. Send it again, or save it as a JPEG first."


@dataclass(slots=True)
class _Items:
    """What the tables say, by item id."""

    primary: int = 0
    types: dict[int, bytes] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    first_byte: dict[int, int] = field(default_factory=dict)
    entries: int = 0

    def count(self, entries: int) -> None:
        """Add to what has been read from the tables; too much is no photo."""
        self.entries += entries
        if self.entries > _MAX_ENTRIES:
            raise UnreadablePhotoError(_DAMAGED)


class _Bytes:
    """Big-endian reading with bounds: past the end is a damaged file, not an empty number."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data, self.at, self.end = data, at, min(end, len(data))

    def take(self, count: int) -> bytes:
        if self.at + count > self.end:
            raise UnreadablePhotoError(_DAMAGED)
        self.at += count
        return self._data[self.at - count : self.at]

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")


def check_container(data: bytes, photo_format: PhotoFormat) -> None:
    """Refuse a HEIC or AVIF whose primary picture costs too much to decode.

    Raises:
        PhotoTooLargeError: Its parts, or an AV1 stream within, have too many pixels.
        PhotoTooSmallError: It is too small.
        UnreadablePhotoError: The tables are damaged, or a part contains itself.
    """
    items = _read_items(data)
    if size := items.sizes.get(items.primary):
        check_size(*size, photo_format)
    if _decoded_pixels(items, items.primary, {}, 0) > _MAX_DECODED_PIXELS:
        raise PhotoTooLargeError("The photo's parts are too large to decode. Save it as a JPEG and send that.")
    for item, at in items.first_byte.items():
        if items.types.get(item) == b"av01":
            width_px, height_px = _av1_size(data, at)
            if width_px * height_px > MAX_PIXELS:
                raise PhotoTooLargeError(
                    f"A part of the photo has {width_px} x {height_px} pixels. Save it as a JPEG and send that."
                )


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, payload start, payload end) of the boxes side by side from ``at`` to ``end``."""
    while at + 8 <= end:
        box_bytes, kind, head_bytes = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if box_bytes == 1:
            box_bytes, head_bytes = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif box_bytes == 0:
            box_bytes = end - at
        if box_bytes < head_bytes:
            raise UnreadablePhotoError(_DAMAGED)
        yield kind, at + head_bytes, min(end, at + box_bytes)
        at += box_bytes


def _read_items(data: bytes) -> _Items:
    items = _Items()
    properties: list[tuple[int, int] | None] = []
    associations: list[tuple[int, int]] = []
    data_starts: dict[int, tuple[int, int]] = {}
    idat_at = 0
    waiting = [(data, 0, len(data))]
    seen = 0
    while waiting:
        for kind, at, end in _boxes(*waiting.pop()):
            seen += 1
            if seen > _MAX_BOXES:
                raise UnreadablePhotoError(_DAMAGED)
            box = _Bytes(data, at, end)
            if kind in _CONTAINERS:
                if kind == b"iinf":
                    box.take(8 if box.number(1) else 5)
                elif kind in (b"meta", b"iref"):
                    wide = box.number(1)
                    box.take(3)
                    if kind == b"iref":
                        _read_references(data, box, 4 if wide else 2, items)
                        continue
                if kind == b"ipco":
                    properties.extend(_read_sizes(data, box.at, end))
                    items.count(len(properties))
                else:
                    waiting.append((data, box.at, end))
            elif kind == b"pitm":
                items.primary = _versioned(box, {0: 2, 1: 4})
            elif kind == b"infe":
                version = box.number(1)
                box.take(3)
                item = box.number(4 if version == 3 else 2)
                box.take(2)
                items.types[item] = box.take(4) if version >= 2 else b""
            elif kind == b"ipma":
                associations.extend(_read_associations(box, items))
            elif kind == b"iloc":
                data_starts = _read_locations(box, items)
            elif kind == b"idat":
                idat_at = at
    for item, index in associations:
        size = properties[index - 1] if 0 < index <= len(properties) else None
        if size:
            items.sizes[item] = size
    items.first_byte = {item: at + (idat_at if method == 1 else 0) for item, (method, at) in data_starts.items()}
    return items


def _versioned(box: _Bytes, widths: dict[int, int]) -> int:
    """Read a full box's one number, whose width its version decides."""
    version = box.number(1)
    box.take(3)
    return box.number(widths.get(version, 4))


def _read_references(data: bytes, box: _Bytes, id_bytes: int, items: _Items) -> None:
    for kind, at, end in _boxes(data, box.at, box.end):
        items.count(1)
        if kind == b"dimg":
            reference = _Bytes(data, at, end)
            item = reference.number(id_bytes)
            count = reference.number(2)
            items.count(count)
            items.parts[item] = [reference.number(id_bytes) for _ in range(count)]


def _read_sizes(data: bytes, at: int, end: int) -> list[tuple[int, int] | None]:
    """List the properties in order, with the size where the property is one."""
    sizes: list[tuple[int, int] | None] = []
    for kind, start, stop in _boxes(data, at, end):
        size = None
        if kind == b"ispe":
            box = _Bytes(data, start, stop)
            box.take(4)
            size = box.number(4), box.number(4)
        sizes.append(size)
        if len(sizes) > _MAX_BOXES:
            raise UnreadablePhotoError(_DAMAGED)
    return sizes


def _read_associations(box: _Bytes, items: _Items) -> Iterator[tuple[int, int]]:
    version = box.number(1)
    index_bytes = 2 if box.number(3) & 1 else 1
    for _ in range(min(box.number(4), _MAX_BOXES)):
        item = box.number(4 if version else 2)
        count = box.number(1)
        items.count(1 + count)
        for _ in range(count):
            yield item, box.number(index_bytes) & (0x7FFF if index_bytes == 2 else 0x7F)


def _read_locations(box: _Bytes, items: _Items) -> dict[int, tuple[int, int]]:
    """Map each item to (construction method, offset of its first byte)."""
    starts = {}
    version = box.number(1)
    box.take(3)
    widths = box.number(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(min(box.number(4 if version == 2 else 2), _MAX_BOXES)):
        item = box.number(4 if version == 2 else 2)
        method = box.number(2) & 15 if version else 0
        box.take(2)
        base = box.number(base_bytes)
        extents = box.number(2)
        items.count(1 + extents)
        for extent in range(extents):
            box.take(index_bytes if version else 0)
            offset = box.number(offset_bytes)
            box.take(length_bytes)
            if extent == 0:
                starts[item] = method, base + offset
    return starts


def _decoded_pixels(items: _Items, item: int, known: dict[int, int], depth: int) -> int:
    """Sum the pixels of every coded part the item needs, as often as it needs them."""
    if item in known:
        return known[item]
    if depth > _MAX_NESTED_PARTS:
        raise UnreadablePhotoError(_DAMAGED)
    width_px, height_px = items.sizes.get(item, (0, 0))
    pixels = width_px * height_px
    if items.types.get(item) in _DERIVED:
        pixels += sum(_decoded_pixels(items, part, known, depth + 1) for part in items.parts.get(item, ()))
    known[item] = pixels
    return pixels


class _Bits:
    """Most significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise UnreadablePhotoError(_DAMAGED)
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)


def _av1_size(data: bytes, at: int) -> tuple[int, int]:
    """Read the largest frame size from the stream's sequence header, (0, 0) where it does not start with one."""
    for _ in range(4):
        if at >= len(data):
            break
        head = data[at]
        at += 2 if head & 4 else 1
        obu_bytes = shift = 0
        while head & 2 and at < len(data) and shift < 35:
            obu_bytes |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 0x80:
                break
        if head >> 3 & 15 == 1:
            return _av1_sequence_size(_Bits(data[at : at + 128]))
        at += obu_bytes
    return 0, 0


def _av1_sequence_size(bits: _Bits) -> tuple[int, int]:
    bits.take(4)  # profile, still picture
    if bits.take(1):  # reduced header
        bits.take(5)
    else:
        _skip_av1_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_av1_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):  # equal intervals, as an exponential-Golomb number
            zeros = 0
            while not bits.take(1):
                zeros += 1
            bits.take(zeros)
        if bits.take(1):  # decoder model
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)
