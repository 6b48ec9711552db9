"""What the species' use cases ask of the world outside."""

from collections.abc import Mapping
from typing import Protocol


class LearnedSpecies(Protocol):
    """What the serving model can name."""

    def current(self) -> frozenset[str]:
        """Return the ids the champion was trained on; none before the first champion."""


class ImportedNames(Protocol):
    """French names that an admin imported."""

    def replace(self, names: Mapping[str, str]) -> None:
        """Store the names by species_id, in place of those imported before."""
