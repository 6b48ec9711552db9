"""Naming a bird: what is durable when the answer is given, and what happens when storage fails."""

import itertools
from datetime import datetime

import numpy as np
import pytest

from avocet.domain.contribution import PhotoMissingError, PhotoNotFoundError, TooManyBytesError
from avocet.domain.imaging import PhotoError, PhotoTooLargeError
from avocet.domain.scoring import ModelLabels, Scores, Thresholds
from avocet.usecases.get_prediction import GetPrediction
from avocet.usecases.predict import MAX_INLINE_BYTES, Predict
from avocet.usecases.request_upload import MAX_UPLOAD_BYTES, RequestUpload
from tests.made.bundles import BLUE, GREEN, RED
from tests.made.events import ALICE, BOB
from tests.made.memory import MemoryOriginals, MemoryRecords, World, nothing_happens
from tests.made.people import WORLD_LIST
from tests.made.photos import jpeg


class FixedModel:
    """Says the same of every photo, and remembers what it saw."""

    model_version = "fixed-1"
    size_px = 224
    labels = ModelLabels.of((RED, GREEN, BLUE), WORLD_LIST.find_many((RED, GREEN, BLUE)))
    thresholds = Thresholds(0.5, 0.7, 0.0)

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def current(self) -> "FixedModel":
        return self

    def score(self, pixels: np.ndarray) -> Scores:
        self.seen.append(pixels)
        return Scores(np.array([0.7, 0.2, 0.1], np.float32), 1.0)


class Notebook:
    """Counts nothing but how often it was asked to."""

    def __init__(self) -> None:
        self.noted: list[dict[str, int]] = []

    def note(self, _version: str, _moment: datetime, places: dict[str, int]) -> None:
        self.noted.append(dict(places))


@pytest.fixture
def world() -> World:
    return World()


def predict_in(world: World, *, seam=nothing_happens, originals=None) -> Predict:
    ticks = itertools.count()
    return Predict(
        records=MemoryRecords(world, seam),
        originals=originals or MemoryOriginals(world, seam),
        champion=FixedModel(),
        clock=world.clock,
        new_id=world.new_id,
        stopwatch_s=lambda: next(ticks) / 1000,
        sightings=Notebook(),
    )


def test_photo_and_record_are_stored_under_one_id(world):
    identified = predict_in(world).inline(ALICE, jpeg())
    photo_id = identified.record.photo_id
    assert world.originals == {photo_id: jpeg()}
    assert world.records[photo_id] == identified.record
    assert [one.species_id for one in identified.record.prediction.ranked] == [RED, GREEN, BLUE]


def test_what_the_photo_is_like_is_counted_once_and_without_the_photo(world):
    predict = predict_in(world)
    predict.inline(ALICE, jpeg())
    (noted,) = predict.sightings.noted
    assert noted.keys() >= {"c7", "u0"}
    assert len(noted) == 5


def test_the_model_sees_the_square_it_asks_for(world):
    predict = predict_in(world)
    predict.inline(ALICE, jpeg())
    (pixels,) = predict.champion.seen
    assert (pixels.shape, pixels.dtype) == ((224, 224, 3), np.uint8)


def test_each_part_of_the_time_is_what_it_says(world):
    timings = predict_in(world).inline(ALICE, jpeg()).timings
    assert (timings.model_ms, timings.decode_ms, timings.infer_ms) == (
        pytest.approx(1),
        pytest.approx(1),
        pytest.approx(1),
    )
    assert timings.store_ms == pytest.approx(1)


class FullStoreError(Exception):
    """The bucket does not take it."""


class FullOriginals(MemoryOriginals):
    """A bucket that fails."""

    def put(self, photo_id: str, data: bytes) -> None:
        raise FullStoreError


def test_no_answer_is_given_for_a_photo_that_could_not_be_stored(world):
    with pytest.raises(FullStoreError):
        predict_in(world, originals=FullOriginals(world)).inline(ALICE, jpeg())


@pytest.mark.parametrize("data", [b"", b"hello", jpeg()[:200]])
def test_what_is_no_photo_is_never_stored(world, data):
    with pytest.raises(PhotoError):
        predict_in(world).inline(ALICE, data)
    assert (world.originals, world.records) == ({}, {})


def test_an_inline_photo_has_a_limit_before_anything_is_done(world):
    predict = predict_in(world)
    with pytest.raises(PhotoTooLargeError):
        predict.inline(ALICE, jpeg() + bytes(MAX_INLINE_BYTES))
    assert predict.champion.seen == []


def request_upload(world: World, size_bytes: int = 100) -> str:
    ask = RequestUpload(
        records=MemoryRecords(world), originals=MemoryOriginals(world), clock=world.clock, new_id=world.new_id
    )
    record, grant = ask(ALICE, size_bytes=size_bytes)
    assert grant.expires_at > world.now
    return record.photo_id


def test_an_upload_has_a_limit_too(world):
    assert request_upload(world, MAX_UPLOAD_BYTES)
    with pytest.raises(TooManyBytesError):
        request_upload(world, MAX_UPLOAD_BYTES + 1)


def test_an_upload_is_named_once(world):
    upload_id = request_upload(world)
    with pytest.raises(PhotoMissingError):
        predict_in(world).uploaded(ALICE, upload_id)
    world.originals[upload_id] = jpeg()
    predict = predict_in(world)
    first = predict.uploaded(ALICE, upload_id)
    again = predict.uploaded(ALICE, upload_id)
    assert again.record == first.record
    assert again.timings is None
    assert len(predict.champion.seen) == 1


def test_two_who_name_the_same_upload_at_once_get_the_same_answer(world):
    upload_id = request_upload(world)
    world.originals[upload_id] = jpeg()
    others = []

    def meanwhile(point: str) -> None:
        if point == "before save":
            others.append(predict_in(world).uploaded(ALICE, upload_id))

    mine = predict_in(world, seam=meanwhile).uploaded(ALICE, upload_id)
    assert mine.record == others[0].record == world.records[upload_id]


def test_a_foreign_upload_is_not_there(world):
    upload_id = request_upload(world)
    with pytest.raises(PhotoNotFoundError):
        predict_in(world).uploaded(BOB, upload_id)


def test_a_prediction_can_be_read_by_its_owner_alone(world):
    record = predict_in(world).inline(ALICE, jpeg()).record
    read = GetPrediction(records=MemoryRecords(world), clock=world.clock)
    assert read(ALICE, record.photo_id) == record
    with pytest.raises(PhotoNotFoundError):
        read(BOB, record.photo_id)
    with pytest.raises(PhotoNotFoundError):
        read(ALICE, request_upload(world))
