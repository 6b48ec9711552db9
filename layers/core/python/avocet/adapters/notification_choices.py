"""What people chose to be told, in the notices table; by id, each with the one address that letters go to."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avocet.domain.notifications import Language, NoticeKind, NotificationChoice
from avocet.usecases.notice_ports import KeptChoice

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PREFIX = "choice#"


@dataclass(frozen=True)
class DynamoNotificationChoices:
    """The records of the notices table whose key begins with ``choice#``."""

    client: "DynamoDBClient"
    table: str

    def find(self, owner_id: str) -> KeptChoice | None:
        """Return what a person chose; None when they never did."""
        got = self.client.get_item(TableName=self.table, Key={"key": {"S": _PREFIX + owner_id}}, ConsistentRead=True)
        if "Item" not in got:
            return None
        values = json.loads(got["Item"]["record"]["S"])
        kinds = frozenset(NoticeKind(each) for each in values["kinds"])
        return KeptChoice(NotificationChoice(kinds, Language(values["language"])), values["address"])

    def keep(self, owner_id: str, kept: KeptChoice) -> None:
        """Remember it, over what was chosen before."""
        choice = kept.choice
        record = {"kinds": sorted(choice.kinds), "language": choice.language.value, "address": kept.address}
        self.client.put_item(
            TableName=self.table, Item={"key": {"S": _PREFIX + owner_id}, "record": {"S": json.dumps(record)}}
        )

    def drop(self, owner_id: str) -> None:
        """Forget it; nothing happens when there is none."""
        self.client.delete_item(TableName=self.table, Key={"key": {"S": _PREFIX + owner_id}})
