"""What was said about a photo: three likeliest species, perhaps a coarser guess, or "I do not know this".

It knows no arrays, so that functions which only read predictions need no numpy; ``domain.scoring`` makes them.
"""

from dataclasses import dataclass
from typing import Literal

CoarserRank = Literal["genus", "family"]
SKETCH_BYTES = 128


@dataclass(frozen=True, slots=True)
class ScoredSpecies:
    """One of the answers; ``score`` is a probability in [0, 1]."""

    species_id: str
    score: float


@dataclass(frozen=True, slots=True)
class CoarserGuess:
    """A genus or family, by its scientific name, and the sum of its members' scores."""

    rank: CoarserRank
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said about one photo, and which model version said it."""

    model_version: str
    ranked: tuple[ScoredSpecies, ...]
    coarser: CoarserGuess | None
    unfamiliar: bool
    # What the photo looks like to that model, for whoever looks for photos like it; empty where that is not known.
    sketch: bytes = b""

    @property
    def first(self) -> ScoredSpecies:
        """The likeliest species."""
        return self.ranked[0]
