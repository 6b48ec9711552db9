"""A bucket as the dataset's use cases see it; it refuses nothing and remembers nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.usecases.dataset_ports import TaggedObject

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
_TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})


@dataclass(frozen=True)
class S3Objects:
    """One bucket."""

    client: "S3Client"
    bucket: str

    def get(self, key: str) -> bytes | None:
        """Return an object, or None when there is none."""
        found = self.read_tagged(key)
        return None if found is None else found.data

    def read_tagged(self, key: str) -> TaggedObject | None:
        """Return an object with its tag, or None when there is none."""
        try:
            got = self.client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return None
            raise
        with got["Body"] as body:
            return TaggedObject(body.read(), got["ETag"])

    def put(self, key: str, data: bytes) -> None:
        """Store an object, over whatever is there."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def put_new(self, key: str, data: bytes) -> bool:
        """Store an object unless there is one already; return whether it was stored."""
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=data, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) in _TAKEN:
                return False
            raise
        return True

    def replace(self, key: str, data: bytes, tag: str) -> bool:
        """Store an object over the one with that tag; return whether it was still the one there."""
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=data, IfMatch=tag)
        except ClientError as error:
            # An object that was removed meanwhile is not found.
            if _code(error) in _TAKEN | _ABSENT:
                return False
            raise
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``, in order."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                yield entry["Key"]

    def purge(self, key: str, *, keep_newest: bool = False) -> None:
        """Remove an object in all its versions, or all but the newest; nothing happens when there is none."""
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=key):
            entries: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            for entry in entries:
                if entry["Key"] == key and not (keep_newest and entry["IsLatest"]):
                    self.client.delete_object(Bucket=self.bucket, Key=key, VersionId=entry["VersionId"])


def _code(error: ClientError) -> str:
    response: Any = error.response
    return str(response.get("Error", {}).get("Code", ""))
