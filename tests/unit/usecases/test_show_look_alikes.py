"""Photos of a species beside one in review: from several sides, only such as may be shown, and gone once they are erased."""

from dataclasses import dataclass, replace

import pytest

from avocet.domain.contribution import PhotoNotFoundError, PhotoRecord, UnknownSpeciesError
from avocet.domain.dataset import CONTRIBUTION, PhotoState
from avocet.domain.likeness import SHOWN_PHOTOS, Order, backbone_key, packed, sketches_key
from avocet.domain.prediction import SKETCH_BYTES, Prediction, ScoredSpecies
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.forget_sketches import ForgetSketches
from avocet.usecases.show_look_alikes import LookAlikes, ShowLookAlikes
from tests.made.memory import MemoryWorldList
from tests.unit.dataset.test_reference_pictures import contributed, training_photos
from tests.unit.dataset.test_refresh import AVOCET, TIT, begun, import_photos
from tests.unit.dataset.test_refresh_history import far_picture, photo_id_of
from tests.unit.dataset.world import NOW, MemoryObjects, World, photo_bytes
from tests.unit.usecases.test_review_photos import PlainLinks

LOOKED_AT = photo_id_of(900)


def with_a_photo_in_review(world: World) -> World:
    world.import_photo(LOOKED_AT, TIT, photo_bytes(far_picture(900)))
    record = world.photos.records[LOOKED_AT]
    world.photos.records[LOOKED_AT] = replace(record, state=PhotoState.REVIEW, taken_revision=record.revision)
    return world


@dataclass
class Records:
    """What was said of the photo in review, if anything."""

    prediction: Prediction | None = None

    def find(self, photo_id: str) -> PhotoRecord:
        return PhotoRecord(photo_id, "somebody", NOW, prediction=self.prediction)

    def add(self, record: PhotoRecord) -> PhotoRecord:
        raise NotImplementedError

    save = add


def shown(
    world: World,
    species_id: str = AVOCET,
    photo_id: str = LOOKED_AT,
    *,
    records: Records | None = None,
    models: MemoryObjects | None = None,
) -> LookAlikes:
    show = ShowLookAlikes(
        photos=world.photos,
        records=records or Records(),
        index=world.index,
        pictures=world.picture_book,
        licences=world.contributions,
        clean_objects=world.clean,
        models=models or MemoryObjects(),
        links=PlainLinks(),
        world_list=MemoryWorldList.of(AVOCET, TIT),
    )
    return show(photo_id, species_id)


def ids(found: LookAlikes) -> list[str]:
    return [photo.photo_id for photo in found.photos]


def test_six_photos_of_the_species_are_shown_with_where_they_come_from() -> None:
    world = with_a_photo_in_review(begun())
    found = shown(world)
    assert (found.taxon.species_id, found.order) == (AVOCET, Order.VARIETY)
    assert len(set(ids(found))) == SHOWN_PHOTOS
    assert set(ids(found)) <= set(training_photos(world, AVOCET))
    assert {(photo.source, photo.licence) for photo in found.photos} == {("kaggle", None)}
    assert all(photo.url.endswith(world.photos.records[photo.photo_id].raw_key) for photo in found.photos)


def test_a_species_without_photos_shows_none() -> None:
    assert shown(with_a_photo_in_review(begun()), TIT).photos == ()


def test_people_s_photos_are_shown_under_their_licence_and_only_once_reviewed() -> None:
    assert ids(shown(with_a_photo_in_review(contributed(is_reviewed=False)))) == []
    found = shown(with_a_photo_in_review(contributed(is_reviewed=True)))
    assert found.photos
    assert {(photo.source, photo.licence) for photo in found.photos} == {("contribution", "CC-BY-4.0")}


def test_an_erased_photo_is_shown_no_more_from_that_moment_on() -> None:
    world = with_a_photo_in_review(begun())
    gone = ids(shown(world))[0]
    ErasePhotos(clean_objects=world.clean)([gone])
    assert gone not in ids(shown(world))
    assert len(ids(shown(world))) == SHOWN_PHOTOS


def test_a_photo_that_shows_another_species_by_now_no_longer_stands_for_this_one() -> None:
    world = with_a_photo_in_review(begun())
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    moved = ids(shown(world))[0]
    world.relabel_import(moved, TIT)
    world.refresh("third")
    assert moved not in ids(shown(world))


