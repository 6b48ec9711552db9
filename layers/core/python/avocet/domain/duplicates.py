"""Finds which new photos show the same picture, among themselves and among those already placed; it never compares all with all."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from avocet.domain.dataset import Split
from avocet.domain.hashing import MATCH_DISTANCE, band_keys, distance


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A photo's perceptual hashes, hexadecimal."""

    photo_id: str
    phash: str
    mirrored_phash: str


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What an index bucket keeps of a photo: enough to measure the distance."""

    photo_id: str
    phash: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A photo that has its split already.

    Attributes:
        photo_id: Which.
        group_id: Its duplicate group.
        split: Its split, for ever.
        species_id: What it shows; None when it is no longer in the dataset, where it keeps split and group all the same.
        content_sha256: Of its cleaned bytes.
    """

    photo_id: str
    group_id: str
    split: Split
    species_id: str | None
    content_sha256: str


def matches(fingerprint: Fingerprint, buckets: Mapping[str, Sequence[IndexEntry]]) -> tuple[str, ...]:
    """Return the indexed photos that show the same picture, mirrored or not, in the order of their ids.

    Args:
        fingerprint: The photo looked for.
        buckets: Every bucket of its two hashes, by key; others are ignored.
    """
    found: set[str] = set()
    for phash in (fingerprint.phash, fingerprint.mirrored_phash):
        wanted = bytes.fromhex(phash)
        for key in band_keys(wanted):
            for entry in buckets.get(key, ()):
                if entry.photo_id not in found and distance(wanted, bytes.fromhex(entry.phash)) <= MATCH_DISTANCE:
                    found.add(entry.photo_id)
    found.discard(fingerprint.photo_id)
    return tuple(sorted(found))


def bucket_keys(fingerprint: Fingerprint) -> frozenset[str]:
    """Return every bucket in which duplicates of a photo may lie, mirrored ones too."""
    return frozenset(band_keys(bytes.fromhex(fingerprint.phash))) | frozenset(
        band_keys(bytes.fromhex(fingerprint.mirrored_phash))
    )


def pairs_among(fingerprints: Sequence[Fingerprint]) -> Mapping[str, frozenset[str]]:
    """Return the near-duplicates of each photo among ``fingerprints``; photos without any are left out."""
    buckets: dict[str, list[IndexEntry]] = defaultdict(list)
    for fingerprint in fingerprints:
        for key in band_keys(bytes.fromhex(fingerprint.phash)):
            buckets[key].append(IndexEntry(fingerprint.photo_id, fingerprint.phash))
    pairs: dict[str, set[str]] = defaultdict(set)
    for fingerprint in fingerprints:
        for other in matches(fingerprint, buckets):
            pairs[fingerprint.photo_id].add(other)
            pairs[other].add(fingerprint.photo_id)
    return {photo_id: frozenset(others) for photo_id, others in pairs.items()}


def components(photo_ids: Sequence[str], pairs: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, ...]]:
    """Yield the groups that the pairs tie together, each sorted, the group with the smallest id first."""
    members = set(photo_ids)
    seen: set[str] = set()
    for start in sorted(members):
        if start in seen:
            continue
        group, frontier = {start}, [start]
        while frontier:
            for other in pairs.get(frontier.pop(), frozenset()) & members:
                if other not in group:
                    group.add(other)
                    frontier.append(other)
        seen |= group
        yield tuple(sorted(group))
