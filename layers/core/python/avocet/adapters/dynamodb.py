"""Records in DynamoDB: photos under optimistic concurrency, accepted terms, the champion pointer, public counts.

Items are written as plain attribute values; what each attribute means is said by the domain classes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.contribution import Answer, Contribution, Feedback, PhotoRecord, to_be_counted_as
from avocet.domain.prediction import CoarserGuess, Prediction, ScoredSpecies
from avocet.domain.terms import AcceptedTerms, Consent
from avocet.settings import (
    FRESH_COUNT_PREFIX,
    PHOTOS_BY_OWNER_INDEX,
    PHOTOS_FRESH_INDEX,
    PHOTOS_OPEN_INTENTS_INDEX,
    PHOTOS_TTL_ATTRIBUTE,
)
from avocet.usecases.ports import StaleRecordError, Tally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from avocet.usecases.people_ports import OwnPage, PageMark

CHAMPION_KEY = "#champion"

# Records of photos nobody answered on go when the photo is surely gone; refusing them does not wait for that.
_FORGOTTEN_AFTER = timedelta(hours=48)
_BATCH_READS = 100  # DynamoDB's limit
_OPEN = "open"
_FRESH = "fresh"
_COUNTED = "counted"

# Two that count at the same moment meet in one item; who loses tries again at once, the round trip being pause enough.
_MEETINGS = 8

# One count is spread over as many items as a photo id has first digits, so that people who finish at the same
# moment rarely meet in one transaction.
_TALLY_SHARDS = "0123456789abcdef"

# Attributes that come and go.
_CHANGING = (
    "original_tag",
    "snapshot_id",
    "prediction",
    "model_version",
    "sketch",
    "contribution",
    "open_intent",
    "lease_until",
    "fresh_contribution",
    "reviewed_revision",
    "withdrawn_at",
    "counted_as",
    PHOTOS_TTL_ATTRIBUTE,
)

Item = dict[str, Any]


@dataclass(frozen=True)
class DynamoPhotoRecords:
    """The photos table."""

    client: "DynamoDBClient"
    table: str

    def find(self, photo_id: str) -> PhotoRecord | None:
        """Return the record as last saved."""
        got = self.client.get_item(TableName=self.table, Key={"photo_id": {"S": photo_id}}, ConsistentRead=True)
        return _record_from(got["Item"]) if "Item" in got else None

    def add(self, record: PhotoRecord) -> PhotoRecord:
        """Save a new record; return it with its version.

        Raises:
            StaleRecordError: There is one already.
        """
        saved = replace(record, version=1)
        try:
            self.client.put_item(
                TableName=self.table, Item=_item_of(saved), ConditionExpression="attribute_not_exists(photo_id)"
            )
        except ClientError as error:
            self._forgive_own_echo(error, saved)
        return saved

    def save(self, record: PhotoRecord, tally: Tally | None = None) -> PhotoRecord:
        """Replace the record of that version, and count, in one step; return it with its new version.

        Attributes that this code does not know stay as they are.

        Raises:
            StaleRecordError: The stored version is another.
        """
        saved = replace(record, version=record.version + 1, counted_as=to_be_counted_as(record))
        counts = self._fresh_changes(saved.photo_id, before=record.counted_as, after=saved.counted_as)
        if tally is not None:
            counts.append(self._count(tally, saved.photo_id))
        update = self._update(saved, read_version=record.version)
        try:
            if counts:
                self._write_together([{"Update": each} for each in (update, *counts)])
            else:
                self.client.update_item(**update)
        except ClientError as error:
            self._forgive_own_echo(error, saved)
        return saved

    def open_intents(self) -> Iterator[str]:
        """Yield the ids of photos with an unfinished intent, the longest idle first; may lag a little."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=PHOTOS_OPEN_INTENTS_INDEX,
            KeyConditionExpression="open_intent = :open",
            ExpressionAttributeValues={":open": {"S": _OPEN}},
        )
        for page in pages:
            for item in page["Items"]:
                yield item["photo_id"]["S"]

    def of_owner(self, owner_id: str, *, limit: int, after: "PageMark | None" = None) -> "OwnPage":
        """Return a person's photos with feedback, the newest first; may lag a little.

        Args:
            owner_id: Whose.
            limit: How many at most.
            after: Where the page before ended.
        """
        # Here, not above: few functions go through somebody's photos.
        from avocet.usecases.people_ports import OwnPage, PageMark

        asked: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": PHOTOS_BY_OWNER_INDEX,
            "KeyConditionExpression": "owner_id = :owner",
            "FilterExpression": "attribute_exists(contribution)",
            "ExpressionAttributeValues": {":owner": {"S": owner_id}},
            "ScanIndexForward": False,
            "Limit": limit + 1,
        }
        found: list[PhotoRecord] = []
        while len(found) <= limit:
            if after is not None:
                # The owner is the caller's own whatever the mark says, so a made-up one leads nowhere else.
                asked["ExclusiveStartKey"] = {
                    "owner_id": {"S": owner_id},
                    "created_at": {"S": _text(after.created_at)},
                    "photo_id": {"S": after.photo_id},
                }
            got = self.client.query(**asked)
            found += map(_record_from, got["Items"])
            if "LastEvaluatedKey" not in got:
                break
            last = got["LastEvaluatedKey"]
            after = PageMark(_time(last["created_at"]["S"]), last["photo_id"]["S"])
        page = found[:limit]
        return OwnPage(tuple(page), PageMark(page[-1].created_at, page[-1].photo_id) if len(found) > limit else None)

    def ids_of_owner(self, owner_id: str) -> Iterator[str]:
        """Yield the ids of all photos of a person, answered or not; may lag a little."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=PHOTOS_BY_OWNER_INDEX,
            KeyConditionExpression="owner_id = :owner",
            ExpressionAttributeValues={":owner": {"S": owner_id}},
            ProjectionExpression="photo_id",
        )
        for page in pages:
            for item in page["Items"]:
                yield item["photo_id"]["S"]

    def fresh_contributions(self) -> Iterator[PhotoRecord]:
        """Yield records whose answer the dataset has yet to act on, as they stand now; the list may lag a little."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=PHOTOS_FRESH_INDEX,
            KeyConditionExpression="fresh_contribution = :fresh",
            ExpressionAttributeValues={":fresh": {"S": _FRESH}},
        )
        for page in pages:
            keys = [{"photo_id": item["photo_id"]} for item in page["Items"]]
            for start in range(0, len(keys), _BATCH_READS):
                yield from self._fresh_among(keys[start : start + _BATCH_READS])

    def _fresh_among(self, keys: list[Any]) -> Iterator[PhotoRecord]:
        wanted: Mapping[str, Any] = {self.table: {"Keys": keys, "ConsistentRead": True}}
        while wanted:
            got = self.client.batch_get_item(RequestItems=wanted)
            for item in got["Responses"].get(self.table, []):
                record = _record_from(item)
                if record.is_fresh:
                    yield record
            wanted = got.get("UnprocessedKeys") or {}

    def delete(self, photo_id: str) -> None:
        """Remove a record, if there is one, and take it off the counts.

        Raises:
            StaleRecordError: It changed under each attempt.
        """
        for _ in range(_MEETINGS):
            record = self.find(photo_id)
            if record is None:
                return
            gone = {
                "TableName": self.table,
                "Key": {"photo_id": {"S": photo_id}},
                "ConditionExpression": "#version = :read",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":read": {"N": str(record.version)}},
            }
            counts = self._fresh_changes(photo_id, before=record.counted_as, after=None)
            try:
                self._write_together([{"Delete": gone}, *({"Update": each} for each in counts)])
            except ClientError as error:
                if not _is_conflict(error):
                    raise
                continue
            return
        raise StaleRecordError(photo_id)

    def fresh_by_species(self) -> Mapping[str, int]:
        """Return how many answers of each species count towards the next refresh; a new one may lag a little."""
        counts: dict[str, int] = {}
        for species_id, _, count in self._fresh_counts():
            counts[species_id] = counts.get(species_id, 0) + count
        return {species_id: count for species_id, count in counts.items() if count > 0}

    def drop_empty_counts(self) -> None:
        """Remove the counters that came back to nothing, so that looking at them all stays cheap."""
        for _, key, count in self._fresh_counts():
            if count:
                continue
            try:
                self.client.delete_item(
                    TableName=self.table,
                    Key={"photo_id": {"S": key}},
                    ConditionExpression="fresh_count = :none",
                    ExpressionAttributeValues={":none": {"N": "0"}},
                )
            except ClientError as error:
                if not _is_conflict(error):
                    raise

    def _fresh_counts(self) -> Iterator[tuple[str, str, int]]:
        """Yield species, key and value of each counter."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=PHOTOS_FRESH_INDEX,
            KeyConditionExpression="fresh_contribution = :counted",
            ExpressionAttributeValues={":counted": {"S": _COUNTED}},
        )
        for page in pages:
            keys: list[Any] = [{"photo_id": item["photo_id"]} for item in page["Items"]]
            for start in range(0, len(keys), _BATCH_READS):
                wanted: Any = {self.table: {"Keys": keys[start : start + _BATCH_READS], "ConsistentRead": True}}
                while wanted:
                    got = self.client.batch_get_item(RequestItems=wanted)
                    for item in got["Responses"].get(self.table, []):
                        yield item["created_at"]["S"], item["photo_id"]["S"], int(item["fresh_count"]["N"])
                    wanted = got.get("UnprocessedKeys") or {}

    def _fresh_changes(self, photo_id: str, *, before: str | None, after: str | None) -> list[Any]:
        """Return the updates that take a record off one species' counter and put it on another's."""
        if before == after:
            return []
        return [
            self._count_fresh(species_id, photo_id, change)
            for species_id, change in ((before, -1), (after, 1))
            if species_id is not None
        ]

    def _count_fresh(self, species_id: str, photo_id: str, change: int) -> Any:
        return {
            "TableName": self.table,
            "Key": {"photo_id": {"S": f"{FRESH_COUNT_PREFIX}{photo_id[0]}#{species_id}"}},
            # The index lists the counters beside the fresh records, under a name of their own.
            "UpdateExpression": "SET fresh_contribution = :counted, created_at = :species ADD fresh_count :change",
            "ExpressionAttributeValues": {
                ":counted": {"S": _COUNTED},
                ":species": {"S": species_id},
                ":change": {"N": str(change)},
            },
        }

    def _write_together(self, writes: list[Any]) -> None:
        for meeting in range(_MEETINGS):
            try:
                self.client.transact_write_items(TransactItems=writes)
            except ClientError as error:
                if meeting == _MEETINGS - 1 or not _is_mere_meeting(error):
                    raise
            else:
                return

    def tallies(self) -> Mapping[str, int]:
        """Return the public counts."""
        keys = [{"photo_id": {"S": _tally_key(shard)}} for shard in _TALLY_SHARDS]
        wanted: Mapping[str, Any] = {self.table: {"Keys": keys}}
        counts: dict[str, int] = {}
        while wanted:
            got = self.client.batch_get_item(RequestItems=wanted)
            for item in got["Responses"].get(self.table, []):
                for name, value in item.items():
                    if "N" in value:
                        counts[name] = counts.get(name, 0) + int(value["N"])
            wanted = got.get("UnprocessedKeys") or {}
        return counts

    def _update(self, saved: PhotoRecord, *, read_version: int) -> Any:
        attributes = _item_of(saved)
        del attributes["photo_id"]
        absent = [name for name in _CHANGING if name not in attributes]
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in attributes)
        if absent:
            update += " REMOVE " + ", ".join(f"#{name}" for name in absent)
        return {
            "TableName": self.table,
            "Key": {"photo_id": {"S": saved.photo_id}},
            "UpdateExpression": update,
            "ConditionExpression": "#version = :read",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*attributes, *absent)},
            "ExpressionAttributeValues": {
                ":read": {"N": str(read_version)},
                **{f":{name}": value for name, value in attributes.items()},
            },
        }

    def _forgive_own_echo(self, error: ClientError, saved: PhotoRecord) -> None:
        """Let a conflict pass that is no conflict: a write whose answer got lost is sent again and meets itself."""
        if not _is_conflict(error):
            raise error
        if self.find(saved.photo_id) != saved:
            raise StaleRecordError(saved.photo_id) from error

    def _count(self, tally: Tally, photo_id: str) -> Any:
        names = {f"#n{i}": name for i, name in enumerate(tally.changes)}
        values = {f":v{i}": {"N": str(change)} for i, change in enumerate(tally.changes.values())}
        return {
            "TableName": self.table,
            "Key": {"photo_id": {"S": _tally_key(photo_id[0])}},
            "UpdateExpression": "ADD " + ", ".join(f"#n{i} :v{i}" for i in range(len(names))),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }


@dataclass(frozen=True)
class DynamoPeople:
    """The people table."""

    client: "DynamoDBClient"
    table: str

    def find(self, owner_id: str) -> AcceptedTerms | None:
        """Return what the person accepted."""
        got = self.client.get_item(TableName=self.table, Key={"owner_id": {"S": owner_id}})
        if "Item" not in got:
            return None
        item = got["Item"]
        consent = Consent(item["terms_version"]["S"], item["licence"]["S"])
        return AcceptedTerms(owner_id, consent, _time(item["accepted_at"]["S"]))

    def forget(self, owner_id: str) -> None:
        """Remove what is known of the person, if there is anything."""
        self.client.delete_item(TableName=self.table, Key={"owner_id": {"S": owner_id}})

    def record(self, accepted: AcceptedTerms) -> None:
        """Keep the first acceptance of a version; doing it again changes nothing."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    "owner_id": {"S": accepted.owner_id},
                    "terms_version": {"S": accepted.consent.terms_version},
                    "licence": {"S": accepted.consent.licence},
                    "accepted_at": {"S": _text(accepted.accepted_at)},
                },
                ConditionExpression="attribute_not_exists(owner_id) OR terms_version <> :version",
                ExpressionAttributeValues={":version": {"S": accepted.consent.terms_version}},
            )
        except ClientError as error:
            if not _is_conflict(error):
                raise


