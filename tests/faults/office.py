"""Jobs for campaigns: a desk with nothing on it, jobs that run, the post that went out, and time that passes."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError
from moto.sns.models import sns_backends

from avocet.domain.jobs import Job, JobKind, JobState, Request
from avocet.http import learning_wiring, wiring
from avocet.usecases.snapshot_store import WORK
from tests.faults.clouds import ACCOUNT, REGION, Cloud, Harm

if TYPE_CHECKING:
    from collections.abc import Iterator

Answer = Mapping[str, Any]

DONE: Answer = {"statusCode": 200, "body": "{}"}
NOT_DONE: Answer = {"statusCode": 500, "body": json.dumps({"status": 500})}

Step = Callable[[], "Steps"]
Steps = Sequence[Step]

_COUNTER = "#fresh#0#{}"


class Machine:
    """A job's machine: it tries a step again until it is done, goes on with those that follow, and never goes back."""

    def __init__(self, first: Step) -> None:
        self._due: list[Step] = [first]
        self._last: Step = first

    def go_on(self) -> Answer:
        """Take the steps that are due; when there are none, the last one comes twice."""
        if not self._due:
            self._last()
        while self._due:
            self._last = self._due[0]
            self._due[:1] = self._last()
        return DONE


def clear_desk(here: Cloud) -> None:
    """Take every job, letter, fault and counter away; fencing tokens go on where they were."""
    ledger = learning_wiring.ledger().load()
    if ledger.jobs:
        learning_wiring.ledger().save(replace(ledger, jobs=()))
    for item in here.made.dynamodb.scan(TableName="notices")["Items"]:
        here.made.dynamodb.delete_item(TableName="notices", Key={"key": item["key"]})
    for species_id in here.kept.pop("counted species", ()):
        here.made.dynamodb.delete_item(TableName="photos", Key={"photo_id": {"S": _COUNTER.format(species_id)}})
    _post().clear()


def next_fence() -> int:
    """Hand out a fencing token as a job's start does: for what is written without a job."""
    ledger = learning_wiring.ledger().load()
    return learning_wiring.ledger().save(replace(ledger, last_fence=ledger.last_fence + 1)).last_fence


def asked_for(kind: JobKind, **parameters: str) -> Job:
    """Ask for a job; it runs where nothing stands in its way. What was told of that is forgotten."""
    job = learning_wiring.jobs().request(Request(kind, "admin", parameters))
    _post().clear()
    return job


def step_of(job: Job, **more: Any) -> dict[str, Any]:
    """What the job's machine sends a function."""
    return {"job_id": job.job_id, "fence": job.fence, "correlation_id": job.correlation_id, **more}


def leave_work(job: Job) -> None:
    """Leave a working file of the job, as its steps do."""
    learning_wiring.clean_objects().put(f"{WORK}{job.job_id}/{job.fence}/batch-0.json", b"photos")


def work_left(job: Job) -> int:
    """Count the working files of a job."""
    return len(list(learning_wiring.clean_objects().keys(f"{WORK}{job.job_id}/")))


def count_fresh(here: Cloud, species_id: str, contributions: int) -> None:
    """Count so many contributions of a species that no refresh has acted on."""
    here.kept.setdefault("counted species", set()).add(species_id)
    here.made.dynamodb.put_item(
        TableName="photos",
        Item={
            "photo_id": {"S": _COUNTER.format(species_id)},
            "fresh_contribution": {"S": "counted"},
            "created_at": {"S": species_id},
            "fresh_count": {"N": str(contributions)},
        },
    )


def silent(here: Cloud, job: Job, *, attempt: int = 1) -> Job:
    """Let nobody have heard from the running job for long, in that attempt."""
    ledger = learning_wiring.ledger().load()
    mute = replace(job, attempt=attempt, silent_beat=job.beat, silent_since=here.now() - timedelta(hours=1))
    learning_wiring.ledger().save(ledger.with_job(mute))
    return mute


def was_launched(job: Job) -> bool:
    """Whether the job's machine was started for the attempt at which it is."""
    name = f"avocet-test-{job.kind.replace('_', '-')}:{job.job_id}-{job.fence}"
    try:
        boto3.client("stepfunctions", region_name=REGION).describe_execution(
            executionArn=f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{name}"
        )
    except ClientError:
        return False
    return True


def runs_at_last(here: Cloud, job_id: str) -> bool:
    """Whether a job that may run is begun: at once, or when the next sweeps find that its start was cut off.

    A sweep whose clock was ahead puts that off by as much.
    """
    for minutes in (0, 5, 10, 15, 20):
        job = learning_wiring.jobs().active().find(job_id)
        if job is not None and job.state is JobState.RUNNING and was_launched(job):
            return True
        with later(here, minutes=minutes):
            here.call("sweep_jobs", {})
    return False


def one_begun(here: Cloud, kind: JobKind) -> Harm:
    """Harm to a job of that kind that was to be asked for: exactly one, which is begun."""
    found = [job for job in learning_wiring.jobs().active().jobs if job.kind is kind]
    stuck = [job for job in found if not runs_at_last(here, job.job_id)]
    return Harm(lost=int(not found) + len(stuck), doubled=max(0, len(found) - 1))


def untold_and_retold(here: Cloud, subject: str) -> tuple[int, int]:
    """Return how often a notice never went out, and how many more notices than one there were of it.

    Letters whose sending was uncertain are sent again; the same letter twice is no second notice.
    """
    # Faults that came back are told again after an hour.
    with later(here, hours=2):
        learning_wiring.notifier().deliver()
    told = {(title, text) for _, text, title, *_ in _post() if title and subject in title}
    return int(not told), max(0, len(told) - 1)


@contextmanager
def later(here: Cloud, **span: float) -> "Iterator[None]":
    """Let that much more time have passed inside the block."""
    before, here.off_by = here.off_by, here.off_by + timedelta(**span)
    try:
        yield
    finally:
        here.off_by = before


def answered(is_right: Callable[[], bool]) -> Answer:
    """Return what a function without a request of the page answers."""
    return DONE if is_right() else NOT_DONE


@contextmanager
def setting(**values: str) -> "Iterator[None]":
    """Let the deployment be set up so inside the block."""
    with patch.dict("os.environ", values):
        wiring.settings.cache_clear()
        try:
            yield
        finally:
            wiring.settings.cache_clear()


def _post() -> list[Any]:
    topic = sns_backends[ACCOUNT][REGION].topics[f"arn:aws:sns:{REGION}:{ACCOUNT}:admins"]
    sent: list[Any] = topic.sent_notifications
    return sent
