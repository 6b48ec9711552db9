"""A learning curve is bounded, says what was measured and nothing else, and is read as something foreign."""

import json
from itertools import pairwise

import pytest

from avocet.domain.learning_curve import (
    MAX_CURVE_BYTES,
    MAX_POINTS,
    CorruptCurveError,
    CurveKind,
    CurvePart,
    CurvePoint,
    LearningCurve,
    Phase,
    part_of,
)

EPOCHS = part_of(
    CurveKind.EPOCHS,
    [
        CurvePoint(0, Phase.HEAD, validation_loss=1.2, validation_accuracy=0.76),
        CurvePoint(1, Phase.LAST_BLOCKS, 1.5, 0.7, 1.1, 0.77, 2e-4, 184.0),
        CurvePoint(2, Phase.EVERY_LAYER, 1.4, 0.75, 1.15, 0.75, 1e-4, 402.0),
    ],
    best=1,
)
CANDIDATES = part_of(
    CurveKind.CANDIDATES,
    [CurvePoint(1, Phase.HEAD, 0.4, 1.0, 0.6, 0.9, settings={"known_penalty": 1.0, "new_penalty": 0.01})],
    best=1,
)


def test_a_curve_is_read_back_as_it_was_kept():
    curve = LearningCurve((EPOCHS, CANDIDATES))
    assert LearningCurve.from_json(curve.to_json()) == curve
    assert (EPOCHS.total, CANDIDATES.total) == (2, 1)
    assert LearningCurve.from_json(LearningCurve().to_json()).parts == ()


def test_what_could_not_be_measured_is_left_out():
    nothing = float("nan")
    part = part_of(CurveKind.EPOCHS, [CurvePoint(1, Phase.EVERY_LAYER, 1.0, 0.5, nothing, nothing)], best=1)
    (kept,) = LearningCurve.from_json(LearningCurve((part,)).to_json()).parts
    assert kept.points[0] == CurvePoint(1, Phase.EVERY_LAYER, 1.0, 0.5)


@pytest.mark.parametrize("best", [1, 777, 1999, 2000, None])
def test_of_too_many_steps_the_first_the_best_and_the_last_stay(best):
    part = part_of(CurveKind.EPOCHS, [CurvePoint(step, Phase.EVERY_LAYER, 1.0) for step in range(1, 2001)], best=best)
    steps = [point.step for point in part.points]
    assert len(steps) <= MAX_POINTS
    assert {1, 2000, best or 1} <= set(steps)
    assert steps == sorted(set(steps))
    assert max(later - earlier for earlier, later in pairwise(steps)) <= 5
    assert part.total == 2000
    data = LearningCurve((part, CANDIDATES)).to_json()
    assert LearningCurve.from_json(data).parts[0] == part


def test_the_longest_curve_there_can_be_is_small_enough_to_be_read():
    settings = dict.fromkeys(("known_penalty", "new_penalty", "rarity_power"), 0.123456)
    points = [
        CurvePoint(step, Phase.LAST_BLOCKS, *(0.123456,) * 4, 1.23456e-05, 12345.6, settings)
        for step in range(1, MAX_POINTS + 1)
    ]
    data = LearningCurve(tuple(part_of(kind, points, best=1) for kind in CurveKind)).to_json()
    assert len(data) < MAX_CURVE_BYTES
    assert len(LearningCurve.from_json(data).parts) == 2


def changed(path: str, value: object) -> bytes:
    """The curve with one value changed: ``parts.0.total``."""
    document = json.loads(LearningCurve((EPOCHS, CANDIDATES)).to_json())
    *way, last = path.split(".")
    place = document
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"schema": 1}',
        b'{"schema": 1, "parts": 7}',
        b" " * (MAX_CURVE_BYTES + 1),
        changed("schema", 2),
        changed("parts", [{}]),
        changed("parts", [1, 2, 3]),
        changed("parts.1.kind", "epochs"),
        changed("parts.0.kind", "<b>"),
        changed("parts.0.best", 7),
        changed("parts.0.best", "1"),
        changed("parts.0.total", 1),
        changed("parts.0.total", 10**9),
        changed("parts.0.points", {}),
        changed("parts.0.points", [{"step": 1, "phase": "head"}] * (MAX_POINTS + 1)),
        changed("parts.0.points.1.step", 0),
        changed("parts.0.points.1.step", True),
        changed("parts.0.points.1.step", 1.5),
        changed("parts.0.points.1.phase", "tail"),
        changed("parts.0.points.1.loss", float("nan")),
        changed("parts.0.points.1.loss", float("inf")),
        changed("parts.0.points.1.loss", -1),
        changed("parts.0.points.1.loss", 10**400),
        changed("parts.0.points.1.loss", "1.0"),
        changed("parts.0.points.1.loss", True),
        changed("parts.0.points.1.accuracy", 1.01),
        changed("parts.0.points.1.validation_accuracy", 2),
        changed("parts.1.points.0.settings", {"=cmd()": 1.0}),
        changed("parts.1.points.0.settings", {"a" * 41: 1.0}),
        changed("parts.1.points.0.settings", {f"s{at}": 1.0 for at in range(9)}),
        changed("parts.1.points.0.settings", {"known_penalty": "1"}),
        changed("parts.1.points.0.settings", ["known_penalty"]),
    ],
)
def test_what_is_no_curve_is_refused(data):
    with pytest.raises(CorruptCurveError):
        LearningCurve.from_json(data)


def test_what_a_later_release_adds_to_a_point_is_passed_over():
    assert LearningCurve.from_json(changed("parts.0.points.1.note", "new")).parts[0] == EPOCHS


def test_a_part_may_be_empty():
    assert part_of(CurveKind.EPOCHS, [], best=None) == CurvePart(CurveKind.EPOCHS, (), 0, None)
