"""What the functions around jobs and the dataset share, made once per process on first use; nothing here needs numpy."""

from functools import cache

from avocet.adapters import system
from avocet.adapters.admin_topic import AdminTopic
from avocet.adapters.aws import dynamodb_client, s3_client, sns_client, stepfunctions_client
from avocet.adapters.dataset_records import DynamoDatasetPhotos, DynamoHeads, DynamoStandings
from avocet.adapters.job_ledger import DynamoJobLedger
from avocet.adapters.job_machines import JobMachines
from avocet.adapters.objects import S3Objects
from avocet.http.wiring import settings
from avocet.usecases.run_jobs import RunJobs


@cache
def ledger() -> DynamoJobLedger:
    """Return the jobs table."""
    settings().require("jobs_table")
    return DynamoJobLedger(dynamodb_client(), settings().jobs_table)


@cache
def jobs() -> RunJobs:
    """Return the one way in which jobs change."""
    settings().require("job_machines", "job_kinds", "admin_topic")
    machines = JobMachines(stepfunctions_client(), settings().job_machines, frozenset(settings().job_kinds.split(",")))
    return RunJobs(
        ledger=ledger(),
        launcher=machines,
        notifier=AdminTopic(sns_client(), settings().admin_topic),
        clock=system.now,
        new_id=system.new_id,
    )


@cache
def clean_objects() -> S3Objects:
    """Return the clean bucket."""
    settings().require("clean_bucket")
    return S3Objects(s3_client(), settings().clean_bucket)


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
def heads() -> DynamoHeads:
    """Return the dataset's head."""
    settings().require("dataset_table")
    return DynamoHeads(dynamodb_client(), settings().dataset_table)


@cache
def standings() -> DynamoStandings:
    """Return how far each species is."""
    settings().require("dataset_table")
    return DynamoStandings(dynamodb_client(), settings().dataset_table)