@dataclass(frozen=True)
class DynamoChampionPointer:
    """The pointer item of the models table."""

    client: "DynamoDBClient"
    table: str

    def read(self) -> str | None:
        """Return the champion's version; None before the first."""
        got = self.client.get_item(TableName=self.table, Key={"version": {"S": CHAMPION_KEY}}, ConsistentRead=True)
        return _optional(got.get("Item", {}), "champion")


def _item_of(record: PhotoRecord) -> Item:
    item: Item = {
        "photo_id": {"S": record.photo_id},
        "owner_id": {"S": record.owner_id},
        "created_at": {"S": _text(record.created_at)},
        "version": {"N": str(record.version)},
    }
    if record.original_tag is not None:
        item["original_tag"] = {"S": record.original_tag}
    if record.snapshot_id is not None:
        item["snapshot_id"] = {"S": record.snapshot_id}
    if record.taken_revision:
        item["taken_revision"] = {"N": str(record.taken_revision)}
    if record.reviewed_revision:
        item["reviewed_revision"] = {"N": str(record.reviewed_revision)}
    if record.withdrawn_at is not None:
        item["withdrawn_at"] = {"S": _text(record.withdrawn_at)}
    if record.counted_as is not None:
        item["counted_as"] = {"S": record.counted_as}
    if record.is_fresh:
        item["fresh_contribution"] = {"S": _FRESH}
    if record.prediction is not None:
        item["prediction"] = {"S": _prediction_text(record.prediction)}
        item["model_version"] = {"S": record.prediction.model_version}
        if record.prediction.sketch:
            item["sketch"] = {"B": record.prediction.sketch}
    if record.contribution is None:
        item[PHOTOS_TTL_ATTRIBUTE] = {"N": str(int((record.created_at + _FORGOTTEN_AFTER).timestamp()))}
    else:
        item["contribution"] = {"M": _contribution_map(record.contribution)}
        if record.is_open:
            item["open_intent"] = {"S": _OPEN}
            item["lease_until"] = {"S": _text(max(record.contribution.leases.values()))}
    return item


