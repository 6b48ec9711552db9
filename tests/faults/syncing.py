"""Campaigns of the copy of the outside set: found, fetched, taken in, against a stand-in for its host."""

import json
import os
from functools import partial
from typing import Any

import boto3

from avocet.domain.jobs import Job, JobKind, JobState
from avocet.http import learning_wiring, sync_wiring
from avocet.usecases.snapshot_store import WORK
from avocet.usecases.take_in_archive import WORK as SYNC_WORK
from tests.deployed.made_photos import made_photo
from tests.faults import office
from tests.faults.clouds import REGION, Campaigns, Cloud, Harm, Trial, forget_clients
from tests.made.kaggle import DATASET, StandIn, archive, kaggle

_LABELS = {"MALLARD DUCK": 3, "ROBIN": 2}
_PHOTOS = sum(_LABELS.values())
_SECRET = "avocet/test/kaggle"


def _found_and_fetched(here: Cloud) -> Trial:
    job = _begin(here)
    machine = office.Machine(partial(_check, here, job))
    return Trial(machine.go_on, lambda: _harm(here, job, office.Machine(partial(_list, here, job))))


def _taken_in(here: Cloud) -> Trial:
    job = _begin(here)
    office.Machine(partial(_check, here, job)).go_on()
    machine = office.Machine(partial(_list, here, job))
    return Trial(machine.go_on, lambda: _harm(here, job))


def _refused(here: Cloud) -> Trial:
    job = _begin(here, b"<html>sorry</html>" * 100)
    office.Machine(partial(_check, here, job)).go_on()
    machine = office.Machine(partial(_list, here, job))

    def harm() -> Harm:
        untold, retold = office.untold_and_retold(here, "no new photos can be fetched")
        record = sync_wiring.sync_records().read()
        return Harm(lost=untold + int(record.version_broken != 1), doubled=retold + len(_left_behind(here)))

    return Trial(machine.go_on, harm)


def _harm(here: Cloud, job: Job, rest: office.Machine | None = None) -> Harm:
    """Do what is left, and look: each photo once, one refresh, one letter, and nothing left of the archive."""
    if rest is not None:
        rest.go_on()
    here.call("close_job", office.step_of(job, result={"status": "up-to-date"}))
    untold, retold = office.untold_and_retold(here, f"{_PHOTOS} new photos fetched")
    photos = [key for key in here.made.raw_keys() if not key.startswith("archives/")]
    record = sync_wiring.sync_records().read()
    refreshes = [each for each in learning_wiring.jobs().active().jobs if each.kind is JobKind.REFRESH]
    stuck = [each for each in refreshes if not office.runs_at_last(here, each.job_id)]
    closed = learning_wiring.ledger().find_closed(job.job_id)
    return Harm(
        lost=max(0, _PHOTOS - len(photos))
        + int(record.version_taken != 1)
        + max(0, _PHOTOS - record.photos)
        + int(not refreshes)
        + len(stuck)
        + int(closed is None or closed.state is not JobState.FINISHED)
        + untold,
        doubled=max(0, len(photos) - _PHOTOS) + max(0, len(refreshes) - 1) + retold + len(_left_behind(here)),
    )


def _left_behind(here: Cloud) -> list[str]:
    archives = [key for key in here.made.raw_keys() if key.startswith("archives/")]
    return [*archives, *learning_wiring.clean_objects().keys(SYNC_WORK)]


def _check(here: Cloud, job: Job) -> office.Steps:
    return _after(here, job, here.call("sync_kaggle", office.step_of(job, step="check")))


def _fetch(here: Cloud, job: Job) -> office.Steps:
    return _after(here, job, here.call("sync_kaggle", office.step_of(job, step="fetch")))


def _after(here: Cloud, job: Job, said: dict[str, Any]) -> office.Steps:
    return [partial(_fetch, here, job)] if said["next"] == "fetch" else []


def _list(here: Cloud, job: Job) -> office.Steps:
    listed = here.call("sync_extract", office.step_of(job, step="list"))
    if listed["next"] != "extract":
        return []

    def take(batch: str) -> office.Steps:
        here.call("sync_extract", office.step_of(job, step="batch", batch=batch))
        return ()

    def finish() -> office.Steps:
        here.call("sync_extract", office.step_of(job, step="finish", batches=listed["batches"]))
        return ()

    return [*(partial(take, batch) for batch in listed["batches"]), finish]


def _begin(here: Cloud, data: bytes = b"") -> Job:
    """Let the host offer a first version, of which nothing is here yet."""
    if "host" not in here.kept:
        here.kept["host"] = here.until_its_end.enter_context(kaggle(StandIn()))
        here.kept["archive"] = archive(made_photo, _LABELS)
        secret = json.dumps(here.kept["host"].secret)
        boto3.client("secretsmanager", region_name=REGION).create_secret(Name=_SECRET, SecretString=secret)
        os.environ.update({"AVOCET_KAGGLE_CREDENTIALS": _SECRET, "AVOCET_KAGGLE_DATASET": DATASET})
        forget_clients()
    office.clear_desk(here)
    here.kept["host"].archive = data or here.kept["archive"]
    here.made.empty_dataset()
    for key in here.made.raw_keys():
        here.made.s3.delete_object(Bucket="raw", Key=key)
    for prefix in (SYNC_WORK, WORK):
        for key in list(learning_wiring.clean_objects().keys(prefix)):
            learning_wiring.clean_objects().purge(key)
    return office.asked_for(JobKind.SYNC)


CAMPAIGNS: Campaigns = {
    "sync_kaggle": {"a new version": _found_and_fetched},
    "sync_extract": {"a sound archive": _taken_in, "a broken archive": _refused},
}
