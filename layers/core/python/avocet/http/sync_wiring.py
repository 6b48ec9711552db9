"""What the functions of a sync share; nothing here needs numpy or Kaggle's client."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from avocet.adapters.archive_store import S3Archives
from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.sync_record import DynamoSyncRecords
from avocet.http import learning_wiring
from avocet.http.wiring import settings
from avocet.usecases.fetch_archive import Beat

_THREADS = 4


@cache
def threads() -> ThreadPoolExecutor:
    """Return the threads that wait for the network."""
    return ThreadPoolExecutor(max_workers=_THREADS)


@cache
def sync_records() -> DynamoSyncRecords:
    """Return the keeper of the record."""
    settings().require("dataset_table")
    return DynamoSyncRecords(dynamodb_client(), settings().dataset_table)


@cache
def archives() -> S3Archives:
    """Return the bucket where archives lie."""
    settings().require("raw_bucket")
    return S3Archives(s3_client(), settings().raw_bucket)


def beat_of(event: Mapping[str, Any]) -> Beat:
    """Return the attempt's signs of life; what is logged from here on carries its correlation id."""
    job_id, fence = learning_wiring.begin_step(event)

    def beat(advance: int, total: int | None, note: str) -> None:
        learning_wiring.jobs().beat(job_id, fence, advance=advance, total=total, note=note)

    return beat
