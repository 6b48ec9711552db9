"""Settling labels: whatever an admin decides reaches every photo of the label, once, and later imports too."""

import copy

import pytest

from avocet.domain.cleaning import clean_photo
from avocet.domain.contribution import UnknownSpeciesError
from avocet.domain.dataset import PhotoState
from avocet.domain.label_cases import LEFT_OUT, LabelInUseError, LabelNotFoundError, LabelState, label_id_of
from avocet.usecases.correct_label import CorrectImportedLabel
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.settle_label import SettleLabel
from tests.made.memory import MemoryWorldList
from tests.unit.dataset.test_imports import importer, photo
from tests.unit.dataset.world import Bomb, Crash, World

ODD = "ODD BIRD"
ODD_ID = label_id_of("kaggle", ODD)
WORLD_LIST = MemoryWorldList.of("pied-avocet", "great-tit")


def settler(world: World) -> SettleLabel:
    return SettleLabel(cases=world.labels, photos=world.photos, world_list=WORLD_LIST)


def with_odd_photos(count: int = 4) -> World:
    world = World()
    importer(world)("kaggle", [photo(ODD, seed) for seed in range(count)])
    return world


def refreshed(world: World, job_id: str = "job") -> None:
    # Real photos need the real cleaner.
    world.refresh(job_id, cleaner=clean_photo)


def test_an_open_label_is_listed_with_its_photos_and_what_it_may_mean() -> None:
    (listed,) = settler(with_odd_photos()).listed()
    assert (listed.case.label, listed.photos, listed.case.state) == (ODD, 4, LabelState.OPEN)
    assert listed.case.proposals == ("great-tit",)


def test_photos_of_a_settled_label_enter_with_the_next_refresh_and_no_other() -> None:
    world = with_odd_photos()
    refreshed(world, "before")
    assert world.heads.head.snapshot_id == ""
    settler(world)(ODD_ID, "great-tit", "ada")
    refreshed(world)
    assert open_snapshot(world.clean).counts["great-tit"].total == 4
    assert world.labels.find(ODD_ID).is_applied
    head = world.heads.head.snapshot_id
    refreshed(world, "again")
    assert world.heads.head.snapshot_id == head


def test_later_imports_heed_the_decision() -> None:
    world = with_odd_photos()
    settler(world)(ODD_ID, "great-tit", "ada")
    report = importer(world)("kaggle", [photo(ODD, 77)])
    assert (report.taken, report.unresolved) == (1, {})
    assert importer(world)("other-set", [photo(ODD, 78)]).unresolved == {ODD: ("great-tit",)}


def test_photos_of_a_label_left_out_are_kept_and_never_enter() -> None:
    world = with_odd_photos()
    settler(world)(ODD_ID, None, "ada")
    refreshed(world)
    assert {record.reason for record in world.photos.records.values()} == {LEFT_OUT}
    assert {record.state for record in world.photos.records.values()} == {PhotoState.REFUSED}
    assert len(world.raw.stored) == 4
    assert importer(world)("kaggle", [photo(ODD, 77)]).left_out == {ODD: 1}


def test_a_label_left_out_by_mistake_can_be_given_a_species() -> None:
    world = with_odd_photos()
    settler(world)(ODD_ID, None, "ada")
    refreshed(world, "one")
    settler(world)(ODD_ID, "great-tit", "ada")
    refreshed(world, "two")
    assert open_snapshot(world.clean).counts["great-tit"].total == 4


def test_a_label_given_another_species_takes_its_photos_along_and_they_keep_their_splits() -> None:
    world = with_odd_photos()
    settler(world)(ODD_ID, "great-tit", "ada")
    refreshed(world, "one")
    before = {name: row.split for name, row in open_snapshot(world.clean).rows.items()}
    settler(world)(ODD_ID, "pied-avocet", "ada")
    refreshed(world, "two")
    rows = open_snapshot(world.clean).rows
    assert {row.species_id for row in rows.values()} <= {"pied-avocet"}
    assert {name: row.split for name, row in rows.items()} == {name: before[name] for name in rows}


def test_what_a_person_said_of_one_photo_stands() -> None:
    world = with_odd_photos()
    corrected = sorted(world.photos.records)[0]
    CorrectImportedLabel(photos=world.photos, world_list=WORLD_LIST)(corrected, "pied-avocet")
    settler(world)(ODD_ID, "great-tit", "ada")
    refreshed(world)
    assert world.photos.records[corrected].species_id == "pied-avocet"


def test_a_label_in_use_cannot_be_left_out() -> None:
    world = with_odd_photos()
    settler(world)(ODD_ID, "great-tit", "ada")
    with pytest.raises(LabelInUseError):
        settler(world)(ODD_ID, None, "ada")


def test_unknown_labels_and_species_are_refused() -> None:
    world = with_odd_photos()
    with pytest.raises(LabelNotFoundError):
        settler(world)("f" * 32, "great-tit", "ada")
    with pytest.raises(UnknownSpeciesError):
        settler(world)(ODD_ID, "no-such-bird", "ada")


def test_a_refresh_that_dies_while_it_carries_a_decision_out_is_completed_by_the_next() -> None:
    world = with_odd_photos()
    settler(world)(ODD_ID, "great-tit", "ada")
    undisturbed = copy.deepcopy(world)
    refreshed(undisturbed)
    for at in range(1, 16):
        crashed = copy.deepcopy(world)
        with pytest.raises(Crash):
            crashed.refresh("job", Bomb(at), cleaner=clean_photo)
        refreshed(crashed)
        assert crashed.heads.head.snapshot_id == undisturbed.heads.head.snapshot_id


def test_photos_that_came_in_while_their_label_was_settled_are_not_forgotten() -> None:
    world = with_odd_photos()

    def photos():
        yield photo(ODD, 50)
        settler(world)(ODD_ID, "great-tit", "ada")
        refreshed(world, "between")
        yield photo(ODD, 51)

    importer(world)("kaggle", photos())
    refreshed(world, "after")
    assert {record.species_id for record in world.photos.records.values()} == {"great-tit"}