def test_only_a_photo_that_waits_for_a_review_and_a_listed_species_can_be_asked_about() -> None:
    world = with_a_photo_in_review(begun())
    for other in [photo_id_of(901), training_photos(world, AVOCET)[0]]:
        with pytest.raises(PhotoNotFoundError):
            shown(world, photo_id=other)
    with pytest.raises(UnknownSpeciesError):
        shown(world, "dodo-of-paradise")


def looked_at_by_a_model(world: World) -> tuple[World, Records, MemoryObjects]:
    """The photo in review was given here and named by a model, and a training saw what the dataset's photos look like."""
    world.photos.records[LOOKED_AT] = replace(world.photos.records[LOOKED_AT], source=CONTRIBUTION)
    sketches = {photo_id: bytes([10 * at]) for at, photo_id in enumerate(sorted(training_photos(world, AVOCET)))}
    models = MemoryObjects()
    models.put(backbone_key("starter-1"), b"b" * 16)
    models.put(sketches_key("b" * 16, AVOCET), packed(sketches | {LOOKED_AT: bytes([0])}))
    return world, Records(Prediction("starter-1", (ScoredSpecies(AVOCET, 1.0),), None, False, bytes([0]))), models


def test_the_most_similar_photos_come_first_where_a_model_knows_what_they_look_like() -> None:
    world, records, models = looked_at_by_a_model(with_a_photo_in_review(begun()))
    found = shown(world, records=records, models=models)
    assert found.order is Order.SIMILARITY
    assert ids(found) == sorted(training_photos(world, AVOCET))[:SHOWN_PHOTOS]
    ErasePhotos(clean_objects=world.clean)(ids(found)[:1])
    left = sorted(training_photos(world, AVOCET))
    assert ids(shown(world, records=records, models=models)) == left[:SHOWN_PHOTOS]


def test_where_no_training_has_seen_the_species_or_the_model_variety_is_shown_and_said() -> None:
    world, records, models = looked_at_by_a_model(with_a_photo_in_review(begun()))
    for key in (backbone_key("starter-1"), sketches_key("b" * 16, AVOCET)):
        lacking = MemoryObjects({name: versions for name, versions in models.stored.items() if name != key})
        assert shown(world, records=records, models=lacking).order is Order.VARIETY
    unseen = Records(replace(records.prediction, sketch=b"") if records.prediction else None)
    assert shown(world, records=unseen, models=models).order is Order.VARIETY
    imported = with_a_photo_in_review(begun())
    assert shown(imported, records=records, models=models).order is Order.VARIETY


def imported_as_another_species(world: World) -> tuple[str, MemoryObjects]:
    """A photo came that shows the picture of one of the dataset under another name; a training knows the dataset's photos."""
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    twin, copy = training_photos(world, AVOCET)[3], photo_id_of(901)
    world.import_photo(copy, TIT, photo_bytes(int(world.photos.records[twin].phash, 16), salt=1), source="another-set")
    world.refresh("third")
    assert world.photos.records[copy].reason == "same-picture-other-species"
    models = MemoryObjects()
    for species_id in (AVOCET, TIT):
        looks = {photo: bytes([10 * at]) * SKETCH_BYTES for at, photo in enumerate(training_photos(world, species_id))}
        models.put(sketches_key("b" * 16, species_id), packed(looks))
    return copy, models


def test_an_imported_photo_looks_as_the_one_of_the_same_picture_does() -> None:
    world = with_a_photo_in_review(begun())
    copy, models = imported_as_another_species(world)
    for species_id in (AVOCET, TIT):
        found = shown(world, species_id, copy, models=models)
        assert found.order is Order.SIMILARITY
        assert ids(found)[0] == training_photos(world, species_id)[3]
    twin = training_photos(world, AVOCET)[3]
    ErasePhotos(clean_objects=world.clean)([twin])
    assert twin not in ids(shown(world, AVOCET, copy, models=models))


def test_of_an_imported_photo_nothing_is_known_before_a_training_has_seen_both_or_once_its_twin_is_forgotten() -> None:
    world = with_a_photo_in_review(begun())
    copy, models = imported_as_another_species(world)
    for lacking in (AVOCET, TIT):
        others = {key: versions for key, versions in models.stored.items() if not key.endswith(lacking)}
        assert shown(world, TIT, copy, models=MemoryObjects(others)).order is Order.VARIETY
    ForgetSketches(models=models)([training_photos(world, AVOCET)[3]])
    assert shown(world, TIT, copy, models=models).order is Order.VARIETY
