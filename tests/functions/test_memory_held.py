"""What a function's process holds does not grow with what it was asked: as many objects after twenty requests as after five.

Counted are objects, not bytes of the system: what hangs on the modules of this project and on their caches. The SDK's
clients are left out, since the cloud behind them is in this process, and so is SQLite, which remembers its last 200 cursors.
"""

import gc
import json
import sys
import types
import warnings
from collections.abc import Callable, Iterable

import pytest

from tests.made.events import ALICE, claims_of, event
from tests.made.photos import BLUISH, GREENISH, REDDISH, jpeg

FOREIGN = ("boto", "moto", "urllib3", "onnxruntime", "sqlite3")
OURS = ("avocet.", "functions.")
# Of each kind so many: a cache with a bound may not be full yet, and the standard library keeps a little of its own.
LET_PASS = 20


def held() -> int:
    """Count what can be reached from the modules' values."""
    with warnings.catch_warnings():
        # What earlier tests left behind, open files of the cloud in this process among it, goes here too.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    roots = [value for name, module in sys.modules.items() if name.startswith(OURS) for value in vars(module).values()]
    seen: set[int] = set()
    waiting: list[object] = [*roots]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen and not isinstance(each, types.ModuleType | type):
            seen.add(id(each))
            waiting += [value for value in _inside(each) if not type(value).__module__.startswith(FOREIGN)]
    return len(seen)


def _inside(each: object) -> Iterable[object]:
    if isinstance(each, types.FunctionType):
        # Not its globals, which are a module's values: those of others are no business of ours.
        return [*(each.__closure__ or ()), *(each.__defaults__ or ()), each.__dict__]
    return gc.get_referents(each)


def grows_by(ask: Callable[[int], None]) -> int:
    for number in range(5):
        ask(number)
    before = held()
    for number in range(5, 20):
        ask(number)
    return held() - before


@pytest.fixture
def journey(served, function) -> Callable[[int], None]:
    """A photo is named, and the answer confirmed."""
    predict, feedback = function("predict"), function("feedback")
    photos = [jpeg(colour) for colour in (REDDISH, GREENISH, BLUISH)]

    def ask(number: int) -> None:
        said = predict(
            event(
                "POST",
                "/predictions",
                body=photos[number % len(photos)],
                content_type="image/jpeg",
                claims=claims_of(ALICE),
            ),
            None,
        )
        photo_id = json.loads(said["body"])["prediction_id"]
        given = feedback(
            event(
                "POST",
                "/predictions/{id}/feedback",
                path_parameters={"id": photo_id},
                body={"feedback": "confirmed"},
                claims=claims_of(ALICE, terms_version="2026-11"),
            ),
            None,
        )
        assert (said["statusCode"], given["statusCode"]) == (201, 200)

    return ask


def test_twenty_photos_leave_as_much_behind_as_five(journey) -> None:
    assert grows_by(journey) < LET_PASS


def test_whoever_kept_something_of_each_photo_would_be_found(journey) -> None:
    module = sys.modules["functions.feedback.handler"]
    kept = module.kept = {}

    def ask(number: int) -> None:
        journey(number)
        kept[f"{number}"] = (f"photo {number}", [number])

    try:
        assert grows_by(ask) > LET_PASS
    finally:
        del module.kept
