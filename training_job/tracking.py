"""What a training tells whoever keeps record of runs, as a port."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Tracking(Protocol):
    """A run's record. Nothing here may stop a training: an implementation keeps its own failures to itself."""

    def started(
        self, *, run_name: str, parameters: Mapping[str, str], snapshot_id: str, photos: Mapping[str, int]
    ) -> None:
        """Note what the run is about; ``photos`` counts them by split."""

    def measured(self, metrics: Mapping[str, float], *, step: int) -> None:
        """Note figures as they come."""

    def kept(self, name: str, path: Path) -> None:
        """Keep a file of the run under ``name``."""

    def finished(self, *, is_good: bool, reason: str = "") -> None:
        """Close the record."""
