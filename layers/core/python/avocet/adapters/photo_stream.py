"""The stream of changes of the photos table, which names photos and tells nothing of them; refuses no event of another shape.

What was given up on is not in a dead letter, only where in the stream it was; for a day it can be read there again.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from botocore.exceptions import ClientError

from avocet.observability import log

_GONE = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException", "ExpiredIteratorException"})


class Streams(Protocol):
    """What is used of the client."""

    def get_shard_iterator(self, **asked: Any) -> Any:
        """Say where to read."""

    def get_records(self, **asked: Any) -> Any:
        """Read on from there."""


def photos_of(event: Mapping[str, Any]) -> list[str]:
    """Return the ids that the changes of an event are about, in their order."""
    return _ids_in(event.get("Records", ()))


def photos_given_up(streams: Streams, batch: Mapping[str, Any]) -> list[str]:
    """Return the ids of a batch that was given up on, as far as the stream still has it.

    Args:
        streams: The client.
        batch: ``DDBStreamBatchInfo``, as the dead letter says it.
    """
    last = int(batch["endSequenceNumber"])
    try:
        return _ids_in(record for record in _read(streams, batch) if int(record["dynamodb"]["SequenceNumber"]) <= last)
    except ClientError as error:
        response: Any = error.response
        if response.get("Error", {}).get("Code") not in _GONE:
            raise
        # A sample that is a little smaller is no loss to anybody.
        log("stream_no_longer_there", level="WARNING", reason=type(error).__name__)
        return []


def _read(streams: Streams, batch: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    place = streams.get_shard_iterator(
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    ).get("ShardIterator")
    last = int(batch["endSequenceNumber"])
    while place:
        got = streams.get_records(ShardIterator=place)
        yield from got["Records"]
        # An open shard never ends; nothing at all means that what is left was read.
        if not got["Records"] or int(got["Records"][-1]["dynamodb"]["SequenceNumber"]) >= last:
            return
        place = got.get("NextShardIterator")


def _ids_in(records: Any) -> list[str]:
    keys = (record.get("dynamodb", {}).get("Keys", {}) for record in records)
    return [str(key["photo_id"]["S"]) for key in keys if "S" in key.get("photo_id", {})]
