"""Photos and bundles in S3; refuses to read what is larger than the caller allows."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.contribution import PhotoChangedError, TooManyBytesError
from avocet.usecases.ports import BrokenBundleError, Original, UploadGrant

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUNDLE_FILES = ("bundle.json", "model.onnx", "self_test.npz")

_CHUNK_BYTES = 1024 * 1024
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(frozen=True)
class S3Originals:
    """Photos as they came, under ``photos/<photo_id>``; the bucket's lifecycle deletes them."""

    client: "S3Client"
    bucket: str

    def grant_upload(self, photo_id: str, *, max_bytes: int, expires_at: datetime) -> UploadGrant:
        """Sign a browser form for this one key; S3 itself enforces the size."""
        posted = self.client.generate_presigned_post(
            self.bucket,
            _original_key(photo_id),
            Conditions=[["content-length-range", 1, max_bytes]],
            ExpiresIn=max(1, round((expires_at - datetime.now(UTC)).total_seconds())),
        )
        return UploadGrant(posted["url"], posted["fields"], expires_at)

    def put(self, photo_id: str, data: bytes) -> None:
        """Store a photo that came with the request."""
        self.client.put_object(
            Bucket=self.bucket, Key=_original_key(photo_id), Body=data, ContentType="application/octet-stream"
        )

    def get(self, photo_id: str, *, max_bytes: int, tag: str | None = None) -> Original | None:
        """Return the photo, or None when there is none.

        Raises:
            TooManyBytesError: It is larger than ``max_bytes``; it is then not read.
            PhotoChangedError: ``tag`` is given and names other bytes.
        """
        asked: dict[str, Any] = {"Bucket": self.bucket, "Key": _original_key(photo_id)}
        if tag is not None:
            asked["IfMatch"] = tag
        try:
            got = self.client.get_object(**asked)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return None
            if _code(error) in {"PreconditionFailed", "412"}:
                raise PhotoChangedError("The upload was overwritten after it was identified. Send it again.") from error
            raise
        with got["Body"] as body:
            if got["ContentLength"] > max_bytes:
                raise TooManyBytesError(f"The photo has {got['ContentLength']} bytes; at most {max_bytes} are taken.")
            return Original(body.read(), got["ETag"])


@dataclass(frozen=True)
class S3RawPhotos:
    """Contributed photos in the raw zone."""

    client: "S3Client"
    bucket: str

    def put(self, key: str, data: bytes) -> None:
        """Store a JPEG, over whatever is there."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType="image/jpeg")

    def copy(self, source_key: str, target_key: str) -> bool:
        """Copy a photo; False when there is none at ``source_key``."""
        try:
            self.client.copy_object(
                Bucket=self.bucket, Key=target_key, CopySource={"Bucket": self.bucket, "Key": source_key}
            )
        except ClientError as error:
            if _code(error) in _ABSENT:
                return False
            raise
        return True

    def has(self, key: str) -> bool:
        """Whether a photo lies at ``key``."""
        try:
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return False
            raise
        return True

    def delete(self, key: str) -> None:
        """Remove the photo at ``key``, if there is one."""
        self.client.delete_object(Bucket=self.bucket, Key=key)


@dataclass(frozen=True)
class S3Bundles:
    """Model bundles under ``bundles/<model_version>/``."""

    client: "S3Client"
    bucket: str

    def fetch(self, model_version: str, folder: Path) -> None:
        """Write the bundle's files into ``folder``, fetched side by side and never whole in memory.

        Raises:
            BrokenBundleError: A file is missing.
        """
        with ThreadPoolExecutor(max_workers=len(BUNDLE_FILES)) as pool:
            fetched = pool.map(lambda name: self._fetch_file(model_version, folder / name), BUNDLE_FILES)
        for _ in fetched:
            pass

    def _fetch_file(self, model_version: str, file: Path) -> None:
        key = f"bundles/{model_version}/{file.name}"
        try:
            with self.client.get_object(Bucket=self.bucket, Key=key)["Body"] as body, file.open("wb") as written:
                shutil.copyfileobj(body, written, _CHUNK_BYTES)
        except ClientError as error:
            if _code(error) in _ABSENT:
                raise BrokenBundleError(f"{key} is missing") from error
            raise


def _original_key(photo_id: str) -> str:
    return f"photos/{photo_id}"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
