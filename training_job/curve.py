"""Keeps a training's learning curve while it grows: beside the model, and where admins can look meanwhile.

It is a picture of the training and never its business: what cannot be told stops nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avocet.domain.learning_curve import CURVE_FILE, CurveKind, CurvePart, CurvePoint, LearningCurve, part_of


@dataclass
class CurveKeeper:
    """The curve of one training.

    Attributes:
        out: Where the model goes; the curve lies beside it.
        tell: Hears the whole curve each time it has grown.
    """

    out: Path
    tell: Callable[[bytes], None]
    _parts: dict[CurveKind, CurvePart] = field(default_factory=dict)

    def keep(self, kind: CurveKind, points: Sequence[CurvePoint], *, best: int | None) -> None:
        """Keep how far a part has come, in place of what it was before."""
        self._parts[kind] = part_of(kind, points, best=best)
        data = LearningCurve(tuple(self._parts.values())).to_json()
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / CURVE_FILE).write_bytes(data)
        self.tell(data)
