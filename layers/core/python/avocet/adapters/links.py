"""Links by which a browser may fetch one object of a bucket for a while; whoever holds one needs no account."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class S3Links:
    """Signs them."""

    client: "S3Client"
    bucket: str

    def link_to(self, key: str, *, lifetime_s: int, save_as: str = "") -> str:
        """Return the link; ``save_as`` has browsers keep the object under that name."""
        asked: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        if save_as:
            asked["ResponseContentDisposition"] = f'attachment; filename="{save_as}"'
        return self.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=lifetime_s)
