"""What scores are said to mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.scoring import ModelLabels, Scores, Thresholds, interpret
from tests.made.memory import taxon

SPECIES = ("a-one", "a-two", "b-one", "b-two", "c-alone", "some-family")
TAXA = (
    taxon("a-one", genus="Alpha", family="Alphidae"),
    taxon("a-two", genus="Alpha", family="Alphidae"),
    taxon("b-one", genus="Beta", family="Alphidae"),
    taxon("b-two", genus="Beta", family="Alphidae"),
    taxon("c-alone", genus="Gamma", family="Gammidae"),
    taxon("some-family", genus=None, family="Gammidae", rank="family"),
)
LABELS = ModelLabels.of(SPECIES, TAXA)
THRESHOLDS = Thresholds(sure_min_score=0.6, coarser_min_score=0.7, familiarity_min=0.25)


def said_of(*probabilities: float, familiarity: float = 1.0):
    scores = Scores(np.array(probabilities, np.float32), familiarity)
    return interpret(scores, labels=LABELS, thresholds=THRESHOLDS, model_version="v")


def test_the_three_likeliest_come_best_first():
    said = said_of(0.05, 0.7, 0.1, 0.02, 0.03, 0.1)
    assert [(one.species_id, round(one.score, 3)) for one in said.ranked] == [
        ("a-two", 0.7),
        ("b-one", 0.1),
        ("some-family", 0.1),
    ]
    assert said.first.species_id == "a-two"


def test_a_sure_species_needs_no_coarser_guess():
    assert said_of(0.6, 0.3, 0.1, 0, 0, 0).coarser is None


def test_two_species_of_a_genus_make_the_genus_sure():
    coarser = said_of(0.5, 0.4, 0.1, 0, 0, 0).coarser
    assert (coarser.rank, coarser.name, coarser.score) == ("genus", "Alpha", pytest.approx(0.9))


def test_a_family_is_named_where_no_genus_is_sure():
    coarser = said_of(0.3, 0.2, 0.25, 0.2, 0.05, 0).coarser
    assert (coarser.rank, coarser.name, coarser.score) == ("family", "Alphidae", pytest.approx(0.95))


def test_a_label_that_is_a_family_counts_for_its_family_alone():
    coarser = said_of(0.1, 0, 0.1, 0, 0.35, 0.45).coarser
    assert (coarser.rank, coarser.name, coarser.score) == ("family", "Gammidae", pytest.approx(0.8))


def test_nothing_coarser_is_offered_where_nothing_is_sure():
    assert said_of(0.2, 0.1, 0.2, 0.1, 0.2, 0.2).coarser is None


def test_what_the_model_does_not_know_gets_no_coarser_guess():
    said = said_of(0.5, 0.4, 0.1, 0, 0, 0, familiarity=0.2499)
    assert said.unfamiliar is True
    assert said.coarser is None
    assert said_of(0.5, 0.4, 0.1, 0, 0, 0, familiarity=0.25).unfamiliar is False


def test_a_model_of_two_species_gives_two_answers():
    labels = ModelLabels.of(SPECIES[:2], TAXA[:2])
    scores = Scores(np.array([0.25, 0.75], np.float32), 1.0)
    said = interpret(scores, labels=labels, thresholds=THRESHOLDS, model_version="v")
    assert [one.species_id for one in said.ranked] == ["a-two", "a-one"]


def test_a_label_that_the_world_list_does_not_hold_is_still_ranked():
    labels = ModelLabels.of(("a-one", "new-to-science"), (TAXA[0], None))
    scores = Scores(np.array([0.45, 0.55], np.float32), 1.0)
    said = interpret(scores, labels=labels, thresholds=THRESHOLDS, model_version="v")
    assert said.first.species_id == "new-to-science"
    assert said.coarser is None


@given(st.lists(st.floats(0, 1, width=32), min_size=6, max_size=6).filter(lambda values: sum(values) > 0))
def test_any_scores_make_an_answer_whose_parts_agree(values):
    probabilities = np.array(values, np.float32) / np.float32(sum(values))
    said = said_of(*probabilities)
    scores = [one.score for one in said.ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert said.first.score == pytest.approx(float(probabilities.max()), abs=1e-6)
    if said.coarser:
        assert THRESHOLDS.coarser_min_score - 1e-6 <= said.coarser.score <= 1
        assert said.first.score < THRESHOLDS.sure_min_score
