"""The adapters that more than one function needs, made once per process on first use, from the settings.

Nothing here may import numpy or the photo's decoder: most functions have no layer for them.
"""

from functools import cache
from typing import TYPE_CHECKING

from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.dynamodb import DynamoPeople, DynamoPhotoRecords
from avocet.adapters.s3 import S3Originals, S3RawPhotos
from avocet.settings import Settings

if TYPE_CHECKING:
    from avocet.adapters.trust_book import DynamoTrustBook


@cache
def settings() -> Settings:
    """Return this process's settings."""
    return Settings.from_environment()


@cache
def records() -> DynamoPhotoRecords:
    """Return the photos table."""
    settings().require("photos_table")
    return DynamoPhotoRecords(dynamodb_client(), settings().photos_table)


@cache
def people() -> DynamoPeople:
    """Return the people table."""
    settings().require("people_table")
    return DynamoPeople(dynamodb_client(), settings().people_table)


@cache
def trust_book() -> "DynamoTrustBook":
    """Return what is known of people's labels."""
    # Here, not above: few functions ask who is trusted.
    from avocet.adapters.trust_book import DynamoTrustBook

    settings().require("people_table")
    return DynamoTrustBook(dynamodb_client(), settings().people_table)


@cache
def originals() -> S3Originals:
    """Return the bucket of photos as they came."""
    settings().require("uploads_bucket")
    return S3Originals(s3_client(), settings().uploads_bucket)


@cache
def raw_photos() -> S3RawPhotos:
    """Return the bucket of contributed photos."""
    settings().require("raw_bucket")
    return S3RawPhotos(s3_client(), settings().raw_bucket)
