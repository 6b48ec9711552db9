"""Records in DynamoDB: everything comes back, and nobody overwrites what they have not read."""

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from avocet.adapters.dynamodb import DynamoChampionPointer, DynamoPeople, DynamoPhotoRecords
from avocet.domain.contribution import Answer, Feedback, PhotoRecord, with_finish, with_intent
from avocet.domain.prediction import CoarserGuess, Prediction, ScoredSpecies
from avocet.domain.terms import AcceptedTerms, Consent
from avocet.usecases.ports import StaleRecordError, Tally
from tests.made.memory import START

PHOTO_ID = "a" * 32
PREDICTION = Prediction(
    "starter-1",
    (ScoredSpecies("pied-avocet", 0.512345), ScoredSpecies("eurasian-coot", 0.3), ScoredSpecies("house-sparrow", 0.1)),
    CoarserGuess("family", "Recurvirostridae", 0.8),
    unfamiliar=False,
    sketch=bytes([0, 255, 7]),
)
NAMED = PhotoRecord(PHOTO_ID, "alice", START, original_tag='"etag"', prediction=PREDICTION)
CONSENT = Consent("2026-11", "CC-BY-4.0")
LEASE = timedelta(seconds=60)


@pytest.fixture
def records(cloud) -> DynamoPhotoRecords:
    return DynamoPhotoRecords(cloud.dynamodb, "photos")


def intent(record: PhotoRecord, species_id: str | None = "eurasian-coot", *, token: str = "t1") -> PhotoRecord:
    feedback = Feedback.CORRECTED if species_id else Feedback.UNKNOWN
    return with_intent(record, Answer(feedback, species_id), CONSENT, token=token, now=START, lease=LEASE)


def test_a_record_comes_back_as_it_was_saved(records):
    assert records.find(PHOTO_ID) is None
    record = records.add(NAMED)
    assert records.find(PHOTO_ID) == record
    record = records.save(intent(record))
    assert records.find(PHOTO_ID) == record
    record = records.save(with_finish(record, token="t1"))
    assert records.find(PHOTO_ID) == record
    record = records.save(intent(record, None, token="t2"))
    assert records.find(PHOTO_ID) == record
    record = records.save(replace(record, snapshot_id="s1", contribution=None))
    assert records.find(PHOTO_ID) == record


def test_an_upload_without_a_prediction_comes_back_too(records):
    record = records.add(PhotoRecord(PHOTO_ID, "alice", START))
    assert records.find(PHOTO_ID) == record


def test_who_read_an_older_version_cannot_save(records):
    record = records.add(NAMED)
    records.save(intent(record, token="faster"))
    with pytest.raises(StaleRecordError):
        records.save(intent(record, token="slower"))


def test_an_id_is_given_once(records):
    records.add(NAMED)
    with pytest.raises(StaleRecordError):
        records.add(replace(NAMED, owner_id="bob"))


def test_a_write_that_was_sent_twice_because_its_answer_got_lost_is_no_conflict(records):
    record = records.add(NAMED)
    assert records.add(NAMED) == record
    once = records.save(intent(record))
    assert records.save(intent(record)) == once


def test_attributes_that_others_wrote_stay(records, cloud):
    record = records.add(NAMED)
    cloud.dynamodb.update_item(
        TableName="photos",
        Key={"photo_id": {"S": PHOTO_ID}},
        UpdateExpression="SET phash = :hash",
        ExpressionAttributeValues={":hash": {"S": "ffee"}},
    )
    records.save(intent(record))
    assert cloud.item(PHOTO_ID)["phash"] == {"S": "ffee"}


def test_only_open_intents_are_listed_the_longest_idle_first(records):
    ids = [digit * 32 for digit in "cab"]
    for age, photo_id in enumerate(ids):
        record = records.add(replace(NAMED, photo_id=photo_id))
        now = START - timedelta(minutes=age)
        answer = Answer(Feedback.UNKNOWN, None)
        records.save(with_intent(record, answer, CONSENT, token="t", now=now, lease=LEASE))
    records.add(NAMED if NAMED.photo_id not in ids else replace(NAMED, photo_id="d" * 32))
    assert list(records.open_intents()) == list(reversed(ids))
    records.save(with_finish(records.find(ids[0]), token="t"))
    assert list(records.open_intents()) == [ids[2], ids[1]]


def test_a_record_with_feedback_is_never_purged(records, cloud):
    record = records.add(NAMED)
    purge_at = int(cloud.item(PHOTO_ID)["purge_at"]["N"])
    assert purge_at == int((START + timedelta(hours=48)).timestamp())
    records.save(intent(record))
    assert "purge_at" not in cloud.item(PHOTO_ID)


def test_a_count_goes_with_its_save_or_not_at_all(records):
    record = records.add(NAMED)
    saved = records.save(intent(record), Tally({"contributions": 1}))
    assert records.find(PHOTO_ID) == saved
    with pytest.raises(StaleRecordError):
        records.save(intent(record, token="slower"), Tally({"contributions": 1}))
    assert records.tallies() == {"contributions": 1}


def test_counts_add_up_over_all_photos(records):
    for digit in "0123456789abcdef":
        record = records.add(replace(NAMED, photo_id=digit * 32))
        records.save(record, Tally({"contributions": 2}))
    assert records.tallies() == {"contributions": 32}


def test_a_fault_of_the_store_is_not_taken_for_a_conflict(cloud):
    nowhere = DynamoPhotoRecords(cloud.dynamodb, "no-such-table")
    with pytest.raises(ClientError):
        nowhere.add(NAMED)


def test_the_first_acceptance_of_a_version_is_kept(cloud):
    people = DynamoPeople(cloud.dynamodb, "people")
    assert people.find("alice") is None
    first = AcceptedTerms("alice", CONSENT, START)
    people.record(first)
    people.record(AcceptedTerms("alice", CONSENT, START + timedelta(days=1)))
    assert people.find("alice") == first
    renewed = AcceptedTerms("alice", Consent("2027-01", "CC0-1.0"), START + timedelta(days=60))
    people.record(renewed)
    assert people.find("alice") == renewed


def test_the_pointer_names_the_champion(cloud):
    pointer = DynamoChampionPointer(cloud.dynamodb, "models")
    assert pointer.read() is None
    cloud.point_to("starter-2")
    assert pointer.read() == "starter-2"
