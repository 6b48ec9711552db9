"""The hot swap: a request follows the pointer, and a bundle that does not work never replaces one that does."""

import itertools
import threading
from dataclasses import dataclass, field

import pytest

from avocet.adapters.champion import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, LOOK_EVERY_S, CachedChampion
from avocet.usecases.ports import BrokenBundleError, NoModelError


class OutageError(Exception):
    """The store is away."""


@dataclass(frozen=True)
class Model:
    model_version: str


@dataclass
class Place:
    """A pointer, the bundles it may point to, and a clock."""

    points_to: str | None = "v1"
    bad: set[str] = field(default_factory=set)
    away: bool = False
    now_s: float = 1_000_000.0
    looks: int = 0
    loads: list[str] = field(default_factory=list)

    def read(self) -> str | None:
        self.looks += 1
        if self.away:
            raise OutageError
        return self.points_to

    def fetch(self, model_version: str) -> dict[str, bytes]:
        return {"version": model_version.encode()}

    def load(self, files: dict[str, bytes]) -> Model:
        version = files["version"].decode()
        self.loads.append(version)
        if version in self.bad:
            raise BrokenBundleError(version)
        return Model(version)

    def champion(self) -> CachedChampion:
        return CachedChampion(
            pointer=self, bundles=self, load=self.load, wall_clock_s=lambda: self.now_s, outages=(OutageError,)
        )


@pytest.fixture
def place() -> Place:
    return Place()


def test_the_first_request_loads_and_the_next_ones_do_not(place):
    champion = place.champion()
    assert champion.current().model_version == "v1"
    for _ in range(100):
        assert champion.current().model_version == "v1"
    assert (place.looks, place.loads) == (1, ["v1"])


def test_the_first_request_after_ten_seconds_answers_with_the_new_champion(place):
    champion = place.champion()
    champion.current()
    place.points_to = "v2"
    place.now_s += LOOK_EVERY_S
    assert champion.current().model_version == "v1", "not older than ten seconds yet"
    place.now_s += 0.01
    assert champion.current().model_version == "v2"


def test_a_freeze_of_hours_is_seen_by_the_wall_clock(place):
    champion = place.champion()
    champion.current()
    place.points_to = "v2"
    place.now_s += 7200
    assert champion.current().model_version == "v2"


def test_a_clock_set_back_does_not_blind_it(place):
    champion = place.champion()
    champion.current()
    place.points_to = "v2"
    place.now_s -= 3600
    assert champion.current().model_version == "v2"


def test_a_broken_bundle_leaves_the_old_model_answering(place):
    champion = place.champion()
    champion.current()
    place.points_to, place.bad = "v2", {"v2"}
    place.now_s += 11
    assert champion.current().model_version == "v1"
    assert place.loads == ["v1", "v2"]


def test_a_broken_bundle_is_tried_again_less_and_less_often(place):
    champion = place.champion()
    champion.current()
    place.points_to, place.bad = "v2", {"v2"}
    tried_at = []
    for _ in range(7200):
        place.now_s += 1
        before = len(place.loads)
        champion.current()
        if len(place.loads) > before:
            tried_at.append(place.now_s)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried_at)]
    assert pauses[0] >= FIRST_BACKOFF_S
    assert all(later >= earlier for earlier, later in itertools.pairwise(pauses))
    assert LONGEST_BACKOFF_S <= pauses[-1] <= LONGEST_BACKOFF_S + 2 * LOOK_EVERY_S


def test_a_repaired_bundle_and_a_better_pointer_are_taken_up(place):
    champion = place.champion()
    champion.current()
    place.points_to, place.bad = "v2", {"v2"}
    place.now_s += 11
    champion.current()
    place.points_to = "v3"
    place.now_s += 11
    assert champion.current().model_version == "v3", "another version does not wait for the broken one"
    place.points_to, place.bad = "v2", set()
    place.now_s += LONGEST_BACKOFF_S
    assert champion.current().model_version == "v2"


def test_a_bundle_that_is_not_the_one_pointed_to_is_refused(place):
    place.fetch = lambda version: {"version": b"v1"}
    champion = place.champion()
    champion.current()
    place.points_to = "v2"
    place.now_s += 11
    assert champion.current().model_version == "v1"


def test_an_unreachable_pointer_leaves_the_old_model_answering(place):
    champion = place.champion()
    champion.current()
    place.away = True
    place.now_s += 11
    assert champion.current().model_version == "v1"


def test_without_any_model_the_request_is_refused_and_the_next_one_may_succeed(place):
    place.points_to = None
    champion = place.champion()
    with pytest.raises(NoModelError):
        champion.current()
    place.points_to = "v1"
    assert champion.current().model_version == "v1"


def test_a_first_bundle_that_is_broken_is_not_loaded_at_every_request(place):
    place.bad = {"v1"}
    champion = place.champion()
    for _ in range(20):
        place.now_s += 1
        with pytest.raises(NoModelError):
            champion.current()
    assert place.loads == ["v1"]


def test_one_request_loads_while_the_others_go_on_with_the_old_model(place):
    champion = place.champion()
    champion.current()
    loading, may_finish = threading.Event(), threading.Event()
    plain_load = place.load

    def slow_load(files: dict[str, bytes]) -> Model:
        loading.set()
        assert may_finish.wait(10)
        return plain_load(files)

    champion.load = slow_load
    place.points_to = "v2"
    place.now_s += 11
    answers = []
    loader = threading.Thread(target=lambda: answers.append(champion.current().model_version))
    loader.start()
    assert loading.wait(10)
    place.now_s += 11
    assert [champion.current().model_version for _ in range(5)] == ["v1"] * 5
    may_finish.set()
    loader.join()
    assert answers == ["v2"]
    assert champion.current().model_version == "v2"
    assert place.loads == ["v1", "v2"]


def test_the_first_requests_of_a_process_share_one_load(place):
    champion = place.champion()
    start = threading.Barrier(8)
    answers = []

    def ask() -> None:
        start.wait()
        answers.append(champion.current().model_version)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["v1"] * 8
    assert place.loads == ["v1"]
