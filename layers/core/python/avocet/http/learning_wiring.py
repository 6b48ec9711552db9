"""What the functions around jobs and the dataset share, made once per process on first use; nothing here needs numpy."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from avocet.adapters import system
from avocet.adapters.admin_topic import AdminTopic
from avocet.adapters.aws import dynamodb_client, s3_client, sns_client, stepfunctions_client
from avocet.adapters.dataset_records import DynamoDatasetPhotos, DynamoHeads, DynamoStandings
from avocet.adapters.job_ledger import DynamoJobLedger
from avocet.adapters.job_machines import JobMachines
from avocet.adapters.label_cases import DynamoLabelCases
from avocet.adapters.notice_book import DynamoNoticeBook
from avocet.adapters.objects import S3Objects
from avocet.adapters.picture_book import DynamoPictureBook
from avocet.http.wiring import records, settings
from avocet.observability import follow, log
from avocet.usecases.notify import Notify
from avocet.usecases.run_jobs import RunJobs
from avocet.usecases.watch_triggers import WatchTriggers


@cache
def ledger() -> DynamoJobLedger:
    """Return the jobs table."""
    settings().require("jobs_table")
    return DynamoJobLedger(dynamodb_client(), settings().jobs_table)


@cache
def notifier() -> Notify:
    """Return what tells the admins; it never fails whoever has something to tell."""
    settings().require("admin_topic", "notices_table")
    return Notify(
        postbox=AdminTopic(sns_client(), settings().admin_topic),
        book=DynamoNoticeBook(dynamodb_client(), settings().notices_table),
        clock=system.now,
        new_id=system.new_id,
        outages=(ClientError, BotoCoreError),
    )


@cache
def jobs() -> RunJobs:
    """Return the one way in which jobs change."""
    settings().require("job_machines", "job_kinds")
    machines = JobMachines(stepfunctions_client(), settings().job_machines, frozenset(settings().job_kinds.split(",")))
    return RunJobs(
        ledger=ledger(),
        launcher=machines,
        notifier=notifier(),
        clock=system.now,
        new_id=system.new_id,
    )


@cache
def clean_objects() -> S3Objects:
    """Return the clean bucket."""
    settings().require("clean_bucket")
    return S3Objects(s3_client(), settings().clean_bucket)


def begin_step(event: Mapping[str, Any]) -> tuple[str, int]:
    """Say that a step of a job's machine begins, and return job id and fencing token.

    What is logged from here on carries the correlation id of whoever asked for the job.
    """
    follow(str(event["correlation_id"]))
    job_id, fence = str(event["job_id"]), int(event["fence"])
    log("step", job_id=job_id, fence=fence, step=event.get("step"))
    return job_id, fence


@cache
def raw_objects() -> S3Objects:
    """Return the raw bucket."""
    settings().require("raw_bucket")
    return S3Objects(s3_client(), settings().raw_bucket)


@cache
def dataset_photos() -> DynamoDatasetPhotos:
    """Return the dataset's records of photos."""
    settings().require("dataset_table")
    return DynamoDatasetPhotos(dynamodb_client(), settings().dataset_table)


@cache
def label_cases() -> DynamoLabelCases:
    """Return the labels that a person settled, or has to."""
    settings().require("dataset_table")
    return DynamoLabelCases(dynamodb_client(), settings().dataset_table)


@cache
def heads() -> DynamoHeads:
    """Return the dataset's head."""
    settings().require("dataset_table")
    return DynamoHeads(dynamodb_client(), settings().dataset_table)


@cache
def standings() -> DynamoStandings:
    """Return how far each species is."""
    settings().require("dataset_table")
    return DynamoStandings(dynamodb_client(), settings().dataset_table)


@cache
def picture_book() -> DynamoPictureBook:
    """Return which photo people are shown of each species."""
    settings().require("dataset_table")
    return DynamoPictureBook(dynamodb_client(), settings().dataset_table)


@cache
def triggers() -> WatchTriggers:
    """Return the eye on what people gave."""
    settings().require("gate_floor_photos", "refresh_floor_contributions")
    return WatchTriggers(
        counts=records(),
        heads=heads(),
        standings=standings(),
        jobs=jobs(),
        clock=system.now,
        floor_photos=int(settings().gate_floor_photos),
        floor_contributions=int(settings().refresh_floor_contributions),
    )
