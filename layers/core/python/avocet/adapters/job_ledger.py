"""The jobs table: the ledger of active jobs as one item saved under a condition, and every closed job after it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.jobs import Job, JobKind, JobState, Ledger
from avocet.domain.sayings import Saying
from avocet.settings import JOBS_CLOSED_INDEX
from avocet.usecases.ports import StaleRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_LEDGER_KEY = "#ledger"
_CLOSED = "closed"
_MOMENTS = ("requested_at", "started_at", "finished_at", "silent_since")


@dataclass(frozen=True)
class DynamoJobLedger:
    """The table."""

    client: "DynamoDBClient"
    table: str

    def load(self) -> Ledger:
        """Return the ledger as last saved."""
        item = self._item(_LEDGER_KEY)
        if item is None:
            return Ledger()
        values = json.loads(item["record"]["S"])
        jobs = tuple(_job_from(each) for each in values["jobs"])
        return Ledger(jobs, values["last_fence"], int(item["version"]["N"]))

    def save(self, ledger: Ledger) -> Ledger:
        """Replace the ledger of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """
        saved = replace(ledger, version=ledger.version + 1)
        record = {"jobs": [_job_values(job) for job in saved.jobs], "last_fence": saved.last_fence}
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(job_id)"}
        if ledger.version:
            condition = {
                "ConditionExpression": "#version = :read",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":read": {"N": str(ledger.version)}},
            }
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    "job_id": {"S": _LEDGER_KEY},
                    "version": {"N": str(saved.version)},
                    "record": {"S": json.dumps(record)},
                },
                **condition,
            )
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            # A write whose answer got lost is sent again by the client and meets itself.
            if self.load() != saved:
                raise StaleRecordError(_LEDGER_KEY) from error
        return saved

    def archive(self, job: Job) -> None:
        """Keep a closed job; doing it again changes nothing."""
        finished_at = job.finished_at.isoformat(timespec="microseconds") if job.finished_at else ""
        item: dict[str, Any] = {
            "job_id": {"S": job.job_id},
            "closed": {"S": _CLOSED},
            "finished_at": {"S": finished_at},
            "record": {"S": json.dumps(_job_values(job))},
        }
        if job.failure is not None:
            # Beside the record, of which an earlier release takes nothing that it does not know.
            item["failure"] = {"S": json.dumps(asdict(job.failure))}
        self.client.put_item(TableName=self.table, Item=item)

    def find_closed(self, job_id: str) -> Job | None:
        """Return a closed job."""
        item = self._item(job_id) if job_id != _LEDGER_KEY else None
        return _closed_job_from(item) if item else None

    def history(self, limit: int) -> Sequence[Job]:
        """Return the jobs closed last, newest first."""
        got = self.client.query(
            TableName=self.table,
            IndexName=JOBS_CLOSED_INDEX,
            KeyConditionExpression="closed = :closed",
            ExpressionAttributeValues={":closed": {"S": _CLOSED}},
            ScanIndexForward=False,
            Limit=limit,
        )
        return [_closed_job_from(item) for item in got["Items"]]

    def _item(self, key: str) -> Mapping[str, Any] | None:
        return self.client.get_item(TableName=self.table, Key={"job_id": {"S": key}}, ConsistentRead=True).get("Item")


def _job_values(job: Job) -> dict[str, Any]:
    values = asdict(job)
    del values["failure"]
    for name in _MOMENTS:
        values[name] = values[name].isoformat() if values[name] else None
    return values


def _closed_job_from(item: Mapping[str, Any]) -> Job:
    failure = Saying(**json.loads(item["failure"]["S"])) if "failure" in item else None
    return replace(_job_from(json.loads(item["record"]["S"])), failure=failure)


def _job_from(values: Mapping[str, Any]) -> Job:
    moments = {name: datetime.fromisoformat(values[name]) if values[name] else None for name in _MOMENTS}
    changed: dict[str, Any] = {
        **values,
        **moments,
        "kind": JobKind(values["kind"]),
        "state": JobState(values["state"]),
        "waits_for": tuple(values["waits_for"]),
    }
    return Job(**changed)