def _record_from(item: Mapping[str, Any]) -> PhotoRecord:
    return PhotoRecord(
        photo_id=item["photo_id"]["S"],
        owner_id=item["owner_id"]["S"],
        created_at=_time(item["created_at"]["S"]),
        version=int(item["version"]["N"]),
        original_tag=_optional(item, "original_tag"),
        prediction=_prediction_from(item) if "prediction" in item else None,
        contribution=_contribution_from(item["contribution"]["M"]) if "contribution" in item else None,
        snapshot_id=_optional(item, "snapshot_id"),
        taken_revision=int(item["taken_revision"]["N"]) if "taken_revision" in item else 0,
        reviewed_revision=int(item["reviewed_revision"]["N"]) if "reviewed_revision" in item else 0,
        withdrawn_at=_time(item["withdrawn_at"]["S"]) if "withdrawn_at" in item else None,
        counted_as=_optional(item, "counted_as"),
    )


def _prediction_text(prediction: Prediction) -> str:
    coarser = prediction.coarser
    return json.dumps(
        {
            "model_version": prediction.model_version,
            "ranked": [[scored.species_id, scored.score] for scored in prediction.ranked],
            "coarser": [coarser.rank, coarser.name, coarser.score] if coarser else None,
            "unfamiliar": prediction.unfamiliar,
        },
        separators=(",", ":"),
    )


