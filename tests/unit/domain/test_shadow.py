"""Two answers side by side, as counts: what is added up, and what is never claimed."""

from datetime import timedelta

import pytest

from avocet.domain.contribution import PhotoRecord
from avocet.domain.prediction import Prediction, ScoredSpecies
from avocet.domain.shadow import (
    Sample,
    compared,
    counts_of,
    disputed,
    figures_of,
    may_be_scored,
    name_counts_of,
    species_counts_of,
)
from infra.environments import Environment
from tests.made.bundles import BLUE, GREEN, RED
from tests.made.events import ALICE
from tests.made.memory import START


def said(version: str, *ranked: tuple[str, float], unfamiliar: bool = False) -> Prediction:
    return Prediction(version, tuple(ScoredSpecies(*each) for each in ranked), None, unfamiliar)


def both(told: Prediction, shadow: Prediction, photo_id: str = "a" * 32):
    return compared(PhotoRecord(photo_id, ALICE, START, prediction=told), shadow, challenger_ms=12.5)


AGREED = both(said("c", (RED, 0.9), (GREEN, 0.1)), said("x", (RED, 0.7), (BLUE, 0.2)))
DISPUTED = both(said("c", (RED, 0.6), (GREEN, 0.3)), said("x", (GREEN, 0.8), (RED, 0.1), unfamiliar=True))
FAR_OFF = both(said("c", (RED, 0.4), unfamiliar=True), said("x", (BLUE, 0.5), (GREEN, 0.4), unfamiliar=True))


def summed(*counts: dict[str, int]) -> dict[str, int]:
    return {name: sum(each.get(name, 0) for each in counts) for name in {name for each in counts for name in each}}


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 1 / 3, 0.5, 1.0])
def test_the_sample_is_as_large_as_asked_and_the_same_ones_however_often_asked(share):
    sample = Sample(Environment(name="x", shadow_share=share).shadow_sample)
    ids = [f"{number:02x}" + "0" * 30 for number in range(256)]
    chosen = [photo_id for photo_id in ids if sample.holds(photo_id)]
    assert len(chosen) == round(share * 256)
    assert sample.share == pytest.approx(len(chosen) / 256)
    assert chosen == [photo_id for photo_id in ids if sample.holds(photo_id)]
    assert Sample.of(",".join(sample.beginnings)) == sample


def test_a_larger_share_keeps_whoever_was_in_a_smaller_one():
    small, large = (Sample(Environment(name="x", shadow_share=share).shadow_sample) for share in (0.1, 0.3))
    ids = [f"{number:02x}" + "0" * 30 for number in range(256)]
    assert {each for each in ids if small.holds(each)} < {each for each in ids if large.holds(each)}


def test_nothing_but_photos_is_ever_in_the_sample():
    sample = Sample(Environment(name="x", shadow_share=1.0).shadow_sample)
    assert not any(sample.holds(key) for key in ("#tally#0", "#shadow#pair#a#b", "#live#v#2026-11-23"))


def test_agreement_comes_with_its_interval_and_confidence_on_either_side_of_it():
    figures = figures_of(summed(*map(counts_of, (AGREED, DISPUTED, FAR_OFF))))
    assert (figures.photos, figures.agreement.trials) == (3, 3)
    assert figures.agreement.value == pytest.approx(1 / 3)
    # Wilson's interval of 1 in 3.
    assert (figures.agreement.low, figures.agreement.high) == pytest.approx((0.0615, 0.7923), abs=1e-3)
    assert figures.in_three.value == pytest.approx(2 / 3)
    assert (figures.same.champion, figures.same.challenger) == pytest.approx((0.9, 0.7))
    assert (figures.other.champion, figures.other.challenger) == pytest.approx((0.5, 0.65))
    assert (figures.unfamiliar_champion, figures.unfamiliar_challenger, figures.unfamiliar_both) == (1, 2, 1)
    assert figures.challenger_ms == pytest.approx(12.5)


def test_without_a_photo_nothing_is_claimed():
    figures = figures_of({})
    assert (figures.photos, figures.named) == (0, 0)
    assert (figures.agreement.low, figures.agreement.high) == (0.0, 1.0)
    assert (figures.same.champion, figures.other.challenger, figures.challenger_ms) == (None, None, None)


def test_a_name_counts_for_whoever_had_said_it():
    counts = summed(name_counts_of(AGREED, RED), name_counts_of(DISPUTED, GREEN), name_counts_of(FAR_OFF, GREEN))
    figures = figures_of(counts)
    assert figures.named == 3
    assert figures.champion_right.value == pytest.approx(1 / 3)
    assert figures.challenger_right.value == pytest.approx(2 / 3)
    assert (figures.only_champion_right, figures.only_challenger_right) == (0, 1)


def test_the_species_disputed_most_come_first_with_what_is_said_instead():
    by_species = {
        RED: summed(*map(species_counts_of, (AGREED, DISPUTED, FAR_OFF, DISPUTED))),
        GREEN: {"photos": 10, "other": 1, f"to#{BLUE}": 1},
        BLUE: {"photos": 5},
    }
    first, second = disputed(by_species)
    assert (first.species_id, first.photos, first.other, first.instead, first.instead_photos) == (RED, 4, 3, GREEN, 2)
    assert second.species_id == GREEN


def test_a_version_is_not_compared_with_itself():
    with pytest.raises(ValueError, match="another version"):
        both(said("c", (RED, 0.9)), said("c", (RED, 0.9)))


def test_a_photo_whose_day_is_over_is_left_alone():
    record = PhotoRecord("a" * 32, ALICE, START, prediction=said("c", (RED, 0.9)))
    assert may_be_scored(record, START + timedelta(hours=23))
    assert not may_be_scored(record, START + timedelta(hours=24))
    assert not may_be_scored(PhotoRecord("a" * 32, ALICE, START), START)
