"""What an owner is told of a contribution."""

from dataclasses import replace

import pytest

from avocet.domain.contribution import Feedback, PhotoRecord
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState
from avocet.domain.whereabouts import Stage, Whereabouts, whereabouts_of
from tests.made.bundles import GREEN, RED
from tests.made.memory import START, World
from tests.made.people import CONFIRMED, Said, a_named_photo, answer


def given() -> PhotoRecord:
    world = World()
    return answer(world, a_named_photo(world), CONFIRMED)


def known(**changes: object) -> DatasetPhoto:
    photo = DatasetPhoto("0" * 32, CONTRIBUTION, RED, f"{RED}/x.jpg", taken_revision=1)
    return replace(photo, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("photo", "told"),
    [
        (None, Whereabouts(Stage.RECEIVED)),
        (known(state=PhotoState.WAITING), Whereabouts(Stage.WAITING_FOR_SPECIES)),
        (
            known(state=PhotoState.REVIEW, reason="new-contributor"),
            Whereabouts(Stage.WAITING_FOR_REVIEW, "new-contributor"),
        ),
        (known(state=PhotoState.REVIEW, reason="bridges-splits"), Whereabouts(Stage.SET_ASIDE, "bridges-splits")),
        (known(state=PhotoState.REFUSED, reason="blank-photo"), Whereabouts(Stage.SET_ASIDE, "blank-photo")),
        (
            known(state=PhotoState.IN_DATASET, dataset_species_id=RED, snapshot_id="s"),
            Whereabouts(Stage.IN_DATASET, snapshot_id="s"),
        ),
    ],
)
def test_each_state_has_one_stage(photo, told):
    assert whereabouts_of(given(), photo) == told


def test_whose_photo_is_the_same_is_nobody_s_business():
    place = whereabouts_of(given(), known(state=PhotoState.DUPLICATE, reason=f"same-as {'f' * 32}"))
    assert place == Whereabouts(Stage.SET_ASIDE, "duplicate")


def test_a_new_answer_is_received_until_a_refresh_has_seen_it():
    world = World()
    photo_id = a_named_photo(world)
    answer(world, photo_id, CONFIRMED)
    record = answer(world, photo_id, Said(Feedback.CORRECTED, GREEN))
    assert whereabouts_of(record, known(state=PhotoState.WAITING)).stage is Stage.RECEIVED


def test_a_withdrawn_photo_is_withdrawn_whatever_the_dataset_holds():
    record = replace(given(), withdrawn_at=START)
    assert whereabouts_of(record, known(dataset_species_id=RED)) == Whereabouts(Stage.WITHDRAWN)
