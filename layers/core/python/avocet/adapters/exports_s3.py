"""People's exports in the bucket of temporary things, whose lifecycle removes them; an archive appears whole or not at all.

A key begins with the person's id, which is the pool's own and never what somebody typed.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from avocet.usecases.people_ports import StoredExport

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PREFIX = "exports/"
# S3 takes parts of 5 MB and more, ten thousand at the most: 80 GB.
_PART_BYTES = 8 * 1024 * 1024
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(frozen=True)
class S3Exports:
    """The exports."""

    client: "S3Client"
    bucket: str

    def find(self, owner_id: str) -> StoredExport | None:
        """Return a person's newest export."""
        found = self._head(_archive(owner_id))
        return StoredExport(_archive(owner_id), found["LastModified"], found["ContentLength"]) if found else None

    def asked_at(self, owner_id: str) -> datetime | None:
        """Return when an export was last asked for."""
        found = self._head(_wish(owner_id))
        return found["LastModified"] if found else None

    def note_asked(self, owner_id: str) -> None:
        """Note that an export is asked for now."""
        self.client.put_object(Bucket=self.bucket, Key=_wish(owner_id), Body=b"")

    def create(self, owner_id: str) -> "MultipartWriting":
        """Begin the archive."""
        return MultipartWriting(self.client, self.bucket, _archive(owner_id))

    def purge(self, owner_id: str) -> None:
        """Remove a person's exports; the bucket keeps no versions."""
        for key in (_archive(owner_id), _wish(owner_id)):
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def _head(self, key: str) -> Any:
        try:
            return self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return None
            raise


@dataclass
class MultipartWriting:
    """One object, written part by part, so that an archive of any size passes through a small memory."""

    client: "S3Client"
    bucket: str
    key: str
    _upload_id: str = ""
    _parts: list[Any] = field(default_factory=list)
    _waiting: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> "MultipartWriting":
        """Begin."""
        begun = self.client.create_multipart_upload(Bucket=self.bucket, Key=self.key, ContentType="application/zip")
        self._upload_id = begun["UploadId"]
        return self

    def __exit__(self, error_type: object, *_: object) -> Literal[False]:
        """Store the archive, or, after an error, nothing."""
        named: Any = {"Bucket": self.bucket, "Key": self.key, "UploadId": self._upload_id}
        if error_type is not None:
            self.client.abort_multipart_upload(**named)
            return False
        self._send(bytes(self._waiting))
        self.client.complete_multipart_upload(**named, MultipartUpload={"Parts": self._parts})
        return False

    def write(self, data: bytes, /) -> int:
        """Append bytes."""
        self._waiting += data
        while len(self._waiting) >= _PART_BYTES:
            part = bytes(self._waiting[:_PART_BYTES])
            del self._waiting[:_PART_BYTES]
            self._send(part)
        return len(data)

    def flush(self) -> None:
        """Do nothing; archives ask for it."""

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        sent = self.client.upload_part(
            Bucket=self.bucket, Key=self.key, UploadId=self._upload_id, PartNumber=number, Body=part
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})


def _archive(owner_id: str) -> str:
    return f"{PREFIX}{owner_id}/avocet-export.zip"


def _wish(owner_id: str) -> str:
    return f"{PREFIX}{owner_id}/asked"


def _code(error: ClientError) -> str:
    response: Any = error.response
    return str(response.get("Error", {}).get("Code", ""))
