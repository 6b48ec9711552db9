"""Archives in a bucket: stored by parts, read by ranges. S3's own list of parts is the only memory of how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.adapters.objects import S3Objects

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(frozen=True)
class S3Archives:
    """The bucket."""

    client: "S3Client"
    bucket: str

    def begin(self, key: str) -> str:
        """Open an upload in parts and return its id."""
        return self.client.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType="application/zip")[
            "UploadId"
        ]

    def parts(self, key: str, upload_id: str) -> Mapping[int, int] | None:
        """Return the size in bytes of each part that is there, by number; None when there is no such upload."""
        found = self._parts(key, upload_id)
        return None if found is None else {part["PartNumber"]: part["Size"] for part in found}

    def _parts(self, key: str, upload_id: str) -> list[Any] | None:
        found: list[Any] = []
        try:
            for page in self.client.get_paginator("list_parts").paginate(
                Bucket=self.bucket, Key=key, UploadId=upload_id
            ):
                found += page.get("Parts", [])
        except ClientError as error:
            if _code(error) == "NoSuchUpload":
                return None
            raise
        return found

    def put_part(self, key: str, upload_id: str, number: int, data: bytes) -> None:
        """Store a part, over whatever is there under that number."""
        self.client.upload_part(Bucket=self.bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data)

    def complete(self, key: str, upload_id: str) -> None:
        """Make the parts one object; nothing happens when that was done before."""
        found = self._parts(key, upload_id)
        if found is None:
            return
        parts: list[Any] = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in found]
        self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )

    def abort(self, key: str, upload_id: str) -> None:
        """Throw an upload away, if it is there."""
        try:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if _code(error) != "NoSuchUpload":
                raise

    def read(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``."""
        got = self.client.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={start}-{end - 1}")
        with got["Body"] as body:
            return body.read()

    def size_bytes(self, key: str) -> int | None:
        """Return the object's size; None when there is none."""
        try:
            return self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if _code(error) in _ABSENT:
                return None
            raise

    def purge(self, key: str) -> None:
        """Remove the object in all its versions."""
        S3Objects(self.client, self.bucket).purge(key)


def _code(error: ClientError) -> str:
    response: Any = error.response
    return str(response.get("Error", {}).get("Code", ""))
