"""The stream of the photos table: what an event names, and what can be read again of one that was given up on."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from avocet.adapters.photo_stream import photos_given_up, photos_of

BATCH = {
    "shardId": "shard-1",
    "startSequenceNumber": "100",
    "endSequenceNumber": "104",
    "batchSize": 3,
    "streamArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/photos/stream/2026",
}


def change(number: int, photo_id: str) -> dict[str, Any]:
    return {
        "eventName": "INSERT",
        "dynamodb": {"Keys": {"photo_id": {"S": photo_id}}, "SequenceNumber": str(number)},
    }


class Stream:
    """A shard that never ends, read two records at a time."""

    def __init__(self, *records: dict[str, Any], refusing: str = "") -> None:
        self.records, self.refusing = records, refusing

    def get_shard_iterator(self, **asked: Any) -> dict[str, Any]:
        if self.refusing:
            raise ClientError({"Error": {"Code": self.refusing, "Message": ""}}, "GetShardIterator")
        assert asked["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
        first = int(asked["SequenceNumber"])
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in self.records]
        return {"ShardIterator": str(sum(number < first for number in numbers))}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        place = int(ShardIterator)
        return {"Records": self.records[place : place + 2], "NextShardIterator": str(place + 2)}


def test_an_event_names_its_photos_in_order():
    assert photos_of({"Records": [change(1, "b"), change(2, "a"), {"eventName": "INSERT"}]}) == ["b", "a"]
    assert photos_of({}) == []


def test_what_was_given_up_on_is_read_again_and_nothing_beyond_it():
    stream = Stream(*(change(number, f"photo-{number}") for number in range(98, 110)))
    assert photos_given_up(stream, BATCH) == [f"photo-{number}" for number in range(100, 105)]


def test_a_stream_that_ends_before_is_read_to_its_end():
    assert photos_given_up(Stream(change(100, "a"), change(101, "b")), BATCH) == ["a", "b"]
    assert photos_given_up(Stream(), BATCH) == []


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_what_the_stream_no_longer_has_is_let_go(code):
    assert photos_given_up(Stream(refusing=code), BATCH) == []


def test_an_outage_is_not_taken_for_the_end():
    with pytest.raises(ClientError):
        photos_given_up(Stream(refusing="ThrottlingException"), BATCH)
