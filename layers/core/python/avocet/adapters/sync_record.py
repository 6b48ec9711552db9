"""The record of the outside set's copy, as one item of the dataset table that is saved under its version."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.syncing import SyncRecord, SyncStatus
from avocet.usecases.ports import StaleRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_KEY = {"key": {"S": "sync"}}
_MOMENTS = ("retry_at", "checked_at")


@dataclass(frozen=True)
class DynamoSyncRecords:
    """The item."""

    client: "DynamoDBClient"
    table: str

    def read(self) -> SyncRecord:
        """Return the record as last saved; an empty one before the first."""
        item = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True).get("Item")
        if item is None:
            return SyncRecord()
        values = json.loads(item["record"]["S"])
        for name in _MOMENTS:
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
        return SyncRecord(**{**values, "status": SyncStatus(values["status"])})

    def save(self, record: SyncRecord) -> SyncRecord:
        """Replace the record of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """
        saved = replace(record, version=record.version + 1)
        values = asdict(saved)
        for name in _MOMENTS:
            values[name] = values[name].isoformat() if values[name] else None
        condition: dict[str, Any] = {
            "ConditionExpression": "#version = :read" if record.version else "attribute_not_exists(#version)",
            "ExpressionAttributeNames": {"#version": "version"},
        }
        if record.version:
            condition["ExpressionAttributeValues"] = {":read": {"N": str(record.version)}}
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**_KEY, "version": {"N": str(saved.version)}, "record": {"S": json.dumps(values)}},
                **condition,
            )
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            # A write whose answer got lost is sent again by the client and meets itself.
            if self.read() != saved:
                raise StaleRecordError("sync") from error
        return saved
