"""What a training learnt on its held-out photos: how far to tune, the calibration, thresholds and figures; kept as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from training_job.calibration import PowerCalibration


@dataclass(frozen=True)
class Measured:
    """The result of the trial run, whose head and fine-tuning have not seen the held-out photos.

    Attributes:
        tuned_ratio: How far to go from the first to the tuned weights.
        calibration: Takes scores to probabilities.
        thresholds: As `bundle.json` holds them.
        metrics: As `bundle.json` holds them.
    """

    tuned_ratio: float
    calibration: PowerCalibration
    thresholds: Mapping[str, object]
    metrics: Mapping[str, object]

    def write(self, file: Path) -> None:
        """Keeps it for the next run of the same recipe."""
        file.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Measured":
        """Finds what an earlier run kept."""
        kept = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            tuned_ratio=float(kept["tuned_ratio"]),
            calibration=PowerCalibration(**kept["calibration"]),
            thresholds=kept["thresholds"],
            metrics=kept["metrics"],
        )
