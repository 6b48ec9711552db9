"""Which photo people are shown of a species, and when it goes."""

import copy

import pytest

from avocet.domain.dataset import Split
from avocet.domain.jobs import FencedOutError
from avocet.domain.reference_pictures import MAX_SPARES, ReferencePicture
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.reference_pictures import PICTURES, picture_key
from tests.unit.dataset.test_refresh import AVOCET, TIT, begun, import_photos
from tests.unit.dataset.test_refresh_history import far_picture, photo_id_of
from tests.unit.dataset.world import Bomb, Crash, World, photo_bytes


def shown(world: World, species_id: str) -> ReferencePicture:
    picture = world.picture_book.find(species_id)
    assert picture is not None
    return picture


def photo_shown(world: World, species_id: str) -> str:
    """The photo shown, after a look at what lies in the bucket: this very photo, and no other version."""
    photo_id = shown(world, species_id).photo_id
    assert photo_id is not None
    record = world.photos.records[photo_id]
    assert record.dataset_species_id == species_id
    assert world.clean.stored[picture_key(species_id)] == [world.raw.get(record.raw_key)]
    return photo_id


def training_photos(world: World, species_id: str) -> list[str]:
    rows = open_snapshot(world.clean).rows
    return sorted(i for i, row in rows.items() if row.species_id == species_id and row.split is Split.TRAIN)


def test_the_first_training_photo_is_shown_and_stays_when_more_arrive() -> None:
    world = begun()
    first = photo_shown(world, AVOCET)
    assert first == training_photos(world, AVOCET)[0]
    assert (shown(world, AVOCET).source, shown(world, AVOCET).licence) == ("kaggle", None)
    import_photos(world, AVOCET, range(100, 110))
    world.refresh("second")
    assert photo_shown(world, AVOCET) == first
    assert len(shown(world, AVOCET).spares) == MAX_SPARES


def test_a_species_that_waits_for_the_gate_shows_nothing() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 110))
    world.refresh("second")
    assert world.picture_book.find(TIT) is None
    assert world.clean.keys(PICTURES) == [picture_key(AVOCET)]


def test_when_the_photo_is_erased_the_picture_goes_and_the_next_is_shown() -> None:
    world = begun()
    photos = training_photos(world, AVOCET)
    data = world.clean.get(picture_key(AVOCET))
    ErasePhotos(clean_objects=world.clean)(photos[:2])
    world.refresh("second")
    assert photo_shown(world, AVOCET) == photos[2]
    assert not any(data in versions for versions in world.clean.stored.values())


def test_when_the_photo_is_relabelled_it_no_longer_stands_for_what_it_is_not() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    tit, (moved, successor) = photo_shown(world, TIT), training_photos(world, AVOCET)[:2]
    world.relabel_import(moved, TIT)
    world.refresh("third")
    assert photo_shown(world, AVOCET) == successor
    assert photo_shown(world, TIT) == tit


def test_when_no_photo_is_left_there_is_no_picture_until_one_comes() -> None:
    world = World()
    ids = import_photos(world, AVOCET, range(4))
    world.refresh("first")
    ErasePhotos(clean_objects=world.clean)(ids)
    world.refresh("second")
    assert shown(world, AVOCET).photo_id is None
    assert world.clean.keys(PICTURES) == []
    import_photos(world, AVOCET, range(10, 14))
    world.refresh("third")
    assert photo_shown(world, AVOCET) in training_photos(world, AVOCET)


def contributed(*, is_reviewed: bool) -> World:
    world = World()
    for number in range(6):
        world.contributions.answer(
            photo_id_of(number), AVOCET, photo_bytes(far_picture(number)), is_reviewed=is_reviewed
        )
    world.refresh("first")
    assert training_photos(world, AVOCET)
    return world


def test_a_contributed_photo_is_shown_under_its_licence_once_it_was_reviewed() -> None:
    world = contributed(is_reviewed=False)
    assert shown(world, AVOCET).photo_id is None
    assert world.clean.keys(PICTURES) == []
    reviewed = training_photos(world, AVOCET)[-1]
    world.contributions.answer(reviewed, AVOCET, is_reviewed=True)
    world.refresh("second")
    assert photo_shown(world, AVOCET) == reviewed
    assert (shown(world, AVOCET).source, shown(world, AVOCET).licence) == ("contribution", "CC-BY-4.0")


def test_an_answer_that_was_changed_after_its_review_is_shown_no_more() -> None:
    world = contributed(is_reviewed=True)
    first, second = training_photos(world, AVOCET)[:2]
    assert photo_shown(world, AVOCET) == first
    world.contributions.answer(first, AVOCET, is_reviewed=False)
    world.refresh("second")
    assert photo_shown(world, AVOCET) == second


def test_a_photo_whose_original_is_gone_or_broken_is_passed_over() -> None:
    world = begun()
    first, lost, broken, sound = training_photos(world, AVOCET)[:4]
    world.raw.purge(world.photos.records[lost].raw_key)
    world.raw.put(world.photos.records[broken].raw_key, b"garbage")
    ErasePhotos(clean_objects=world.clean)([first])
    world.refresh("second")
    assert photo_shown(world, AVOCET) == sound


def test_a_crash_at_each_outside_call_ends_in_the_same_pictures() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    erased = training_photos(world, AVOCET)[0]
    gone = world.clean.get(picture_key(AVOCET))
    ErasePhotos(clean_objects=world.clean)([erased])
    undisturbed, calls = copy.deepcopy(world), Bomb()
    undisturbed.refresh("second", calls)
    wanted = {each: photo_shown(undisturbed, each) for each in (AVOCET, TIT)}
    for at in range(1, calls.calls + 1):
        for after in (False, True):
            crashed = copy.deepcopy(world)
            with pytest.raises(Crash):
                crashed.refresh("second", Bomb(at, after))
            crashed.refresh("second")
            assert {each: photo_shown(crashed, each) for each in (AVOCET, TIT)} == wanted, f"died at call {at}"
            assert crashed.picture_book.pictures == undisturbed.picture_book.pictures, f"died at call {at}"
            assert not any(gone in versions for versions in crashed.clean.stored.values())


def test_a_writer_who_was_given_up_leaves_no_picture_behind() -> None:
    world = World()
    ids = import_photos(world, AVOCET, range(20))
    put: list[str] = []

    class Overtaken:
        """Puts nothing before a successor has erased every photo."""

        def __getattr__(self, name: str) -> object:
            return getattr(world.clean, name)

        def put_new(self, key: str, data: bytes) -> bool:
            if key.startswith(PICTURES) and world.photos.records:
                world.fence = 100
                ErasePhotos(clean_objects=world.clean)(ids)
                world.refresh("fast")
                assert world.clean.keys(PICTURES) == []
                put.append(key)
            return world.clean.put_new(key, data)

    with pytest.raises(FencedOutError):
        world.refresh("slow", clean_objects=Overtaken())
    assert put == [picture_key(AVOCET)]
    assert world.clean.keys(PICTURES) == []
