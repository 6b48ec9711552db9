"""How a training went: its figures epoch by epoch, and of the heads it chose among. Pure, and bounded whatever a training says.

A curve comes out of a training's own process, so it is read as foreign input: what is not one is refused, never repaired.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any, ClassVar

from avocet.domain.errors import AvocetError

SCHEMA = 1
# What it is called, beside a model and in the models bucket.
CURVE_FILE = "learning_curve.json"
MAX_POINTS = 500
# Some 300 bytes a point, in the two parts there are; what is larger is no curve.
MAX_CURVE_BYTES = 512 * 1024
_MAX_STEP = 1_000_000
_MAX_SETTINGS = 8
_SETTING = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RATIOS = ("accuracy", "validation_accuracy")
_FIGURES = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds")


class CorruptCurveError(AvocetError):
    """What a training left is no learning curve."""

    code: ClassVar[str] = "corrupt-learning-curve"
    title: ClassVar[str] = "The learning curve is damaged"


class CurveKind(StrEnum):
    """What a step of a part is."""

    EPOCHS = "epochs"  # passes over the training photos, one after the other
    CANDIDATES = "candidates"  # heads that were fitted and judged, of which one was chosen


class Phase(StrEnum):
    """What of the network was free to learn."""

    HEAD = "head"
    LAST_BLOCKS = "last-blocks"
    EVERY_LAYER = "every-layer"


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One step.

    Attributes:
        step: Counted from 1; 0 is how it stood before the first epoch.
        phase: What was free.
        loss: On training photos, in nats.
        accuracy: On training photos.
        validation_loss: On validation photos, in nats.
        validation_accuracy: On validation photos.
        learning_rate: The mean over the step.
        seconds: How long it took.
        settings: Of a candidate: what it was fitted with.

    A figure is None where nothing was measured.
    """

    step: int
    phase: Phase
    loss: float | None = None
    accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None
    settings: Mapping[str, float] = field(default_factory=dict)

    def to_values(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        values: dict[str, Any] = {"step": self.step, "phase": self.phase.value}
        for name in _FIGURES:
            figure: float | None = getattr(self, name)
            # JSON knows no "not a number": without validation photos there is nothing to say.
            if figure is not None and math.isfinite(figure):
                values[name] = float(f"{figure:.6g}")
        return {**values, "settings": dict(self.settings)} if self.settings else values


@dataclass(frozen=True, slots=True)
class CurvePart:
    """Steps of one kind.

    Attributes:
        kind: What a step is.
        points: In order; at most `MAX_POINTS`.
        total: How many steps there were; more than points where some were left out.
        best: The step of the lowest validation loss, which the model is made of; None before it is known.
    """

    kind: CurveKind
    points: tuple[CurvePoint, ...]
    total: int
    best: int | None = None


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How a training went, part after part; no part where nothing was kept."""

    parts: tuple[CurvePart, ...] = ()

    def to_json(self) -> bytes:
        """Return the curve as stored."""
        parts = [
            {
                "kind": part.kind.value,
                "total": part.total,
                "best": part.best,
                "points": [point.to_values() for point in part.points],
            }
            for part in self.parts
        ]
        return json.dumps({"schema": SCHEMA, "parts": parts}, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "LearningCurve":
        """Read a curve back.

        Raises:
            CorruptCurveError: It is none, or says more than a curve may.
        """
        if len(data) > MAX_CURVE_BYTES:
            raise CorruptCurveError(f"A learning curve has at most {MAX_CURVE_BYTES} bytes, not {len(data)}.")
        try:
            values = json.loads(data)
            if values["schema"] != SCHEMA:
                raise CorruptCurveError(f"The learning curve is not of schema {SCHEMA}.")
            parts = tuple(_part(each) for each in _list(values["parts"], len(CurveKind)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CorruptCurveError("The learning curve cannot be read.") from error
        if len({part.kind for part in parts}) != len(parts):
            raise CorruptCurveError("The learning curve has a part twice.")
        return cls(parts)


def part_of(kind: CurveKind, points: Sequence[CurvePoint], *, best: int | None) -> CurvePart:
    """Return a part that is no longer than it may be: of too many steps the first, the best, the last and some between stay."""
    total = points[-1].step if points else 0
    if len(points) <= MAX_POINTS:
        return CurvePart(kind, tuple(points), total, best)
    kept = {round(at * (len(points) - 1) / (MAX_POINTS - 2)) for at in range(MAX_POINTS - 1)}
    return CurvePart(
        kind,
        tuple(point for at, point in enumerate(points) if at in kept or (best is not None and point.step == best)),
        total,
        best,
    )


def _part(values: Mapping[str, Any]) -> CurvePart:
    points = tuple(_point(each) for each in _list(values["points"], MAX_POINTS))
    steps = [point.step for point in points]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError("steps do not follow each other")
    total = _whole(values["total"])
    best = None if values["best"] is None else _whole(values["best"])
    if (steps and steps[-1] > total) or (best is not None and best not in steps):
        raise ValueError("there is no such step")
    return CurvePart(CurveKind(values["kind"]), points, total, best)


def _point(values: Mapping[str, Any]) -> CurvePoint:
    settings = dict(values.get("settings", {}))
    if len(settings) > _MAX_SETTINGS or not all(_SETTING.fullmatch(name) for name in settings):
        raise ValueError("those are no settings")
    figures = {name: _figure(values[name]) for name in _FIGURES if values.get(name) is not None}
    if any(figures.get(name, 0.0) > 1 for name in _RATIOS):
        raise ValueError("a share is at most 1")
    return CurvePoint(
        step=_whole(values["step"]),
        phase=Phase(values["phase"]),
        settings={name: _figure(value) for name, value in settings.items()},
        **figures,
    )


def _list(values: object, limit: int) -> list[Any]:
    if not isinstance(values, list) or len(values) > limit:
        raise ValueError("not so many")
    return values


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_STEP:
        raise ValueError("no number of steps")
    return value


def _figure(value: object) -> float:
    # Integers of any length are JSON; beyond a float's range they are no figure.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1e12:
        raise ValueError("no figure")
    return float(value)
