"""Trust: earned, bounded, lost."""

from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.trust import (
    KEPT_JUDGEMENTS,
    PHOTOS_PER_SPECIES,
    SPOT_CHECK,
    SPOT_CHECK_EVERY,
    Judgement,
    NewLabel,
    Standing,
    TrustRecord,
    held_back,
)


def photo(number: int) -> str:
    return f"{number:032x}"


def proven(photos: int, species: int) -> TrustRecord:
    return TrustRecord(tuple(Judgement(photo(n), f"species-{n % species}", True) for n in range(photos)))


def test_ten_photos_of_five_species_earn_trust_and_fewer_of_either_do_not():
    assert proven(10, 5).is_trusted
    assert not proven(9, 5).is_trusted
    assert not proven(100, 4).is_trusted


def test_the_third_mistake_of_late_loses_it_and_being_right_again_wins_it_back():
    record = proven(50, 5)
    for number in range(1000, 1003):
        assert record.is_trusted
        record = record.with_judgement(Judgement(photo(number), "species-0", False))
    assert not record.is_trusted
    for number in range(2000, 2020):
        record = record.with_judgement(Judgement(photo(number), "species-0", True))
    assert record.is_trusted


def test_whoever_is_mostly_wrong_of_late_is_doubtful_and_never_trusted():
    record = TrustRecord(tuple(Judgement(photo(number), "species-0", False) for number in range(3)))
    assert record.standing is Standing.DOUBTFUL
    assert proven(9, 5).standing is Standing.EARNING
    assert proven(10, 5).standing is Standing.TRUSTED


def test_a_judgement_taken_back_leaves_no_trace():
    record = proven(10, 5)
    judged = record.with_judgement(Judgement(photo(99), "species-9", False))
    assert judged.without(photo(99)) == record


def test_what_enters_on_trust_alone_is_bounded_by_what_was_proven():
    labels = [NewLabel(photo(number), "expert") for number in range(1, 1000)]
    held = held_back(labels, {"expert": proven(10, 5)})
    assert len(labels) - len(held) == 5 * PHOTOS_PER_SPECIES


def test_one_in_ten_is_looked_at_all_the_same():
    labels = [NewLabel(photo(number), "expert") for number in range(1, 101)]
    held = held_back(labels, {"expert": proven(100, 50)})
    assert list(held.values()) == [SPOT_CHECK] * (100 // SPOT_CHECK_EVERY)


LABELS = st.lists(
    st.builds(
        NewLabel,
        st.integers(0, 500).map(photo),
        st.sampled_from(["new", "expert", "fallen"]),
        is_agreed=st.booleans(),
        is_correction=st.booleans(),
    ),
    unique_by=lambda label: label.photo_id,
    max_size=60,
)
RECORDS = {
    "expert": proven(10, 5),
    "fallen": TrustRecord((*proven(20, 5).judgements, *(Judgement(photo(900 + n), "x", False) for n in range(3)))),
}


@given(LABELS, st.randoms())
def test_the_order_does_not_matter_and_nobody_unproven_enters_alone(labels, chance):
    held = held_back(labels, RECORDS)
    shuffled = labels[:]
    chance.shuffle(shuffled)
    assert held_back(shuffled, RECORDS) == held
    for label in labels:
        assert not (label.is_agreed and label.photo_id in held)
        if label.owner_id != "expert" and not label.is_agreed:
            assert label.photo_id in held


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=500))
def test_a_record_stays_small(judged):
    record = TrustRecord()
    for number, was_right in judged:
        record = record.with_judgement(Judgement(photo(number), f"species-{number % 7}", was_right))
    assert len(record.judgements) <= KEPT_JUDGEMENTS
    assert len({each.photo_id for each in record.judgements}) == len(record.judgements)
