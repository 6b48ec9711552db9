"""Counts of what people's photos are like: one item a day and model version in the photos table; no photo, no person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from avocet.observability import log
from avocet.settings import PHOTOS_TTL_ATTRIBUTE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_KEPT = timedelta(days=90)


@dataclass(frozen=True)
class DynamoSightings:
    """The counts in the table."""

    client: "DynamoDBClient"
    table: str

    def note(self, version: str, moment: datetime, places: Mapping[str, int]) -> None:
        """Count one photo; that it cannot be counted is logged and nobody's trouble."""
        names = {f"#n{number}": name for number, name in enumerate(places)}
        values: dict[str, Any] = {f":v{number}": {"N": str(count)} for number, count in enumerate(places.values())}
        gone_at = int((moment + _KEPT).timestamp())
        try:
            self.client.update_item(
                TableName=self.table,
                Key={"photo_id": {"S": _key(version, moment.date())}},
                UpdateExpression="SET #gone = :gone ADD " + ", ".join(f"#n{i} :v{i}" for i in range(len(names))),
                ExpressionAttributeNames={**names, "#gone": PHOTOS_TTL_ATTRIBUTE},
                ExpressionAttributeValues={**values, ":gone": {"N": str(gone_at)}},
            )
        except (ClientError, BotoCoreError) as error:
            log("sighting_not_counted", level="WARNING", reason=type(error).__name__)

    def days(self, version: str, days: list[date]) -> Mapping[date, Mapping[str, int]]:
        """Return the counts of those days (100 at most), as far as there are any."""
        by_key = {_key(version, day): day for day in days}
        wanted: Mapping[str, Any] = {self.table: {"Keys": [{"photo_id": {"S": key}} for key in by_key]}}
        found: dict[date, Mapping[str, int]] = {}
        while wanted:
            got = self.client.batch_get_item(RequestItems=wanted)
            for item in got["Responses"].get(self.table, []):
                counts = {name: int(value["N"]) for name, value in item.items() if "N" in value}
                counts.pop(PHOTOS_TTL_ATTRIBUTE, None)
                found[by_key[item["photo_id"]["S"]]] = counts
            wanted = got.get("UnprocessedKeys") or {}
        return found


def _key(version: str, day: date) -> str:
    return f"#live#{version}#{day.isoformat()}"
