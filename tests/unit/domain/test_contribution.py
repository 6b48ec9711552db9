"""The photo record and its names in storage; its steps are tried in the use case's tests."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.contribution import (
    Answer,
    Contribution,
    Feedback,
    PhotoRecord,
    is_photo_id,
    raw_key,
    without_photo,
)
from avocet.domain.prediction import Prediction, ScoredSpecies
from avocet.domain.terms import Consent

PHOTO_ID = "0123456789abcdef0123456789abcdef"


def test_a_photo_lies_under_its_species_or_under_unknown():
    assert raw_key(PHOTO_ID, "pied-avocet") == f"pied-avocet/{PHOTO_ID}.jpg"
    assert raw_key(PHOTO_ID, None) == f"unknown/{PHOTO_ID}.jpg"


@pytest.mark.parametrize("species_id", ["", "../x", "a/b", "A-b", "a--b", "-a", "a-", "é", "a b", "a\n", "unknown"])
def test_no_text_but_an_id_of_ours_becomes_a_path(species_id):
    with pytest.raises(ValueError):
        raw_key(PHOTO_ID, species_id)


@given(st.text(max_size=40))
def test_only_32_hexadecimal_digits_are_a_photo_id(text):
    ours = len(text) == 32 and set(text) <= set("0123456789abcdef")
    assert is_photo_id(text) is ours
    if not ours:
        with pytest.raises(ValueError):
            raw_key(text, "pied-avocet")


def test_of_a_withdrawn_photo_nothing_is_kept_that_says_what_it_looks_like():
    now, key = datetime(2026, 11, 25, tzinfo=UTC), raw_key(PHOTO_ID, "pied-avocet")
    answer, consent = Answer(Feedback.CONFIRMED, "pied-avocet"), Consent("2026-11", "CC-BY-4.0")
    given = Contribution(answer, now, consent, 1, key, (key,), key, finished=True)
    named = Prediction("starter-1", (ScoredSpecies("pied-avocet", 0.9),), None, False, bytes(range(128)))
    left = without_photo(PhotoRecord(PHOTO_ID, "alice", now, prediction=named, contribution=given, withdrawn_at=now))
    assert left.contribution is not None
    assert left.contribution.stored_key is None
    assert left.prediction is not None
    assert (left.prediction.model_version, left.prediction.sketch) == ("starter-1", b"")
