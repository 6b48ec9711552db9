"""The notices table: letters that wait to be sent, and faults with the time they were last told."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.notifications import Language, Letter, Notice, NoticeKind, Words
from avocet.settings import NOTICES_DUE_INDEX
from avocet.usecases.notice_ports import Fault, WaitingLetter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_LETTER = "letter#"
_FAULT = "fault#"


@dataclass(frozen=True)
class DynamoNoticeBook:
    """The table."""

    client: "DynamoDBClient"
    table: str

    def keep(self, waiting: WaitingLetter) -> None:
        """Keep a letter, over one of the same id."""
        self.client.put_item(TableName=self.table, Item=letter_item(waiting))

    def drop(self, letter_id: str) -> None:
        """Forget a letter; nothing happens when there is none."""
        self.client.delete_item(TableName=self.table, Key={"key": {"S": _LETTER + letter_id}})

    def letters_due(self, now: datetime) -> Iterator[WaitingLetter]:
        """Yield the letters to try now."""
        for item in self._due(_LETTER, now):
            values = json.loads(item["record"]["S"])
            yield WaitingLetter(
                item["key"]["S"].removeprefix(_LETTER),
                Letter(NoticeKind(values["kind"]), Language(values["language"]), values["subject"], values["text"]),
                datetime.fromisoformat(item["written_at"]["S"]),
                datetime.fromisoformat(item["due_at"]["S"]),
            )

    def find_fault(self, name: str) -> Fault | None:
        """Return what is known of a fault."""
        got = self.client.get_item(TableName=self.table, Key={"key": {"S": _FAULT + name}}, ConsistentRead=True)
        return _fault_from(got["Item"]) if "Item" in got else None

    def tell_fault(self, notice: Notice, now: datetime, *, instead_of: Fault | None, occasion: str = "") -> bool:
        """Note that a fault is told now; False when somebody else did so since ``instead_of`` was read."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(told_at)"}
        if instead_of is not None:
            condition = {
                # The count too: an occurrence that was counted since would be forgotten.
                "ConditionExpression": "told_at = :told_at AND repeats = :repeats",
                "ExpressionAttributeValues": {
                    ":told_at": {"S": _moment(instead_of.told_at)},
                    ":repeats": {"N": str(instead_of.repeats)},
                },
            }
        item = {
            "key": {"S": _FAULT + notice.fault},
            "told_at": {"S": _moment(now)},
            "repeats": {"N": "0"},
            "record": {"S": json.dumps(asdict(notice))},
            "occasion": {"S": occasion},
        }
        try:
            self.client.put_item(TableName=self.table, Item=item, **condition)
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            # A write whose answer got lost is sent again by the client and meets itself.
            return self.find_fault(notice.fault) == Fault(notice.fault, now, 0, notice, occasion)
        return True

    def count_fault(self, notice: Notice, *, due_at: datetime, occasion: str = "") -> None:
        """Count one more occurrence of a fault that was told, to be told of again at ``due_at``."""
        self.client.update_item(
            TableName=self.table,
            Key={"key": {"S": _FAULT + notice.fault}},
            UpdateExpression="SET waiting = :fault, due_at = :due_at, #record = :record, occasion = :occasion ADD repeats :one",
            ExpressionAttributeNames={"#record": "record"},
            ExpressionAttributeValues={
                ":fault": {"S": _FAULT},
                ":due_at": {"S": _moment(due_at)},
                ":record": {"S": json.dumps(asdict(notice))},
                ":occasion": {"S": occasion},
                ":one": {"N": "1"},
            },
        )

    def faults_due(self, now: datetime) -> Iterator[Fault]:
        """Yield the faults that came back and whose time to be told again has come."""
        for item in self._due(_FAULT, now):
            # The index may lag behind somebody who told it just now.
            fault = self.find_fault(item["key"]["S"].removeprefix(_FAULT))
            if fault is not None and fault.repeats:
                yield fault

    def _due(self, kind: str, now: datetime) -> Iterator[Mapping[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=NOTICES_DUE_INDEX,
            KeyConditionExpression="waiting = :kind AND due_at <= :now",
            ExpressionAttributeValues={":kind": {"S": kind}, ":now": {"S": _moment(now)}},
        )
        for page in pages:
            yield from page["Items"]


def letter_item(waiting: WaitingLetter) -> dict[str, Any]:
    """Return a letter as it lies in the table, for those who write it down together with what it tells."""
    return {
        "key": {"S": _LETTER + waiting.letter_id},
        "waiting": {"S": _LETTER},
        "due_at": {"S": _moment(waiting.due_at)},
        "written_at": {"S": _moment(waiting.written_at)},
        "record": {"S": json.dumps(asdict(waiting.letter))},
    }


def _fault_from(item: Mapping[str, Any]) -> Fault:
    values = json.loads(item["record"]["S"])
    notice = Notice(
        kind=NoticeKind(values["kind"]),
        subject=Words(**values["subject"]),
        text=Words(**values["text"]),
        fault=values["fault"],
    )
    told_at, repeats = datetime.fromisoformat(item["told_at"]["S"]), int(item["repeats"]["N"])
    return Fault(notice.fault, told_at, repeats, notice, item["occasion"]["S"] if "occasion" in item else "")


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
