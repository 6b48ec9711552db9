"""The dataset table: a record for each photo and species, and the head that moves when a snapshot becomes current.

Every item has the partition key ``key``. What the code needs to find again stands in attributes of its own; the record
itself is JSON, whose meaning is said by the domain classes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.dataset import DatasetPhoto, PhotoState, SpeciesStanding, Split, SplitCounts
from avocet.domain.jobs import FencedOutError
from avocet.domain.label_cases import label_id_of
from avocet.settings import DATASET_BY_LABEL_INDEX, DATASET_BY_STATE_INDEX
from avocet.usecases.dataset_ports import Head
from avocet.usecases.ports import StaleRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

HEAD_KEY = "head"
_PHOTO = "photo#"
_SPECIES = "species#"
_BATCH_READS = 100
# A transaction takes a hundred items, the look at the head among them.
_TRANSACTION_PUTS = 99
_TRANSACTION_ATTEMPTS = 10
_FRESH = "fresh"
# States somebody may ask to see listed; photos in the dataset are listed by its snapshots.
_LISTED = frozenset({PhotoState.REVIEW, PhotoState.UNRESOLVED, PhotoState.REFUSED, PhotoState.DUPLICATE})

Item = dict[str, Any]


@dataclass(frozen=True)
class DynamoDatasetPhotos:
    """What the dataset knows of each photo."""

    client: "DynamoDBClient"
    table: str

    def find(self, photo_id: str) -> DatasetPhoto | None:
        """Return the record as last saved."""
        got = self.client.get_item(TableName=self.table, Key={"key": {"S": _PHOTO + photo_id}}, ConsistentRead=True)
        return _photo_from(got["Item"]) if "Item" in got else None

    def find_many(self, photo_ids: Sequence[str]) -> Mapping[str, DatasetPhoto]:
        """Return the records that exist, by id."""
        items = read_many(self.client, self.table, [_PHOTO + photo_id for photo_id in photo_ids])
        return {photo.photo_id: photo for photo in map(_photo_from, items)}

    def save(self, photo: DatasetPhoto) -> DatasetPhoto:
        """Add (version 0) or replace the record of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """
        saved = replace(photo, version=photo.version + 1)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(#key)"}
        names = {"#key": "key"}
        if photo.version:
            condition = {
                "ConditionExpression": "#version = :read",
                "ExpressionAttributeValues": {":read": {"N": str(photo.version)}},
            }
            names = {"#version": "version"}
        try:
            self.client.put_item(
                TableName=self.table, Item=_photo_item(saved), ExpressionAttributeNames=names, **condition
            )
        except ClientError as error:
            if not _is_refused(error):
                raise
            # A write whose answer got lost is sent again by the client and meets itself.
            if self.find(photo.photo_id) != saved:
                raise StaleRecordError(photo.photo_id) from error
        return saved

    def delete(self, photo_id: str) -> None:
        """Remove the record, if there is one."""
        self.client.delete_item(TableName=self.table, Key={"key": {"S": _PHOTO + photo_id}})

    def fresh(self) -> Iterator[DatasetPhoto]:
        """Yield imported photos that a refresh has yet to act on; may lag a little."""
        for photo_ids in self._listed_in_batches(_FRESH):
            for photo in self.find_many(photo_ids).values():
                if photo.is_fresh:
                    yield photo

    def waiting(self, species_id: str) -> Sequence[str]:
        """Return the ids of the photos that wait for a species' gate, in order."""
        return sorted(self.listed(f"{PhotoState.WAITING}#{species_id}"))

    def listed(self, state: str) -> Iterator[str]:
        """Yield the ids of the photos in a state that is listed; may lag a little."""
        for photo_ids in self._listed_in_batches(state):
            yield from photo_ids

    def labelled(self, label_id: str) -> Sequence[str]:
        """Return the ids of the imported photos that came under a label, in order; may lag a little."""
        pages = self.client.get_paginator("query").paginate(**self._of_label(label_id))
        return [item["key"]["S"].removeprefix(_PHOTO) for page in pages for item in page["Items"]]

    def count_labelled(self, label_id: str) -> int:
        """Return how many imported photos came under a label; may lag a little."""
        pages = self.client.get_paginator("query").paginate(**self._of_label(label_id), Select="COUNT")
        return sum(page["Count"] for page in pages)

    def _of_label(self, label_id: str) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "IndexName": DATASET_BY_LABEL_INDEX,
            "KeyConditionExpression": "label_id = :label",
            "ExpressionAttributeValues": {":label": {"S": label_id}},
        }

    def _listed_in_batches(self, listed_as: str) -> Iterator[list[str]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=DATASET_BY_STATE_INDEX,
            KeyConditionExpression="listed_as = :listed",
            ExpressionAttributeValues={":listed": {"S": listed_as}},
        )
        for page in pages:
            yield [item["key"]["S"].removeprefix(_PHOTO) for item in page["Items"]]


