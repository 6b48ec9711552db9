"""Which photos of a species to put beside one that somebody looks at; it refuses nothing.

The nearest ones where it is known what the photos look like to a model; otherwise such as differ from one another, so
that a species is seen from several sides.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from avocet.domain.dataset import DatasetPhoto

SHOWN_PHOTOS = 6
# Beside the embeddings, which trainings keep.
SKETCHES = "embeddings/sketches/"
_OF_MODEL = "of-model/"
_ID_BYTES = 16


class Order(StrEnum):
    """How the photos were chosen."""

    SIMILARITY = "similarity"  # the most similar to the photo first
    VARIETY = "variety"  # such as differ from one another


def varied(photos: Sequence[DatasetPhoto]) -> list[DatasetPhoto]:
    """Return photos of different duplicate groups, the first as it comes, then always the one least like those before."""
    by_group: dict[str, DatasetPhoto] = {}
    for photo in photos:
        by_group.setdefault(photo.group_id or photo.photo_id, photo)
    left = list(by_group.values())
    chosen = left[:1]
    del left[:1]
    apart = {photo.photo_id: _bits_apart(photo, chosen[0]) for photo in left}
    while left:
        furthest = max(left, key=lambda photo: apart[photo.photo_id])
        left.remove(furthest)
        chosen.append(furthest)
        for photo in left:
            apart[photo.photo_id] = min(apart[photo.photo_id], _bits_apart(photo, furthest))
    return chosen


def nearest(sketch: bytes, sketches: Mapping[str, bytes]) -> list[str]:
    """Return the ids of ``sketches``, the one least far from ``sketch`` first; those of another length are left out."""
    here = _signed(sketch)
    distances = {
        photo_id: sum((a - b) ** 2 for a, b in zip(here, _signed(other), strict=True))
        for photo_id, other in sketches.items()
        if len(other) == len(sketch)
    }
    return sorted(distances, key=lambda photo_id: (distances[photo_id], photo_id))


def packed(sketches: Mapping[str, bytes]) -> bytes:
    """Return sketches, all of one length, as they are kept: each after its photo's id."""
    return b"".join(bytes.fromhex(photo_id) + sketch for photo_id, sketch in sorted(sketches.items()))


def unpacked(data: bytes, sketch_bytes: int) -> dict[str, bytes]:
    """Read them back."""
    size = _ID_BYTES + sketch_bytes
    rows = (data[start : start + size] for start in range(0, len(data) - size + 1, size))
    return {row[:_ID_BYTES].hex(): row[_ID_BYTES:] for row in rows}


def sketches_key(backbone_id: str, species_id: str) -> str:
    """Return where the sketches of a species' photos lie in the models bucket."""
    return f"{SKETCHES}{backbone_id}/{species_id}"


def backbone_key(model_version: str) -> str:
    """Return where it is said which backbone a model looks through."""
    return f"{SKETCHES}{_OF_MODEL}{model_version}"


def backbones_of(keys: Iterable[str], species_id: str) -> list[str]:
    """Return the backbones that know what photos of a species look like, by the keys under which sketches lie."""
    end = f"/{species_id}"
    return [
        key.removeprefix(SKETCHES).removesuffix(end)
        for key in keys
        if key.endswith(end) and not key.startswith(SKETCHES + _OF_MODEL)
    ]


def _signed(sketch: bytes) -> memoryview:
    return memoryview(sketch).cast("b")


def _bits_apart(one: DatasetPhoto, other: DatasetPhoto) -> int:
    return (int(one.phash or "0", 16) ^ int(other.phash or "0", 16)).bit_count()
