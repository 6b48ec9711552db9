"""What challengers said in the shadow, in the photos table, under keys that no photo's id begins with.

One item for a photo, which goes with the photo's record; one for each pair of versions and one for each species that the
champion named, which hold counts alone. A photo and what it adds to the counts are written in one step. The index of
fresh contributions lists the disagreements and the species beside its own, under names of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.shadow import (
    Shadowed,
    Side,
    Trouble,
    counts_of,
    name_counts_of,
    species_counts_of,
)
from avocet.settings import PHOTOS_FRESH_INDEX, PHOTOS_TTL_ATTRIBUTE, SHADOW_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Counts of versions that nobody shadows any more.
_COUNTS_KEPT = timedelta(days=180)
_BATCH_READS = 100  # DynamoDB's limit
# Two that count at the same moment meet in one item; who loses tries again at once, the round trip being pause enough.
_MEETINGS = 8
_LAST = "last_at"

Item = dict[str, Any]


@dataclass(frozen=True)
class PairCounts:
    """The counts of two versions, and when they last grew by a photo."""

    counts: Mapping[str, int]
    last_at: datetime | None


@dataclass(frozen=True)
class DynamoShadowBook:
    """The items in the table."""

    client: "DynamoDBClient"
    table: str

    def find(self, photo_id: str) -> Shadowed | None:
        """Return what was said of a photo."""
        got = self.client.get_item(TableName=self.table, Key=_key(_photo_key(photo_id)), ConsistentRead=True)
        return _photo_from(got["Item"]) if "Item" in got else None

    def add(self, photo: Shadowed, now: datetime) -> bool:
        """Keep a photo and count it, in one step; False when it was kept before."""
        pair, gone_at = _pair_of(photo), now + _COUNTS_KEPT
        put = {
            "TableName": self.table,
            "Item": _item_of(photo),
            "ConditionExpression": "attribute_not_exists(photo_id)",
        }
        by_species = self._counting(
            _species_key(pair, photo.champion.species_id),
            species_counts_of(photo),
            fresh_contribution=_species_list(pair),
            created_at=photo.champion.species_id,
            gone_at=gone_at,
        )
        counts = self._counting(_pair_key(pair), counts_of(photo), last_at=_text(now), gone_at=gone_at)
        return self._written([{"Put": put}, {"Update": counts}, {"Update": by_species}])

    def name(self, photo: Shadowed, species_id: str) -> bool:
        """Note the name that somebody gave a photo and count it, in one step; False when one was noted before."""
        note = {
            "TableName": self.table,
            "Key": _key(_photo_key(photo.photo_id)),
            "UpdateExpression": "SET named = :species",
            "ConditionExpression": "attribute_exists(photo_id) AND attribute_not_exists(named)",
            "ExpressionAttributeValues": {":species": {"S": species_id}},
        }
        counts = self._counting(_pair_key(_pair_of(photo)), name_counts_of(photo, species_id))
        return self._written([{"Update": note}, {"Update": counts}])

    def forget(self, photo_id: str) -> None:
        """Remove what was said of a photo, if anything was; the counts stay, and tell of nobody."""
        self.client.delete_item(TableName=self.table, Key=_key(_photo_key(photo_id)))

    def note_trouble(self, version: str, trouble: Trouble) -> None:
        """Keep why a version could not score, in place of what was kept before."""
        self.client.put_item(
            TableName=self.table,
            Item={
                **_key(_trouble_key(version)),
                "reason": {"S": trouble.reason},
                "at": {"S": _text(trouble.at)},
                PHOTOS_TTL_ATTRIBUTE: _gone(trouble.at + _COUNTS_KEPT),
            },
        )

    def trouble(self, version: str) -> Trouble | None:
        """Return why a version could not score when it last could not."""
        got = self.client.get_item(TableName=self.table, Key=_key(_trouble_key(version)))
        if "Item" not in got:
            return None
        return Trouble(got["Item"]["reason"]["S"], datetime.fromisoformat(got["Item"]["at"]["S"]))

    def pairs(self, challenger: str, champions: Sequence[str]) -> Mapping[str, PairCounts]:
        """Return the counts of a challenger beside each of those champions (100 at most), as far as there are any."""
        by_key = {_pair_key((challenger, champion)): champion for champion in champions}
        return {
            by_key[item["photo_id"]["S"]]: PairCounts(
                _counts_in(item), datetime.fromisoformat(item[_LAST]["S"]) if _LAST in item else None
            )
            for item in self._read(list(by_key))
        }

    def by_species(self, challenger: str, champion: str) -> Mapping[str, Mapping[str, int]]:
        """Return the counts of each species that the champion named."""
        listed: dict[str, str] = {}
        pages = self.client.get_paginator("query").paginate(**self._listed(_species_list((challenger, champion))))
        for page in pages:
            listed |= {item["photo_id"]["S"]: item["created_at"]["S"] for item in page["Items"]}
        return {listed[item["photo_id"]["S"]]: _counts_in(item) for item in self._read(list(listed))}

    def disagreements(self, challenger: str, champion: str, *, limit: int) -> Sequence[Shadowed]:
        """Return the latest photos that the two named differently, the newest first; of one forgotten nothing is left."""
        got = self.client.query(
            **self._listed(_others_list((challenger, champion))), ScanIndexForward=False, Limit=limit
        )
        found = [_photo_from(item) for item in self._read([item["photo_id"]["S"] for item in got["Items"]])]
        return sorted(found, key=lambda photo: (photo.created_at, photo.photo_id), reverse=True)

    def _listed(self, name: str) -> Any:
        return {
            "TableName": self.table,
            "IndexName": PHOTOS_FRESH_INDEX,
            "KeyConditionExpression": "fresh_contribution = :name",
            "ExpressionAttributeValues": {":name": {"S": name}},
        }

    def _read(self, keys: Sequence[str]) -> list[Item]:
        found: list[Any] = []
        for start in range(0, len(keys), _BATCH_READS):
            asked = [_key(key) for key in keys[start : start + _BATCH_READS]]
            wanted: Any = {self.table: {"Keys": asked, "ConsistentRead": True}}
            while wanted:
                got = self.client.batch_get_item(RequestItems=wanted)
                found += got["Responses"].get(self.table, [])
                wanted = got.get("UnprocessedKeys") or {}
        return found

    def _counting(self, key: str, counts: Mapping[str, int], *, gone_at: datetime | None = None, **texts: str) -> Any:
        grown = {name: count for name, count in counts.items() if count}
        values: Item = {f":n{number}": {"N": str(count)} for number, count in enumerate(grown.values())}
        values |= {f":t{number}": {"S": text} for number, text in enumerate(texts.values())}
        names = {f"#n{number}": name for number, name in enumerate(grown)}
        names |= {f"#t{number}": name for number, name in enumerate(texts)}
        settings = [f"#t{number} = :t{number}" for number in range(len(texts))]
        if gone_at is not None:
            names["#gone"], values[":gone"] = PHOTOS_TTL_ATTRIBUTE, _gone(gone_at)
            settings.append("#gone = :gone")
        adding = "ADD " + ", ".join(f"#n{number} :n{number}" for number in range(len(grown)))
        return {
            "TableName": self.table,
            "Key": _key(key),
            "UpdateExpression": f"SET {', '.join(settings)} {adding}" if settings else adding,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    def _written(self, writes: list[Any]) -> bool:
        """Write together; False when a condition says that it was done before."""
        for meeting in range(_MEETINGS):
            try:
                self.client.transact_write_items(TransactItems=writes)
            except ClientError as error:
                reasons = _reasons(error)
                if "ConditionalCheckFailed" in reasons:
                    return False
                if meeting == _MEETINGS - 1 or "TransactionConflict" not in reasons:
                    raise
            else:
                break
        return True


def _reasons(error: ClientError) -> set[str]:
    response: Any = error.response
    return {str(reason.get("Code")) for reason in response.get("CancellationReasons", [])}


def _key(key: str) -> Item:
    return {"photo_id": {"S": key}}


def _pair_of(photo: Shadowed) -> tuple[str, str]:
    return photo.challenger.version, photo.champion.version


def _photo_key(photo_id: str) -> str:
    return f"{SHADOW_PREFIX}photo#{photo_id}"


def _pair_key(pair: tuple[str, str]) -> str:
    return f"{SHADOW_PREFIX}pair#{'#'.join(pair)}"


def _species_key(pair: tuple[str, str], species_id: str) -> str:
    return f"{_species_list(pair)}#{species_id}"


def _species_list(pair: tuple[str, str]) -> str:
    return f"{SHADOW_PREFIX}species#{'#'.join(pair)}"


def _others_list(pair: tuple[str, str]) -> str:
    return f"{SHADOW_PREFIX}other#{'#'.join(pair)}"


def _trouble_key(version: str) -> str:
    return f"{SHADOW_PREFIX}trouble#{version}"


def _counts_in(item: Mapping[str, Any]) -> Mapping[str, int]:
    return {name: int(value["N"]) for name, value in item.items() if "N" in value and name != PHOTOS_TTL_ATTRIBUTE}


def _item_of(photo: Shadowed) -> Item:
    item: Item = {
        **_key(_photo_key(photo.photo_id)),
        "created_at": {"S": _text(photo.created_at)},
        "in_three": {"BOOL": photo.in_three},
        "challenger_ms": {"N": repr(round(photo.challenger_ms, 3))},
        PHOTOS_TTL_ATTRIBUTE: _gone(photo.gone_at),
    }
    for name, side in (("champion", photo.champion), ("challenger", photo.challenger)):
        item[name] = {
            "M": {
                "version": {"S": side.version},
                "species_id": {"S": side.species_id},
                "score": {"N": repr(side.score)},
                "is_unfamiliar": {"BOOL": side.is_unfamiliar},
            }
        }
    if not photo.is_same:
        item["fresh_contribution"] = {"S": _others_list(_pair_of(photo))}
    return item


def _photo_from(item: Mapping[str, Any]) -> Shadowed:
    def side(name: str) -> Side:
        held = item[name]["M"]
        return Side(
            held["version"]["S"], held["species_id"]["S"], float(held["score"]["N"]), held["is_unfamiliar"]["BOOL"]
        )

    return Shadowed(
        photo_id=item["photo_id"]["S"].removeprefix(_photo_key("")),
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        champion=side("champion"),
        challenger=side("challenger"),
        in_three=item["in_three"]["BOOL"],
        challenger_ms=float(item["challenger_ms"]["N"]),
        named=item["named"]["S"] if "named" in item else None,
    )


def _gone(moment: datetime) -> Item:
    return {"N": str(int(moment.timestamp()))}


def _text(moment: datetime) -> str:
    # Fixed width, so that text sorts as time does.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
