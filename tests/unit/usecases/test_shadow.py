"""A challenger scores in the shadow: once, whatever the stream tells twice, late or out of order, and never for the erased."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from avocet.domain.contribution import Answer, Contribution, Feedback, PhotoRecord, raw_key
from avocet.domain.models import Aliases, Change, Tenure
from avocet.domain.prediction import Prediction, ScoredSpecies
from avocet.domain.scoring import ModelLabels, Scores, Thresholds
from avocet.domain.shadow import Sample, Shadowed, Trouble, counts_of, name_counts_of
from avocet.domain.terms import Consent
from avocet.usecases.ports import BrokenBundleError
from avocet.usecases.shadow import Outcome, ShadowPhotos
from tests.made.bundles import BLUE, GREEN, RED
from tests.made.events import ALICE
from tests.made.memory import START, MemoryOriginals, MemoryRecords, Seam, World, nothing_happens
from tests.made.people import WORLD_LIST
from tests.made.photos import jpeg

PHOTO = "0" * 32
CHAMPION, CHALLENGER = "starter-1", "head-2"
VERSIONS = (CHALLENGER, "head-3", "starter-0")


class GoneError(Exception):
    """The process died here."""


@dataclass
class Book:
    """What challengers said, in memory."""

    photos: dict[str, Shadowed] = field(default_factory=dict)
    counts: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def seen_through(self, seam: Seam) -> "SeamedBook":
        return SeamedBook(self, seam)

    def count(self, photo: Shadowed, counts: dict[str, int]) -> None:
        total = self.counts.setdefault((photo.challenger.version, photo.champion.version), {})
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count

    def counted(self, name: str) -> int:
        return sum(each.get(name, 0) for each in self.counts.values())


@dataclass
class SeamedBook:
    """The same with a seam around each call."""

    book: Book
    seam: Seam

    def find(self, photo_id: str) -> Shadowed | None:
        return self._call("find shadow", lambda: self.book.photos.get(photo_id))

    def add(self, photo: Shadowed, _now: datetime) -> bool:
        def effect() -> bool:
            if photo.photo_id in self.book.photos:
                return False
            self.book.photos[photo.photo_id] = photo
            self.book.count(photo, counts_of(photo))
            return True

        return self._call("add shadow", effect)

    def name(self, photo: Shadowed, species_id: str) -> bool:
        def effect() -> bool:
            kept = self.book.photos.get(photo.photo_id)
            if kept is None or kept.named is not None:
                return False
            self.book.photos[photo.photo_id] = replace(kept, named=species_id)
            self.book.count(kept, name_counts_of(kept, species_id))
            return True

        return self._call("name shadow", effect)

    def forget(self, photo_id: str) -> None:
        self._call("forget shadow", lambda: self.book.photos.pop(photo_id, None))

    def note_trouble(self, version: str, trouble: Trouble) -> None:
        self._call("note trouble", lambda: self.book.troubles.update({version: trouble}))

    def _call(self, name, effect):
        self.seam(f"before {name}")
        result = effect()
        self.seam(f"after {name}")
        return result


class GreenModel:
    """Says the same of every photo."""

    model_version = CHALLENGER
    size_px = 224
    labels = ModelLabels.of((RED, GREEN, BLUE), WORLD_LIST.find_many((RED, GREEN, BLUE)))
    thresholds = Thresholds(0.5, 0.7, 0.0)

    def score(self, _pixels: np.ndarray) -> Scores:
        return Scores(np.array([0.2, 0.7, 0.1], np.float32), 1.0)


@dataclass
class Garage:
    """Opens challengers, or refuses to."""

    broken: bool = False
    opened: list[str] = field(default_factory=list)

    def open(self, model_version: str) -> GreenModel:
        self.opened.append(model_version)
        if self.broken:
            raise BrokenBundleError("model.onnx is not the file that the bundle was made with")
        return GreenModel()


@dataclass
class Scene:
    """A champion, a challenger and one photo that was answered."""

    world: World = field(default_factory=World)
    book: Book = field(default_factory=Book)
    garage: Garage = field(default_factory=Garage)
    challenger: str | None = CHALLENGER
    sample: Sample = field(default_factory=lambda: Sample(("0",)))
    registered_at: dict[str, datetime] = field(default_factory=lambda: dict.fromkeys(VERSIONS, START))
    meanwhile: Callable[[], object] = field(default=lambda: None)

    def __post_init__(self) -> None:
        self.world.originals[PHOTO] = jpeg()
        told = Prediction(CHAMPION, (ScoredSpecies(RED, 0.9), ScoredSpecies(BLUE, 0.1)), None, False)
        self.world.records[PHOTO] = PhotoRecord(PHOTO, ALICE, self.world.now, version=1, prediction=told)

    def shadow(self, seam: Seam = nothing_happens) -> ShadowPhotos:
        ticks = itertools.count()
        tenure = Tenure(1, CHAMPION, Change.SHIPPED, "", self.world.now)
        return ShadowPhotos(
            records=MemoryRecords(self.world, seam),
            originals=MemoryOriginals(self.world, seam),
            aliases=lambda: Aliases(tenure, self.challenger),
            registered_at=lambda version: self.registered_at.get(version),
            challenger=self.garage,
            book=self.book.seen_through(seam),
            sample=self.sample,
            clock=self.world.clock,
            stopwatch_s=lambda: next(ticks) / 100,
            pause=self.pause,
        )

    def pause(self, seconds: float) -> None:
        self.world.pass_time(seconds=seconds)
        self.meanwhile()

    def tell(self, seam: Seam = nothing_happens, photo_id: str = PHOTO) -> Outcome | None:
        return self.shadow(seam)([photo_id]).get(photo_id)

    def answer(self, species_id: str | None = GREEN, *, is_finished: bool = True) -> None:
        kind = Feedback.UNKNOWN if species_id is None else Feedback.CORRECTED
        record = self.world.records[PHOTO]
        key = raw_key(PHOTO, species_id)
        given = Contribution(
            Answer(kind, species_id), self.world.now, Consent("2026-11", "CC-BY-4.0"), 1, key, (key,),
            finished=is_finished,
        )  # fmt: skip
        self.world.records[PHOTO] = replace(record, contribution=given, version=record.version + 1)

    def withdraw(self) -> None:
        self.world.records[PHOTO] = replace(self.world.records[PHOTO], withdrawn_at=self.world.now)

    def erasure(self) -> list[Callable[[], object]]:
        """The steps of erasing a photo, as ``erase_person`` goes."""
        book, records = self.book.photos, self.world.records
        return [lambda: book.pop(PHOTO, None), lambda: records.pop(PHOTO, None), lambda: book.pop(PHOTO, None)]


def seams(prepare: Callable[[Scene], None] = lambda _: None) -> list[str]:
    """The points at which something can come in between, in their order."""
    met: list[str] = []
    scene = Scene()
    prepare(scene)
    scene.tell(lambda point: met.append(f"{len(met)} {point}"))
    return met


def at(place: int, do: Callable[[], object]) -> Seam:
    """A seam at whose ``place``-th point, once, something else happens."""
    points = itertools.count()

    def seam(_point: str) -> None:
        if next(points) == place:
            do()

    return seam


def test_a_photo_is_scored_and_counted():
    scene = Scene()
    assert scene.tell() is Outcome.SCORED
    (kept,) = scene.book.photos.values()
    assert (kept.champion.species_id, kept.challenger.species_id) == (RED, GREEN)
    assert kept.in_three
    assert kept.challenger_ms == pytest.approx(10)
    assert scene.book.counts[CHALLENGER, CHAMPION]["photos"] == 1


def test_what_is_told_again_is_counted_once():
    scene = Scene()
    assert [scene.tell() for _ in range(4)] == [Outcome.SCORED, *[Outcome.KNOWN] * 3]
    assert scene.shadow()([PHOTO, PHOTO, PHOTO]) == {PHOTO: Outcome.KNOWN}
    assert scene.book.counted("photos") == 1


@pytest.mark.parametrize("challenger", [None, CHAMPION])
def test_without_a_challenger_nothing_is_looked_at(challenger):
    scene = Scene(challenger=challenger)
    met: list[str] = []
    assert scene.tell(met.append) is None
    assert (met, scene.garage.opened) == ([], [])


def test_a_photo_outside_the_sample_is_not_looked_at():
    scene = Scene(sample=Sample(("1",)))
    met: list[str] = []
    assert scene.tell(met.append) is None
    assert met == []


def test_a_photo_that_the_challenger_itself_answered_is_left_alone():
    scene = Scene(challenger="starter-0")
    record = scene.world.records[PHOTO]
    scene.world.records[PHOTO] = replace(record, prediction=replace(record.prediction, model_version="starter-0"))
    assert scene.tell() is Outcome.LEFT
    assert scene.book.photos == {}


def test_an_upload_is_scored_when_it_was_answered_and_not_before():
    scene = Scene()
    answered = scene.world.records[PHOTO]
    scene.world.records[PHOTO] = replace(answered, prediction=None)
    assert scene.tell() is Outcome.LEFT
    scene.world.records[PHOTO] = answered
    assert scene.tell() is Outcome.SCORED


@pytest.mark.parametrize("since", [START + timedelta(seconds=1), None])
def test_a_photo_sent_before_the_challenger_was_there_is_left_alone(since):
    # Only those that somebody answers are told of again, and they are no fair sample of all.
    scene = Scene()
    scene.registered_at = {} if since is None else {CHALLENGER: since}
    scene.answer(GREEN)
    assert scene.tell() is Outcome.LEFT
    assert (scene.book.photos, scene.garage.opened) == ({}, [])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda scene: scene.world.originals.clear(),
        lambda scene: scene.world.originals.update({PHOTO: b"no photo any more"}),
        lambda scene: scene.world.pass_time(hours=24),
        lambda scene: scene.world.records.update(
            {PHOTO: replace(scene.world.records[PHOTO], original_tag="of other bytes")}
        ),
    ],
    ids=["it is gone", "it is no photo", "its day is over", "it was overwritten"],
)
def test_a_photo_that_is_not_there_as_it_was_answered_is_left_alone(spoil):
    scene = Scene()
    spoil(scene)
    assert scene.tell() is Outcome.LEFT
    assert (scene.book.photos, scene.book.counts) == ({}, {})


def test_a_photo_whose_record_is_told_of_before_it_is_put_away_is_waited_for():
    scene = Scene()
    photo = scene.world.originals.pop(PHOTO)
    scene.meanwhile = lambda: scene.world.originals.update({PHOTO: photo})
    assert scene.tell() is Outcome.SCORED


def test_a_photo_that_is_never_put_away_holds_nobody_up_for_long():
    scene = Scene()
    scene.world.originals.clear()
    assert scene.tell() is Outcome.LEFT
    assert scene.world.now - START <= timedelta(seconds=31)
    began = scene.world.now
    assert scene.tell() is Outcome.LEFT
    assert scene.world.now == began, "what is old is not waited for"


def test_a_broken_challenger_is_noted_and_counts_nothing():
    scene = Scene(garage=Garage(broken=True))
    assert scene.tell() is Outcome.UNFIT
    assert scene.book.troubles[CHALLENGER].reason.startswith("model.onnx")
    assert (scene.book.photos, scene.book.counts) == ({}, {})


def test_the_name_that_somebody_gives_is_held_against_both_once():
    scene = Scene()
    scene.tell()
    scene.answer(GREEN)
    assert [scene.tell() for _ in range(3)] == [Outcome.NAMED, Outcome.KNOWN, Outcome.KNOWN]
    counted = {name: scene.book.counted(name) for name in ("named", "champion_right", "only_challenger_right")}
    assert counted == {"named": 1, "champion_right": 0, "only_challenger_right": 1}


def test_an_answer_that_came_before_the_photo_was_scored_counts_too():
    scene = Scene()
    scene.answer(RED)
    assert scene.tell() is Outcome.NAMED
    assert (scene.book.counted("photos"), scene.book.counted("only_champion_right")) == (1, 1)


def test_an_answer_half_done_or_without_a_name_waits_for_the_one_that_has_it():
    scene = Scene()
    scene.answer(GREEN, is_finished=False)
    assert scene.tell() is Outcome.SCORED
    scene.answer(None)
    assert scene.tell() is Outcome.KNOWN
    scene.answer(BLUE)
    assert scene.tell() is Outcome.NAMED
    scene.answer(RED)
    assert scene.tell() is Outcome.KNOWN, "a change of mind does not count again"
    assert scene.book.counted("named") == 1


def test_the_answer_counts_for_the_pair_that_scored_the_photo():
    scene = Scene()
    scene.tell()
    scene.challenger = "head-3"
    scene.answer(GREEN)
    assert scene.tell() is Outcome.NAMED
    assert scene.book.counts.keys() == {(CHALLENGER, CHAMPION)}
    assert scene.garage.opened == [CHALLENGER], "a photo is scored once, by whoever challenged then"


@pytest.mark.parametrize("place", range(len(seams())))
def test_told_twice_at_the_same_time_it_is_counted_once(place):
    scene = Scene()
    scene.tell(at(place, scene.tell))
    scene.tell()
    assert (scene.book.counted("photos"), len(scene.book.photos)) == (1, 1)


@pytest.mark.parametrize("place", range(len(seams())))
def test_an_answer_is_counted_once_whenever_it_comes_and_is_told(place):
    scene = Scene()

    def answered() -> None:
        scene.answer(GREEN)
        scene.tell()

    scene.tell(at(place, answered))
    scene.tell()
    assert {scene.book.counted(name) for name in ("photos", "named", "only_challenger_right")} == {1}


@pytest.mark.parametrize("place", range(len(seams(Scene.answer))))
def test_whoever_dies_anywhere_is_told_again_and_counts_once(place):
    scene = Scene()
    scene.answer(GREEN)

    def die() -> None:
        raise GoneError

    with pytest.raises(GoneError):
        scene.tell(at(place, die))
    scene.tell()
    assert {scene.book.counted(name) for name in ("photos", "named")} == {1}


def test_an_erasure_leaves_nothing_whatever_step_of_it_meets_which_step_of_scoring():
    places = range(len(seams()) + 1)
    for steps in itertools.combinations_with_replacement(places, 3):
        scene = Scene()
        points, erasing = itertools.count(), scene.erasure()

        def seam(_point: str, *, points=points, erasing=erasing, steps=steps) -> None:
            place = next(points)
            while erasing and steps[3 - len(erasing)] <= place:
                erasing.pop(0)()

        scene.tell(seam)
        # Whatever of the erasure was still to come, comes now.
        while erasing:
            erasing.pop(0)()
        assert scene.book.photos == {}, steps


def test_an_erasure_that_died_half_way_and_is_told_of_late_leaves_nothing():
    scene = Scene()
    first, record, _ = scene.erasure()
    scene.tell(at(seams().index(next(each for each in seams() if "after add" in each)), lambda: (first(), record())))
    assert scene.book.photos == {}
    assert scene.tell() is Outcome.FORGOTTEN


@pytest.mark.parametrize("place", range(len(seams())))
def test_of_a_photo_that_was_taken_back_nothing_stays_once_that_is_told(place):
    scene = Scene()
    scene.tell(at(place, scene.withdraw))
    assert scene.tell() is Outcome.FORGOTTEN
    assert scene.book.photos == {}


def test_what_is_kept_of_a_photo_goes_when_the_photo_has_surely_gone():
    scene = Scene()
    scene.tell()
    assert scene.book.photos[PHOTO].gone_at == scene.world.records[PHOTO].created_at + timedelta(hours=48)
