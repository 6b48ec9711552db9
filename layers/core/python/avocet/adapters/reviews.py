"""Reviews and the audit trail in the dataset table: what counts and the note of it are saved in one step.

Beside the trail, ``begun#`` remembers of each account what was noted of it and is yet to be done.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from avocet.adapters.dataset_records import read_many
from avocet.domain.dataset import PhotoState
from avocet.domain.review import Action, Claim, Decision, Review, Undo, Vote
from avocet.settings import DATASET_BY_STATE_INDEX
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.review_ports import AuditEntry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_REVIEW = "review#"
_PHOTO = "photo#"
_AUDIT = "audit#"
_AUDITED = "audit"
_BEGUN = "begun#"
_ENDED = ""

Item = dict[str, Any]


@dataclass(frozen=True)
class DynamoReviews:
    """The items that begin with ``review#``, ``audit#`` and ``begun#``."""

    client: "DynamoDBClient"
    table: str

    def find_many(self, photo_ids: Sequence[str]) -> Mapping[str, Review]:
        """Return the reviews that exist, by photo."""
        found = map(_review_of, read_many(self.client, self.table, [_REVIEW + each for each in photo_ids]))
        return {review.photo_id: review for review in found}

    def save(self, review: Review, entry: AuditEntry | None = None) -> Review:
        """Replace the review of that version, and note the entry, in one step; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """
        saved = replace(review, version=review.version + 1)
        put = {
            "TableName": self.table,
            "Item": {
                "key": {"S": _REVIEW + saved.photo_id},
                "version": {"N": str(saved.version)},
                "record": {"S": json.dumps(asdict(saved), default=_plain)},
            },
            "ConditionExpression": "attribute_not_exists(#key) OR version = :read",
            "ExpressionAttributeNames": {"#key": "key"},
            "ExpressionAttributeValues": {":read": {"N": str(review.version)}},
        }
        steps: list[Any] = [{"Put": put}]
        if entry is not None:
            steps.append({"Put": {"TableName": self.table, "Item": _entry_item(entry)}})
        try:
            self.client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") not in {
                "TransactionCanceledException",
                "TransactionConflictException",
            }:
                raise
            raise StaleRecordError(review.photo_id) from error
        return saved

    def set_aside(self) -> Iterator[str]:
        """Yield the ids of photos that wait for a review; may lag a little."""
        for page in self._pages(PhotoState.REVIEW, oldest_first=True):
            for item in page["Items"]:
                yield item["key"]["S"].removeprefix(_PHOTO)

    def note(self, entry: AuditEntry) -> None:
        """Keep an entry."""
        self.client.put_item(TableName=self.table, Item=_entry_item(entry))

    def is_begun(self, entry: AuditEntry) -> bool:
        """Whether the same was noted of the same subject, by the same person, and has not ended."""
        found = list(read_many(self.client, self.table, [_BEGUN + entry.subject_id]))
        return bool(found) and found[0]["record"]["S"] == _wish(entry)

    def begin(self, entry: AuditEntry) -> None:
        """Keep an entry of what is about to be done, and that it is not done yet, in one step."""
        items = (_entry_item(entry), _begun_item(entry.subject_id, _wish(entry)))
        self.client.transact_write_items(
            TransactItems=[{"Put": {"TableName": self.table, "Item": item}} for item in items]
        )

    def end(self, subject_id: str) -> None:
        """Note that what was begun with the subject is done."""
        # Overwritten, not deleted: whoever changes accounts need not be able to delete anything here.
        self.client.put_item(TableName=self.table, Item=_begun_item(subject_id, _ENDED))

    def newest(self, limit: int) -> Sequence[AuditEntry]:
        """Return the newest entries, the newest first; the list may lag a little."""
        keys: list[str] = []
        for page in self._pages(_AUDITED, oldest_first=False):
            keys += [item["key"]["S"] for item in page["Items"]]
            if len(keys) >= limit:
                break
        items = {item["key"]["S"]: item for item in read_many(self.client, self.table, keys[:limit])}
        return [_entry_of(items[key]) for key in keys[:limit] if key in items]

    def _pages(self, listed_as: str, *, oldest_first: bool) -> Iterator[Any]:
        pages: Iterator[Any] = iter(
            self.client.get_paginator("query").paginate(
                TableName=self.table,
                IndexName=DATASET_BY_STATE_INDEX,
                KeyConditionExpression="listed_as = :listed",
                ExpressionAttributeValues={":listed": {"S": listed_as}},
                ScanIndexForward=oldest_first,
            )
        )
        return pages


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _review_of(item: Mapping[str, Any]) -> Review:
    values = json.loads(item["record"]["S"])
    claim, undo = values["claim"], values.get("undo")
    return Review(
        photo_id=values["photo_id"],
        revision=values["revision"],
        claim=Claim(claim["reviewer_id"], datetime.fromisoformat(claim["until"])) if claim else None,
        votes=tuple(Vote(**{**vote, "action": Action(vote["action"])}) for vote in values["votes"]),
        decision=_decision_of(values["decision"]),
        undo=Undo(undo["reviewer_id"], _decision_of(undo["decision"])) if undo else None,
        version=int(item["version"]["N"]),
    )


def _decision_of(values: Mapping[str, Any] | None) -> Decision | None:
    return Decision(**{**values, "action": Action(values["action"])}) if values else None


def _entry_item(entry: AuditEntry) -> Item:
    # Time first, so that the index lists them as they came; something of chance last, so that none hides another.
    key = f"{_AUDIT}{entry.at.astimezone(UTC).isoformat(timespec='microseconds')}#{uuid4().hex}"
    record = {**asdict(entry), "facts": dict(entry.facts)}
    return {
        "key": {"S": key},
        "listed_as": {"S": _AUDITED},
        "record": {"S": json.dumps(record, default=_plain, ensure_ascii=False)},
    }


def _wish(entry: AuditEntry) -> str:
    return json.dumps([entry.actor_id, entry.action, dict(entry.facts)], sort_keys=True)


def _begun_item(subject_id: str, wish: str) -> Item:
    return {"key": {"S": _BEGUN + subject_id}, "record": {"S": wish}}


def _entry_of(item: Mapping[str, Any]) -> AuditEntry:
    values = json.loads(item["record"]["S"])
    return AuditEntry(**{**values, "at": datetime.fromisoformat(values["at"])})
