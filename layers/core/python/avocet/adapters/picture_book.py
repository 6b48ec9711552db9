"""Which photo people are shown of each species, beside the standings in the dataset table; only the writer changes it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from avocet.adapters.dataset_records import put_fenced, read_many
from avocet.domain.reference_pictures import ReferencePicture

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PICTURE = "picture#"


@dataclass(frozen=True)
class DynamoPictureBook:
    """The items of the dataset table whose key begins with ``picture#``."""

    client: "DynamoDBClient"
    table: str

    def find(self, species_id: str) -> ReferencePicture | None:
        """Return what is kept of a species; None when nothing is."""
        got = self.client.get_item(TableName=self.table, Key={"key": {"S": _PICTURE + species_id}})
        return _picture_from(got["Item"]) if "Item" in got else None

    def find_many(self, species_ids: Sequence[str]) -> Mapping[str, ReferencePicture]:
        """Return what is kept, by species."""
        items = read_many(self.client, self.table, [_PICTURE + species_id for species_id in species_ids])
        return {picture.species_id: picture for picture in map(_picture_from, items)}

    def save(self, pictures: Sequence[ReferencePicture], fence: int) -> None:
        """Replace what is kept of those species.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """
        items = [
            {"key": {"S": _PICTURE + each.species_id}, "record": {"S": json.dumps(asdict(each))}} for each in pictures
        ]
        put_fenced(self.client, self.table, items, fence)


def _picture_from(item: Mapping[str, Any]) -> ReferencePicture:
    values = json.loads(item["record"]["S"])
    return ReferencePicture(**{**values, "spares": tuple(values["spares"])})
