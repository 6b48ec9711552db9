"""The models table: every version, the aliases as one item, and every tenure that ended.

The item ``#champion`` is what a prediction reads. It holds the whole present tenure; a move writes the ended one beside
it and replaces it in one transaction, so that the line of succession never misses a step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.adapters.dynamodb import CHAMPION_KEY
from avocet.adapters.notice_book import letter_item
from avocet.domain.models import Aliases, Change, ModelVersion, Tenure, VersionTakenError
from avocet.settings import MODELS_LISTED_INDEX
from avocet.usecases.notice_ports import WaitingLetter
from avocet.usecases.ports import StaleRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TENURE_KEY = "#tenure#{:010d}"
_LISTED = "model"
_BATCH_READS = 100  # DynamoDB's limit
_TEXTS = ("recipe", "backbone", "bundle_sha256", "snapshot_id", "parent_version", "job_id", "mlflow_run_id")

Item = dict[str, Any]


@dataclass(frozen=True)
class DynamoModelRegistry:
    """The versions in the table."""

    client: "DynamoDBClient"
    table: str

    def register(self, model: ModelVersion) -> ModelVersion:
        """Keep a version; registering the same bundle again changes nothing. Returns what is kept.

        Raises:
            VersionTakenError: Another bundle has that version.
        """
        try:
            self.client.put_item(
                TableName=self.table,
                Item=_item_of(model),
                # What was written before versions had hashes is completed.
                ConditionExpression="attribute_not_exists(bundle_sha256)",
            )
        except ClientError as error:
            if not _is_conflict(error):
                raise
            kept = self.find(model.version)
            if kept is None or kept.bundle_sha256 != model.bundle_sha256:
                raise VersionTakenError(f"{model.version} names another bundle already.") from error
            return kept
        return model

    def note_run(self, version: str, mlflow_run_id: str) -> None:
        """Note a version's run in MLflow, unless one is noted; the only thing of a version that is learnt later."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key={"version": {"S": version}},
                UpdateExpression="SET mlflow_run_id = :run",
                ConditionExpression="attribute_exists(bundle_sha256) AND attribute_not_exists(mlflow_run_id)",
                ExpressionAttributeValues={":run": {"S": mlflow_run_id}},
            )
        except ClientError as error:
            if not _is_conflict(error):
                raise

    def find(self, version: str) -> ModelVersion | None:
        """Return a version."""
        got = self.client.get_item(TableName=self.table, Key={"version": {"S": version}}, ConsistentRead=True)
        return _model_from(got["Item"]) if "bundle_sha256" in got.get("Item", {}) else None

    def list(self) -> Sequence[ModelVersion]:
        """Return every version, the latest registered first; may lag a little."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=MODELS_LISTED_INDEX,
            KeyConditionExpression="listed_as = :model",
            ExpressionAttributeValues={":model": {"S": _LISTED}},
            ScanIndexForward=False,
        )
        return [_model_from(item) for page in pages for item in page["Items"]]


@dataclass(frozen=True)
class DynamoModelAliases:
    """The champion, the challenger, and the champions before.

    Attributes:
        client: Of DynamoDB.
        table: The models table.
        notices_table: Where letters wait; only for whoever moves the champion and tells of it.
    """

    client: "DynamoDBClient"
    table: str
    notices_table: str = ""

    def read(self) -> Aliases:
        """Return the aliases as they are."""
        item = self._item(CHAMPION_KEY) or {}
        tenure = _tenure_from(item) if "champion" in item else None
        return Aliases(tenure, item["challenger"]["S"] if "challenger" in item else None)

    def nominate(self, version: str) -> None:
        """Make a version the challenger, in place of whoever was; the champion is never made one."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key={"version": {"S": CHAMPION_KEY}},
                UpdateExpression="SET challenger = :version",
                ConditionExpression="attribute_not_exists(champion) OR champion <> :version",
                ExpressionAttributeValues={":version": {"S": version}},
            )
        except ClientError as error:
            if not _is_conflict(error):
                raise

    def move(self, to: Tenure, *, over: Aliases, telling: Sequence[WaitingLetter] = ()) -> None:
        """End the present tenure and begin ``to``, in one step; its version is no challenger any longer.

        The letters that tell of it are written down in that same step: all of it is done, or nothing.

        Raises:
            StaleRecordError: The champion is not the one of ``over`` any more.
        """
        attributes = _tenure_item(to)
        # The challenger is a condition only when it is the one that goes up: a nomination meanwhile is no conflict.
        challenger = "REMOVE challenger" if over.challenger == to.version else ""
        condition, values = "attribute_not_exists(champion)", {}
        if over.tenure is not None:
            condition, values = "revision = :over", {":over": {"N": str(over.tenure.revision)}}
        if challenger:
            condition += " AND challenger = :champion"
        update: Any = {
            "TableName": self.table,
            "Key": {"version": {"S": CHAMPION_KEY}},
            "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in attributes)} {challenger}".strip(),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            "ExpressionAttributeValues": {**values, **{f":{name}": value for name, value in attributes.items()}},
        }
        writes: list[Any] = [{"Update": update}]
        if over.tenure is not None:
            key = {"version": {"S": _TENURE_KEY.format(over.tenure.revision)}}
            writes.append({"Put": {"TableName": self.table, "Item": {**key, **_tenure_item(over.tenure)}}})
        writes += [{"Put": {"TableName": self.notices_table, "Item": letter_item(each)}} for each in telling]
        try:
            self.client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if not _is_conflict(error):
                raise
            # A write whose answer got lost is sent again by the client and meets itself.
            if self.read().tenure != to:
                raise StaleRecordError(CHAMPION_KEY) from error

    def tenure(self, revision: int) -> Tenure | None:
        """Return a tenure, the present one or an earlier one."""
        now = self.read().tenure
        if now is not None and now.revision == revision:
            return now
        item = self._item(_TENURE_KEY.format(revision))
        return _tenure_from(item) if item else None

    def history(self, limit: int) -> Sequence[Tenure]:
        """Return tenures, the present one first."""
        now = self.read().tenure
        if now is None:
            return []
        earlier = range(now.revision - 1, max(now.revision - limit, 0), -1)
        keys = [{"version": {"S": _TENURE_KEY.format(revision)}} for revision in earlier]
        found: list[Tenure] = []
        for start in range(0, len(keys), _BATCH_READS):
            wanted: Mapping[str, Any] = {self.table: {"Keys": keys[start : start + _BATCH_READS]}}
            while wanted:
                got = self.client.batch_get_item(RequestItems=wanted)
                found += [_tenure_from(item) for item in got["Responses"].get(self.table, [])]
                wanted = got.get("UnprocessedKeys", {})
        return [now, *sorted(found, key=lambda tenure: -tenure.revision)]

    def _item(self, key: str) -> Mapping[str, Any] | None:
        got = self.client.get_item(TableName=self.table, Key={"version": {"S": key}}, ConsistentRead=True)
        return got.get("Item")


