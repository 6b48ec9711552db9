"""Labels to be settled, in the dataset table: one item each, found again by whether its decision was carried out."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.adapters.dataset_records import read_many
from avocet.domain.label_cases import LabelCase, LabelState
from avocet.settings import DATASET_BY_STATE_INDEX
from avocet.usecases.ports import StaleRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_LABEL = "label#"
_SETTLED, _UNAPPLIED = "label", "label#unapplied"


@dataclass(frozen=True)
class DynamoLabelCases:
    """The cases."""

    client: "DynamoDBClient"
    table: str

    def find(self, label_id: str) -> LabelCase | None:
        """Return the case as last saved."""
        got = self.client.get_item(TableName=self.table, Key={"key": {"S": _LABEL + label_id}}, ConsistentRead=True)
        return _case_from(got["Item"]) if "Item" in got else None

    def save(self, case: LabelCase) -> LabelCase:
        """Add (version 0) or replace the case of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """
        saved = replace(case, version=case.version + 1)
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    "key": {"S": _LABEL + case.label_id},
                    "version": {"N": str(saved.version)},
                    "listed_as": {"S": _SETTLED if case.is_applied else _UNAPPLIED},
                    "record": {"S": json.dumps(asdict(saved))},
                },
                ConditionExpression="#version = :read" if case.version else "attribute_not_exists(#version)",
                ExpressionAttributeNames={"#version": "version"},
                **({"ExpressionAttributeValues": {":read": {"N": str(case.version)}}} if case.version else {}),  # type: ignore[arg-type]
            )
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            # A write whose answer got lost is sent again by the client and meets itself.
            if self.find(case.label_id) != saved:
                raise StaleRecordError(case.label_id) from error
        return saved

    def all(self) -> Iterator[LabelCase]:
        """Yield every case; may lag a little."""
        yield from self._listed(_SETTLED)
        yield from self.unapplied()

    def unapplied(self) -> Iterator[LabelCase]:
        """Yield the cases whose decision no refresh has carried out; may lag a little."""
        return self._listed(_UNAPPLIED)

    def _listed(self, listed_as: str) -> Iterator[LabelCase]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=DATASET_BY_STATE_INDEX,
            KeyConditionExpression="listed_as = :listed",
            ExpressionAttributeValues={":listed": {"S": listed_as}},
        )
        for page in pages:
            for item in read_many(self.client, self.table, [each["key"]["S"] for each in page["Items"]]):
                yield _case_from(item)


def _case_from(item: dict[str, Any]) -> LabelCase:
    values = json.loads(item["record"]["S"])
    return LabelCase(**{**values, "state": LabelState(values["state"]), "proposals": tuple(values["proposals"])})
