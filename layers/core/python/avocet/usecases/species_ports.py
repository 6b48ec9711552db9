"""What the species' use cases ask of the world outside."""

from typing import Protocol


class LearnedSpecies(Protocol):
    """What the serving model can name."""

    def current(self) -> frozenset[str]:
        """Return the ids the champion was trained on; none before the first champion."""
