"""What the photos people send are like, as counts; pure. It keeps no photo and no person.

Each property is a histogram; ``domain.shifts`` compares two of them.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MIX_GROUPS = 16


@dataclass(frozen=True, slots=True)
class Sighting:
    """One photo that was answered.

    Attributes:
        species_id: The answer.
        score: Of the answer, 0-1.
        is_unfamiliar: Whether the model said it does not know such a bird.
        brightness: Mean of all pixels and colours, 0-255.
        side_px: The longer side of the photo as it came.
    """

    species_id: str
    score: float
    is_unfamiliar: bool
    brightness: float
    side_px: int


def places_of(sighting: Sighting) -> dict[str, int]:
    """Return the bins that a photo falls into, by the name of their count."""
    size = min(max(int(math.log2(max(sighting.side_px, 1) / 226.0)) + 1, 0), 5) if sighting.side_px > 226 else 0
    # The same group for ever, and no list of species to keep: enough to see that the mixture moves.
    group = zlib.crc32(sighting.species_id.encode()) % MIX_GROUPS
    return {
        f"c{min(int(sighting.score * 10), 9)}": 1,
        f"u{int(sighting.is_unfamiliar)}": 1,
        f"m{group}": 1,
        f"b{min(int(sighting.brightness / 32), 7)}": 1,
        f"s{size}": 1,
    }


def right_name(version: str) -> str:
    """Return the name of the count of answers of a version that people confirmed."""
    return f"right#{version}"


def wrong_name(version: str) -> str:
    """Return the name of the count of answers of a version that people corrected."""
    return f"wrong#{version}"


def photos_in(counts: Mapping[str, int]) -> int:
    """Return how many photos were counted."""
    return counts.get("u0", 0) + counts.get("u1", 0)


def summed(days: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Add up counts."""
    total: dict[str, int] = {}
    for day in days:
        for name, count in day.items():
            total[name] = total.get(name, 0) + count
    return total