@dataclass(frozen=True)
class DynamoHeads:
    """The head item."""

    client: "DynamoDBClient"
    table: str

    def read(self) -> Head:
        """Return the head; the empty one before the first."""
        got = self.client.get_item(TableName=self.table, Key={"key": {"S": HEAD_KEY}}, ConsistentRead=True)
        return _head_from(got.get("Item") or {})

    def claim(self, fence: int) -> Head:
        """Make ``fence`` the writer's token and return the head.

        Raises:
            FencedOutError: A newer token was seen.
        """
        return _head_from(self._update(fence, "SET fence = :fence", {}))

    def move(self, head: Head) -> None:
        """Replace the head in one step, as the writer with ``head.fence``.

        Raises:
            FencedOutError: A newer token was seen.
        """
        record = {**asdict(head), "result": dict(head.result), "sources": dict(head.sources)}
        self._update(head.fence, "SET fence = :fence, #record = :record", {":record": {"S": json.dumps(record)}})

    def _update(self, fence: int, expression: str, values: Item) -> Item:
        names = {"#record": "record"} if "#record" in expression else {}
        try:
            updated = self.client.update_item(
                TableName=self.table,
                Key={"key": {"S": HEAD_KEY}},
                UpdateExpression=expression,
                ConditionExpression="attribute_not_exists(fence) OR fence <= :fence",
                ExpressionAttributeValues={":fence": {"N": str(fence)}, **values},
                ReturnValues="ALL_NEW",
                **({"ExpressionAttributeNames": names} if names else {}),  # type: ignore[arg-type]
            )
        except ClientError as error:
            if _is_refused(error):
                raise FencedOutError(f"a newer writer than {fence} is at work") from error
            raise
        return dict(updated["Attributes"])


@dataclass(frozen=True)
class DynamoStandings:
    """How far each species is."""

    client: "DynamoDBClient"
    table: str

    def find(self, species_id: str) -> SpeciesStanding | None:
        """Return a species' standing; None when no photo of it was ever seen."""
        got = self.client.get_item(TableName=self.table, Key={"key": {"S": _SPECIES + species_id}})
        if "Item" not in got:
            return None
        return _standing_from(got["Item"])

    def find_many(self, species_ids: Sequence[str]) -> Mapping[str, SpeciesStanding]:
        """Return the standings there are, by species."""
        items = read_many(self.client, self.table, [_SPECIES + species_id for species_id in species_ids])
        return {standing.species_id: standing for standing in map(_standing_from, items)}

    def save(self, standings: Sequence[SpeciesStanding], fence: int) -> None:
        """Replace those standings.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """
        items = [
            {"key": {"S": _SPECIES + each.species_id}, "record": {"S": json.dumps(asdict(each))}} for each in standings
        ]
        put_fenced(self.client, self.table, items, fence)


def put_fenced(client: "DynamoDBClient", table: str, items: Sequence[Item], fence: int) -> None:
    """Put items in transactions that only the writer with the head's own token can make.

    Raises:
        FencedOutError: Somebody with a newer token writes now.
    """
    check = {
        "ConditionCheck": {
            "TableName": table,
            "Key": {"key": {"S": HEAD_KEY}},
            "ConditionExpression": "fence = :fence",
            "ExpressionAttributeValues": {":fence": {"N": str(fence)}},
        }
    }
    for start in range(0, len(items), _TRANSACTION_PUTS):
        puts = [{"Put": {"TableName": table, "Item": item}} for item in items[start : start + _TRANSACTION_PUTS]]
        for attempt in range(_TRANSACTION_ATTEMPTS):
            try:
                client.transact_write_items(TransactItems=[check, *puts])  # type: ignore[list-item]
            except ClientError as error:
                response: Any = error.response
                if response.get("Error", {}).get("Code") != "TransactionCanceledException":
                    raise
                reasons = [reason.get("Code") for reason in response.get("CancellationReasons", [])]
                if "ConditionalCheckFailed" in reasons:
                    raise FencedOutError(f"a newer writer than {fence} is at work") from error
                if attempt == _TRANSACTION_ATTEMPTS - 1:
                    raise
                # Somebody touched the head in the same moment; the puts are the same whenever they happen.
                continue
            break


def read_many(client: "DynamoDBClient", table: str, keys: Sequence[str]) -> Iterator[Item]:
    """Yield the items of those keys that exist, as they stand now, a hundred in a request."""
    for start in range(0, len(keys), _BATCH_READS):
        wanted: Any = {
            table: {
                "Keys": [{"key": {"S": key}} for key in keys[start : start + _BATCH_READS]],
                "ConsistentRead": True,
            }
        }
        while wanted:
            got = client.batch_get_item(RequestItems=wanted)
            yield from got["Responses"].get(table, [])
            wanted = got.get("UnprocessedKeys")


def _photo_item(photo: DatasetPhoto) -> Item:
    item: Item = {
        "key": {"S": _PHOTO + photo.photo_id},
        "version": {"N": str(photo.version)},
        "record": {"S": json.dumps(asdict(photo), ensure_ascii=False)},
    }
    if listed_as := _listed_as(photo):
        item["listed_as"] = {"S": listed_as}
    if photo.label is not None:
        item["label_id"] = {"S": label_id_of(photo.source, photo.label)}
    return item


def _listed_as(photo: DatasetPhoto) -> str:
    if photo.is_fresh:
        return _FRESH
    if photo.state is PhotoState.WAITING:
        return f"{PhotoState.WAITING}#{photo.species_id}"
    return photo.state.value if photo.state in _LISTED else ""


def _photo_from(item: Mapping[str, Any]) -> DatasetPhoto:
    values = json.loads(item["record"]["S"])
    values["state"] = PhotoState(values["state"])
    values["split"] = Split(values["split"]) if values["split"] else None
    return DatasetPhoto(**values)


def _standing_from(item: Mapping[str, Any]) -> SpeciesStanding:
    values = json.loads(item["record"]["S"])
    return SpeciesStanding(**{**values, "counts": SplitCounts(**values["counts"])})


def _head_from(item: Mapping[str, Any]) -> Head:
    values = json.loads(item["record"]["S"]) if "record" in item else {}
    values["fence"] = int(item["fence"]["N"]) if "fence" in item else 0
    return Head(**values)


def _is_refused(error: ClientError) -> bool:
    response: Any = error.response
    return bool(response.get("Error", {}).get("Code") == "ConditionalCheckFailedException")