def _prediction_from(item: Mapping[str, Any]) -> Prediction:
    stored = json.loads(item["prediction"]["S"])
    return Prediction(
        model_version=stored["model_version"],
        ranked=tuple(ScoredSpecies(species_id, score) for species_id, score in stored["ranked"]),
        coarser=CoarserGuess(*stored["coarser"]) if stored["coarser"] else None,
        unfamiliar=stored["unfamiliar"],
        sketch=item["sketch"]["B"] if "sketch" in item else b"",
    )


def _contribution_map(contribution: Contribution) -> Item:
    item: Item = {
        "feedback": {"S": contribution.answer.feedback.value},
        "given_at": {"S": _text(contribution.given_at)},
        "terms_version": {"S": contribution.consent.terms_version},
        "licence": {"S": contribution.consent.licence},
        "revision": {"N": str(contribution.revision)},
        "target_key": {"S": contribution.target_key},
        "touched_keys": {"L": [{"S": key} for key in contribution.touched_keys]},
        "leases": {"M": {token: {"S": _text(until)} for token, until in contribution.leases.items()}},
        "finished": {"BOOL": contribution.finished},
    }
    if contribution.answer.species_id is not None:
        item["species_id"] = {"S": contribution.answer.species_id}
    if contribution.stored_key is not None:
        item["stored_key"] = {"S": contribution.stored_key}
    return item


