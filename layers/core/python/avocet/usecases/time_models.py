"""Time models side by side on this very machine; figures of two machines, or of two moments, would not compare."""

import statistics
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avocet.usecases.ports import BrokenBundleError, BundleStore, Classifier

_ROUNDS = 7
_WARM_UPS = 2


@dataclass(frozen=True, kw_only=True)
class TimeModels:
    """Loads models and asks them in turn."""

    bundles: BundleStore
    load: Callable[[Path], Classifier]
    stopwatch_s: Callable[[], float]

    def __call__(self, *versions: str) -> Mapping[str, float] | None:
        """Return the median milliseconds of one answer by version; None when a bundle is broken."""
        try:
            models = [self._loaded(version) for version in versions]
        except BrokenBundleError:
            return None
        taken: dict[str, list[float]] = {model.model_version: [] for model in models}
        for number in range(_WARM_UPS + _ROUNDS):
            for model in models:
                began = self.stopwatch_s()
                model.score(np.zeros((model.size_px, model.size_px, 3), np.uint8))
                if number >= _WARM_UPS:
                    taken[model.model_version].append(1e3 * (self.stopwatch_s() - began))
        return {version: statistics.median(each) for version, each in taken.items()}

    def _loaded(self, version: str) -> Classifier:
        with tempfile.TemporaryDirectory(prefix="bundle-") as name:
            self.bundles.fetch(version, Path(name))
            return self.load(Path(name))
