"""Labels of the Kaggle set, and labels nobody has seen yet."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.labels import Resolution, resolve
from avocet.domain.taxonomy import LabelReview
from tests.unit.sample import BIRDS_CSV, needs_sample

REVIEWS = world_list().reviews()
BIRDS = [review for review in REVIEWS if review.species_id is not None]
RIGHT_BY_RULES_AT_LEAST = 515


def by_rules(review: LabelReview) -> Resolution:
    return resolve(review.label, review.scientific_given, world_list(), heed_reviews=False)


def test_the_rules_alone_name_nearly_every_label_as_its_photos_show() -> None:
    wrong = [review.label for review in BIRDS if by_rules(review).species_id != review.species_id]
    assert len(BIRDS) - len(wrong) >= RIGHT_BY_RULES_AT_LEAST, wrong


def test_where_the_rules_are_wrong_the_names_themselves_are() -> None:
    for review in BIRDS:
        if by_rules(review).species_id != review.species_id:
            assert by_rules(review).species_id == review.named_species_id != review.species_id
            assert "the photos show" in review.note


def test_a_review_of_these_very_names_goes_before_the_rules() -> None:
    for review in BIRDS:
        resolution = resolve(review.label, f"  {review.scientific_given.lower()} ", world_list())
        assert (resolution.species_id, resolution.way) == (review.species_id, "review")


def test_a_label_that_comes_alone_is_what_was_decided_about_it() -> None:
    mistyped = resolve("MANDRIN DUCK", "", world_list())
    assert (mistyped.species_id, mistyped.way) == ("mandarin-duck", "review")
    unresolved = [review.label for review in BIRDS if resolve(review.label, "", world_list()).species_id is None]
    assert unresolved == []


def test_a_review_of_other_names_is_not_heeded() -> None:
    resolution = resolve("CHARA DE COLLAR", "Aphelocoma californica", world_list())
    assert (resolution.species_id, resolution.way) == ("california-scrub-jay", "scientific")


def test_no_two_labels_mean_the_same_bird() -> None:
    assert len({review.species_id for review in BIRDS}) == len(BIRDS)


def test_people_are_no_birds() -> None:
    resolution = resolve("LOONEY BIRDS", "", world_list())
    assert resolution.excluded
    assert resolution.species_id is None


@needs_sample
def test_every_label_of_the_sample_has_a_review() -> None:
    with BIRDS_CSV.open(encoding="utf-8") as lines:
        labels = {(row["labels"], row["scientific name"].strip()) for row in csv.DictReader(lines)}
    assert labels == {(review.label, review.scientific_given) for review in BIRDS}


@pytest.mark.parametrize(
    ("label", "scientific", "species_id", "way"),
    [
        ("MALLARD", "ANAS PLATYRHYNCHOS", "mallard", "scientific"),
        ("some duck", " anas platyrhynchos. ", "mallard", "scientific"),
        ("Mallard", "", "mallard", "english"),
        ("AMERICAN AVOCET", "PSITTACULA EUPATRIA", "american-avocet", "english"),
        ("YELLOW HEADED BLACKBIRD", "XANTHOCEPHALUS", "yellow-headed-blackbird", "english"),
        ("ALBATROSS", "DIOMEDEIDAE", "albatrosses", "scientific"),
        ("KIWI", "APTERYX", "kiwis", "scientific"),
        ("BIRD OF PARADISE", "STRELITZIA", "birds-of-paradise", "synonym"),
        ("JACOBIN PIGEON", "COLUMBA LIVIA", "jacobin-pigeon", "english"),
        ("MASKED BOBWHITE", "COLINUS VIRGINIANUS RIDGWAYI", "masked-bobwhite", "scientific"),
        ("a towhee", "PIPILO MACULATUS ARCTICUS", "spotted-towhee", "synonym"),
        ("COOPERS HAWK", "ACCIPITER COOPERII", "coopers-hawk", "english"),
        ("CAPE GANNET X", "SULA CAPENSIS", "cape-gannet", "moved"),
        ("GREATER SWAMP WARBLER X", "ACROCEPHALUS RUFESCEN", "greater-swamp-warbler", "respelled"),
    ],
)
def test_each_rule_has_its_case(label: str, scientific: str, species_id: str, way: str) -> None:
    resolution = resolve(label, scientific, world_list(), heed_reviews=False)
    assert (resolution.species_id, resolution.way) == (species_id, way)


@pytest.mark.parametrize(
    ("label", "scientific"),
    [
        ("", ""),
        ("WARBLER", ""),
        ("TOY CAR", "AUTOMOBILE"),
        ("\U0001f426" * 300, "'; DROP TABLE taxon; --"),
        ("a/../b", "x" * 300),
        ("STARLING", "STRELITZIA"),
    ],
)
def test_what_no_rule_covers_stays_unresolved(label: str, scientific: str) -> None:
    resolution = resolve(label, scientific, world_list())
    assert resolution.species_id is None
    assert resolution.way is None
    assert not resolution.excluded


def test_a_misspelled_label_is_proposed_and_not_taken() -> None:
    resolution = resolve("EMPEROR PENGIN", "", world_list())
    assert resolution.species_id is None
    assert resolution.proposals[0] == "emperor-penguin"


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_label_at_all_gets_an_answer(label: str, scientific: str) -> None:
    resolution = resolve(label, scientific, world_list())
    assert resolution.label == label
    assert resolution.species_id is None or world_list().find(resolution.species_id) is not None
    assert not (resolution.species_id and resolution.proposals)
