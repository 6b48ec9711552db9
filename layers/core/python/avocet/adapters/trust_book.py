"""What is known of people's labels, beside their terms in the people table; of others, admins alone are shown it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.trust import Judgement, TrustRecord
from avocet.usecases.ports import StaleRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PREFIX = "trust#"
_BATCH_READS = 100
_ATTEMPTS = 8


@dataclass(frozen=True)
class DynamoTrustBook:
    """The records of the people table whose key begins with ``trust#``."""

    client: "DynamoDBClient"
    table: str

    def find_many(self, owner_ids: Sequence[str]) -> Mapping[str, TrustRecord]:
        """Return the records that exist, by person."""
        found: dict[str, TrustRecord] = {}
        for start in range(0, len(owner_ids), _BATCH_READS):
            keys = [{"owner_id": {"S": _PREFIX + each}} for each in owner_ids[start : start + _BATCH_READS]]
            wanted: Any = {self.table: {"Keys": keys, "ConsistentRead": True}}
            while wanted:
                got = self.client.batch_get_item(RequestItems=wanted)
                for item in got["Responses"].get(self.table, []):
                    found[item["owner_id"]["S"].removeprefix(_PREFIX)] = _record_of(item)
                wanted = got.get("UnprocessedKeys")
        return found

    def change(self, owner_id: str, change: Callable[[TrustRecord], TrustRecord]) -> tuple[TrustRecord, TrustRecord]:
        """Replace a person's record by what ``change`` makes of it, in one step; return it before and after.

        Raises:
            StaleRecordError: The record changed under each attempt.
        """
        key: Any = {"owner_id": {"S": _PREFIX + owner_id}}
        for _ in range(_ATTEMPTS):
            item: Any = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item") or {}
            version, before = int(item["version"]["N"]) if item else 0, _record_of(item)
            after = change(before)
            if after == before:
                return before, after
            record = json.dumps([asdict(each) for each in after.judgements])
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item={**key, "version": {"N": str(version + 1)}, "record": {"S": record}},
                    ConditionExpression="attribute_not_exists(owner_id) OR version = :read",
                    ExpressionAttributeValues={":read": {"N": str(version)}},
                )
            except ClientError as error:
                response: Any = error.response
                if response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                    raise
                continue
            return before, after
        raise StaleRecordError(owner_id)

    def forget(self, owner_id: str) -> None:
        """Remove a person's record, if there is one."""
        self.client.delete_item(TableName=self.table, Key={"owner_id": {"S": _PREFIX + owner_id}})


def _record_of(item: Mapping[str, Any]) -> TrustRecord:
    values = json.loads(item["record"]["S"]) if item else []
    return TrustRecord(tuple(Judgement(**each) for each in values))