def _contribution_from(item: Mapping[str, Any]) -> Contribution:
    return Contribution(
        answer=Answer(Feedback(item["feedback"]["S"]), _optional(item, "species_id")),
        given_at=_time(item["given_at"]["S"]),
        consent=Consent(item["terms_version"]["S"], item["licence"]["S"]),
        revision=int(item["revision"]["N"]),
        target_key=item["target_key"]["S"],
        touched_keys=tuple(key["S"] for key in item["touched_keys"]["L"]),
        stored_key=_optional(item, "stored_key"),
        leases={token: _time(until["S"]) for token, until in item["leases"]["M"].items()},
        finished=item["finished"]["BOOL"],
    )


def _optional(item: Mapping[str, Any], name: str) -> str | None:
    return item[name]["S"] if name in item else None


def _text(moment: datetime) -> str:
    # Fixed width, so that text sorts as time does.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _tally_key(shard: str) -> str:
    return f"#tally#{shard}"


def _is_mere_meeting(error: ClientError) -> bool:
    """Whether a transaction failed only because another was at work on the same items."""
    response: Any = error.response
    reasons = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
    return "TransactionConflict" in reasons and "ConditionalCheckFailed" not in reasons


def _is_conflict(error: ClientError) -> bool:
    response: Any = error.response
    code = response.get("Error", {}).get("Code", "")
    if code == "TransactionCanceledException":
        reasons = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
        return bool(reasons & {"ConditionalCheckFailed", "TransactionConflict"})
    return code in {"ConditionalCheckFailedException", "TransactionConflictException"}