def _item_of(model: ModelVersion) -> Item:
    item: Item = {
        "version": {"S": model.version},
        "listed_as": {"S": _LISTED},
        "created_at": {"S": _text(model.created_at)},
        "registered_at": {"S": _text(model.registered_at)},
        "bundle_bytes": {"N": str(model.bundle_bytes)},
        "species_count": {"N": str(model.species_count)},
        "figures": {"M": {name: {"N": repr(float(figure))} for name, figure in model.figures.items()}},
    }
    texts = {name: getattr(model, name) for name in _TEXTS}
    return item | {name: {"S": text} for name, text in texts.items() if text}


def _model_from(item: Mapping[str, Any]) -> ModelVersion:
    return ModelVersion(
        version=item["version"]["S"],
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        registered_at=datetime.fromisoformat(item["registered_at"]["S"]),
        bundle_bytes=int(item["bundle_bytes"]["N"]),
        species_count=int(item["species_count"]["N"]),
        figures={name: float(figure["N"]) for name, figure in item["figures"]["M"].items()},
        **{name: item[name]["S"] if name in item else "" for name in _TEXTS},
    )


def _tenure_item(tenure: Tenure) -> Item:
    return {
        "revision": {"N": str(tenure.revision)},
        "champion": {"S": tenure.version},
        "change": {"S": tenure.change},
        "chosen_by": {"S": tenure.chosen_by},
        "chosen_at": {"S": _text(tenure.chosen_at)},
        "reason": {"S": tenure.reason},
        "below": {"N": str(tenure.below)},
        "asked_as": {"S": tenure.asked_as},
    }


def _tenure_from(item: Mapping[str, Any]) -> Tenure:
    # The first champions were chosen before anybody wrote down how.
    return Tenure(
        revision=int(item["revision"]["N"]),
        version=item["champion"]["S"],
        change=Change(item["change"]["S"]) if "change" in item else Change.SHIPPED,
        chosen_by=item["chosen_by"]["S"] if "chosen_by" in item else "",
        chosen_at=datetime.fromisoformat(item["chosen_at"]["S"])
        if "chosen_at" in item
        else datetime.fromtimestamp(0, tz=UTC),
        reason=item["reason"]["S"] if "reason" in item else "",
        below=int(item["below"]["N"]) if "below" in item else 0,
        asked_as=item["asked_as"]["S"] if "asked_as" in item else "",
    )


def _text(moment: datetime) -> str:
    # Fixed width, so that text sorts as time does.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _is_conflict(error: ClientError) -> bool:
    response: Any = error.response
    code = response.get("Error", {}).get("Code", "")
    if code == "TransactionCanceledException":
        reasons = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
        return bool(reasons & {"ConditionalCheckFailed", "TransactionConflict"})
    return code in {"ConditionalCheckFailedException", "TransactionConflictException"}
