"""The hot swap: a request follows the pointer, and a bundle that does not work never replaces one that does."""

import itertools
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from avocet.adapters.champion import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, LOOK_EVERY_S, CachedChallenger, CachedChampion
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

    def fetch(self, model_version: str, folder: Path) -> None:
        (folder / "version").write_text(model_version)

    def load(self, folder: Path) -> Model:
        version = (folder / "version").read_text()
        self.loads.append(version)
        if version in self.bad:
            raise BrokenBundleError(version)
        return Model(version)

    def champion(self) -> CachedChampion:
        return CachedChampion(
            pointer=self, bundles=self, load=self.load, wall_clock_s=lambda: self.now_s, outages=(OutageError,)
        )

    def challenger(self) -> CachedChallenger:
        return CachedChallenger(bundles=self, load=self.load, wall_clock_s=lambda: self.now_s)


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
    place.fetch = lambda version, folder: (folder / "version").write_text("v1")
    champion = place.champion()
    champion.current()
    place.points_to = "v2"
    place.now_s += 11
    assert champion.current().model_version == "v1"


def test_a_full_disk_leaves_the_old_model_answering(place):
    champion = place.champion()
    champion.current()

    def fetch(model_version: str, folder: Path) -> None:
        raise OSError(28, "No space left on device")

    place.fetch, place.points_to = fetch, "v2"
    place.now_s += 11
    assert champion.current().model_version == "v1"


def test_an_outage_at_the_first_request_is_over_when_it_is_over(place):
    champion = place.champion()
    fetch = place.fetch

    def away(model_version: str, folder: Path) -> None:
        raise OutageError

    place.fetch = away
    for _ in range(3):
        with pytest.raises(NoModelError):
            champion.current()
    place.fetch = fetch
    assert champion.current().model_version == "v1", "in the same second"


def test_a_bundle_that_is_broken_at_the_first_request_is_not_fetched_for_every_other(place):
    champion = place.champion()
    place.bad = {"v1"}
    for _ in range(3):
        with pytest.raises(NoModelError):
            champion.current()
    assert place.loads == ["v1"]


def test_who_waited_a_moment_for_another_swap_does_not_load_again(place):
    champion = place.champion()
    champion.current()
    place.points_to = "v2"
    place.now_s += 11
    plain = champion._loading

    class TakenAMomentAgo:
        """Somebody else looks and swaps between this request's decision to look and its turn."""

        def acquire(self, *, blocking: bool) -> bool:
            champion._loading = plain
            assert champion.current().model_version == "v2"
            return plain.acquire(blocking=blocking)

        def release(self) -> None:
            plain.release()

    champion._loading = TakenAMomentAgo()
    assert champion.current().model_version == "v2"
    assert place.loads == ["v1", "v2"]


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

    def slow_load(folder: Path) -> Model:
        loading.set()
        assert may_finish.wait(120)
        return plain_load(folder)

    champion.load = slow_load
    place.points_to = "v2"
    place.now_s += 11
    answers = []
    loader = threading.Thread(target=lambda: answers.append(champion.current().model_version))
    loader.start()
    assert loading.wait(120)
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


def test_a_challenger_is_loaded_once_and_another_takes_its_place(place):
    challenger = place.challenger()
    assert [challenger.open(version).model_version for version in ("v1", "v1", "v2", "v2")] == ["v1", "v1", "v2", "v2"]
    assert place.loads == ["v1", "v2"]


def test_no_other_version_answers_for_a_broken_challenger(place):
    challenger = place.challenger()
    challenger.open("v1")
    place.bad = {"v2"}
    with pytest.raises(BrokenBundleError, match="v2"):
        challenger.open("v2")


def test_a_broken_challenger_is_tried_again_less_and_less_often_and_a_better_one_at_once(place):
    challenger = place.challenger()
    place.bad = {"v2"}
    for _ in range(3600):
        with pytest.raises(BrokenBundleError, match="v2"):
            challenger.open("v2")
        place.now_s += 1
    assert 6 <= len(place.loads) <= 12
    assert challenger.open("v3").model_version == "v3"
    place.bad, place.now_s = set(), place.now_s + LONGEST_BACKOFF_S
    assert challenger.open("v2").model_version == "v2"


def test_a_challenger_that_calls_itself_otherwise_is_broken(place):
    place.fetch = lambda _version, folder: (folder / "version").write_text("v9")
    with pytest.raises(BrokenBundleError, match="calls itself v9"):
        place.challenger().open("v1")


def test_an_outage_is_not_held_against_the_challenger(place, monkeypatch):
    challenger = place.challenger()

    def away(_version: str, _folder: Path) -> None:
        raise OutageError

    with monkeypatch.context() as broken:
        broken.setattr(place, "fetch", away)
        with pytest.raises(OutageError):
            challenger.open("v1")
    assert challenger.open("v1").model_version == "v1"


def test_after_any_number_of_swaps_one_model_is_held(place):
    champion, alive = place.champion(), []
    for number in range(10):
        place.points_to, place.now_s = f"v{number}", place.now_s + LOOK_EVERY_S + 1
        alive.append(weakref.ref(champion.current()))
    assert [model() is not None for model in alive] == [False] * 9 + [True]
