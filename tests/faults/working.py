"""Campaigns of jobs: begun, swept, ended, with a training among them."""

import itertools
import json
import os
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3

from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.adapters.training_files import OUTPUT, key, status_bytes
from avocet.domain.dataset import Split
from avocet.domain.evaluation import Outcome, pack_outcomes
from avocet.domain.jobs import FencedOutError, Job, JobKind, JobState
from avocet.domain.learning_curve import CURVE_FILE, CurveKind, CurvePoint, LearningCurve, Phase, part_of
from avocet.domain.notifications import Language, Letter, Notice, NoticeKind, Words
from avocet.domain.prediction import ScoredSpecies
from avocet.domain.training import TrainingEvent, TrainingState, TrainingStatus, training_name
from avocet.http import learning_wiring, training_wiring
from avocet.usecases.evaluation_store import EvaluationStore
from avocet.usecases.learning_curves import LearningCurves
from avocet.usecases.notice_ports import WaitingLetter
from avocet.usecases.train import pack_output
from tests.faults import collection, office
from tests.faults.clouds import ACCOUNT, MODEL, REGION, Campaigns, Cloud, Harm, Trial, forget_clients
from tests.faults.injection import aside
from tests.made.bundles import RED, SPECIES, make_bundle

_MACHINE = {"image": "image", "instance_type": "ml.m5.large", "volume_gb": 30, "is_spot": True}
_SAGEMAKER = {
    "AVOCET_TRAINING_QUEUE": "",
    "AVOCET_TRAINING_ROLE": f"arn:aws:iam::{ACCOUNT}:role/training",
    "AVOCET_TRAINING_CODE": "s3://code/code.tar.gz",
    "AVOCET_TRAINING_MACHINES": json.dumps({"head": {**_MACHINE, "max_runtime_s": 3600, "max_wait_s": 7200}}),
}

# A training that nobody stopped; the cloud in this process takes no time for one.
_RUNS = ("InProgress", "Completed")


def _in_history(job: Job, state: JobState) -> int:
    """Return 1 where the job is not kept as one that ended so, in its present attempt."""
    kept = learning_wiring.ledger().find_closed(job.job_id)
    return int(kept is None or kept.state is not state or kept.fence != job.fence)


def _still_active(*jobs: Job) -> int:
    active = learning_wiring.jobs().active()
    return sum(active.find(job.job_id) is not None for job in jobs)


def _closed_well(here: Cloud) -> Trial:
    office.clear_desk(here)
    job = office.asked_for(JobKind.REFRESH)
    waiting = office.asked_for(JobKind.TRAIN, recipe="head")
    office.leave_work(job)
    asked = office.step_of(job, result={"snapshot_id": "a" * 64, "added": "3"})

    def harm() -> Harm:
        untold, retold = office.untold_and_retold(here, "dataset refresh finished")
        stuck = int(not office.runs_at_last(here, waiting.job_id))
        return Harm(
            lost=_in_history(job, JobState.FINISHED) + untold + stuck,
            doubled=_still_active(job) + office.work_left(job) + retold,
        )

    return Trial(lambda: office.answered(lambda: here.call("close_job", asked) == {"state": "finished"}), harm)


def _closed_badly(here: Cloud) -> Trial:
    office.clear_desk(here)
    job = office.asked_for(JobKind.EVALUATE)
    asked = office.step_of(job, error={"Error": "BrokenBundleError", "Cause": json.dumps({"errorMessage": "no graph"})})

    def harm() -> Harm:
        untold, retold = office.untold_and_retold(here, "model evaluation failed")
        return Harm(lost=_in_history(job, JobState.FAILED) + untold, doubled=_still_active(job) + retold)

    return Trial(lambda: office.answered(lambda: here.call("close_job", asked) == {"state": "failed"}), harm)


def _closed_too_late(here: Cloud) -> Trial:
    office.clear_desk(here)
    late = office.asked_for(JobKind.REFRESH)
    office.silent(here, late)
    here.call("sweep_jobs", {})
    job = learning_wiring.jobs().find(late.job_id)
    assert job.fence > late.fence
    office.leave_work(job)
    asked = office.step_of(late, result={"snapshot_id": "a" * 64})

    def harm() -> Harm:
        untold, _ = office.untold_and_retold(here, "dataset refresh finished")
        closed = learning_wiring.ledger().find_closed(job.job_id)
        # The lease is its present holder's, who has told nothing yet.
        return Harm(
            lost=int(not _still_active(job)) + int(not office.work_left(job)), doubled=int(bool(closed)) + 1 - untold
        )

    return Trial(lambda: office.answered(lambda: here.call("close_job", asked) == {"state": "superseded"}), harm)


def _swept(here: Cloud) -> Trial:
    office.clear_desk(here)
    lively = office.asked_for(JobKind.TRAIN, recipe="head")
    again = office.silent(here, office.asked_for(JobKind.VERIFY))
    given_up = office.silent(here, office.asked_for(JobKind.EVALUATE), attempt=3)
    waiting = office.asked_for(JobKind.EVALUATE, split="test")
    beats = itertools.count(1)

    def ask() -> office.Answer:
        with aside():
            _says(lively, TrainingStatus(TrainingState.IN_PROGRESS, beat=next(beats)))
        here.call("sweep_jobs", {})
        return office.DONE

    def harm() -> Harm:
        untold, retold = office.untold_and_retold(here, "model evaluation failed")
        now = learning_wiring.jobs().active().find(lively.job_id)
        stuck = [one for one in (again, waiting) if not office.runs_at_last(here, one.job_id)]
        started = learning_wiring.jobs().active().find(again.job_id)
        return Harm(
            lost=_in_history(given_up, JobState.FAILED)
            + untold
            + len(stuck)
            + int(now is None or now.fence != lively.fence),
            doubled=_still_active(given_up) + retold + int(started is None or started.fence == again.fence),
        )

    return Trial(ask, harm)


def _told_later(here: Cloud) -> Trial:
    office.clear_desk(here)
    book, long_ago = learning_wiring.notifier().book, here.now() - timedelta(hours=3)
    letter = Letter(NoticeKind.DATA, Language.EN, "Avocet: a letter that waits", "It could not be sent.")
    book.keep(WaitingLetter("letter", letter, long_ago, long_ago))
    fault = Notice(
        kind=NoticeKind.HEALTH, subject=Words("a fault", "une panne"), text=Words("Again.", "Encore."), fault="a-fault"
    )
    book.tell_fault(fault, long_ago, instead_of=None)
    book.count_fault(fault, due_at=long_ago + timedelta(hours=1))

    def ask() -> office.Answer:
        here.call("sweep_jobs", {})
        return office.DONE

    def harm() -> Harm:
        told = [office.untold_and_retold(here, subject) for subject in ("a letter that waits", "a fault")]
        return Harm(lost=sum(lost for lost, _ in told), doubled=sum(doubled for _, doubled in told))

    return Trial(ask, harm)


def _refresh_due(here: Cloud) -> Trial:
    office.clear_desk(here)
    office.count_fresh(here, RED, 5000)

    def ask() -> office.Answer:
        here.call("sweep_jobs", {})
        return office.DONE

    return Trial(ask, lambda: office.one_begun(here, JobKind.REFRESH))


def _day_breaks(here: Cloud) -> Trial:
    """The daily event comes, perhaps more than once."""
    office.clear_desk(here)
    asked = {"job": "sync", "event_id": uuid.uuid4().hex}

    def ask() -> office.Answer:
        here.call("sweep_jobs", asked)
        return office.DONE

    return Trial(ask, lambda: office.one_begun(here, JobKind.SYNC))


def _training_asked(here: Cloud) -> Trial:
    office.clear_desk(here)
    with_queue(here)
    collection.small(here).make_current()
    job = office.asked_for(JobKind.TRAIN, recipe="head")
    _queued(here)

    def ask() -> office.Answer:
        return office.answered(lambda: here.call("start_training", _start(job)) == {"training": _name(job)})

    def harm() -> Harm:
        # A worker that gets the same name twice runs it once.
        names = {json.loads(each)["TrainingJobName"] for each in _queued(here)}
        return Harm(lost=int(_name(job) not in names), doubled=len(names - {_name(job)}))

    return Trial(ask, harm)


def _training_at_sagemaker(here: Cloud) -> Trial:
    office.clear_desk(here)
    with_sagemaker(here)
    collection.small(here).make_current()
    job = office.asked_for(JobKind.TRAIN, recipe="head")

    def ask() -> office.Answer:
        return office.answered(lambda: here.call("start_training", _start(job)) == {"training": _name(job)})

    def harm() -> Harm:
        with_queue(here)
        trainings = _at_sagemaker(job)
        return Harm(lost=int(not trainings), doubled=max(0, len(trainings) - 1))

    return Trial(ask, harm)


def _training_too_late(here: Cloud) -> Trial:
    office.clear_desk(here)
    with_sagemaker(here)
    collection.small(here).make_current()
    job = office.asked_for(JobKind.TRAIN, recipe="head")
    learning_wiring.jobs().cancel(job.job_id, "admin")

    def ask() -> office.Answer:
        try:
            here.call("start_training", _start(job))
        except FencedOutError:
            return office.DONE
        return office.NOT_DONE

    def harm() -> Harm:
        with_queue(here)
        return Harm(lost=_in_history(job, JobState.CANCELLED), doubled=len(_at_sagemaker(job)))

    return Trial(ask, harm)


def _model_taken_in(here: Cloud) -> Trial:
    office.clear_desk(here)
    with_queue(here)
    dataset = collection.small(here)
    job, waiting = (
        office.asked_for(JobKind.TRAIN, recipe="head"),
        office.asked_for(JobKind.TRAIN, recipe="head", more="1"),
    )
    version = f"head-{uuid.uuid4().hex[:8]}"
    _left(job, version, dataset)
    asked = _ended(job, TrainingState.COMPLETED)

    def harm() -> Harm:
        untold, retold = office.untold_and_retold(here, f"a new model is ready: {version}")
        registry = DynamoModelRegistry(boto3.client("dynamodb", region_name=REGION), "models")
        registered = [model for model in registry.list() if model.job_id == job.job_id]
        aliases = DynamoModelAliases(boto3.client("dynamodb", region_name=REGION), "models").read()
        judged = [_judged(version, dataset, split) for split in (Split.VALIDATION, Split.TEST)]
        files = list(training_wiring.models_objects().keys(f"bundles/{version}/"))
        stuck = int(not office.runs_at_last(here, waiting.job_id))
        return Harm(
            lost=_in_history(job, JobState.FINISHED)
            + untold
            + stuck
            + int(not registered)
            + int(aliases.challenger != version)
            + judged.count(False)
            + int(LearningCurves(training_wiring.models_objects()).find(version) != _CURVE)
            + (3 - len(files)),
            doubled=_still_active(job) + retold + max(0, len(registered) - 1),
        )

    return Trial(lambda: office.answered(lambda: here.call("finish_training", asked)["state"] in _TAKEN_IN), harm)


def _training_failed(here: Cloud) -> Trial:
    office.clear_desk(here)
    with_queue(here)
    job, waiting = (
        office.asked_for(JobKind.TRAIN, recipe="head"),
        office.asked_for(JobKind.TRAIN, recipe="head", more="1"),
    )
    asked = _ended(job, TrainingState.FAILED)

    def harm() -> Harm:
        untold, retold = office.untold_and_retold(here, "training failed")
        stuck = int(not office.runs_at_last(here, waiting.job_id))
        return Harm(lost=_in_history(job, JobState.FAILED) + untold + stuck, doubled=_still_active(job) + retold)

    return Trial(lambda: office.answered(lambda: here.call("finish_training", asked)["state"] in _TAKEN_IN), harm)


_CURVE = LearningCurve((part_of(CurveKind.CANDIDATES, [CurvePoint(1, Phase.HEAD, 0.4, 1.0, 0.6, 0.9)], best=1),))

# Whoever comes again finds that somebody, perhaps itself, closed the job.
_TAKEN_IN = frozenset({"finished", "failed", "superseded"})


def with_queue(here: Cloud) -> None:
    """Let trainings go through a queue, as they do in the embedded cloud."""
    _run_trainings(here, dict.fromkeys(_SAGEMAKER, "") | {"AVOCET_TRAINING_QUEUE": here.training_queue})


def with_sagemaker(here: Cloud) -> None:
    """Let SageMaker run trainings."""
    _run_trainings(here, _SAGEMAKER)


def _run_trainings(here: Cloud, settings: Mapping[str, str]) -> None:
    if here.kept.get("trainings run by") != settings:
        here.kept["trainings run by"] = settings
        os.environ.update(settings)
        forget_clients()


def _name(job: Job) -> str:
    return training_name(job.job_id, job.fence)


def _start(job: Job) -> dict[str, Any]:
    return office.step_of(job, parameters=dict(job.parameters))


def _ended(job: Job, state: TrainingState) -> dict[str, Any]:
    return {"detail": TrainingEvent(_name(job), state).to_detail()}


def _queued(here: Cloud) -> list[str]:
    """Take everything out of the queue of trainings."""
    queue, bodies = boto3.client("sqs", region_name=REGION), []
    while got := queue.receive_message(QueueUrl=here.training_queue, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            bodies.append(message["Body"])
            queue.delete_message(QueueUrl=here.training_queue, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def _at_sagemaker(job: Job) -> list[str]:
    pages = boto3.client("sagemaker", region_name=REGION).list_training_jobs(NameContains=job.job_id)
    return [each["TrainingJobName"] for each in pages["TrainingJobSummaries"] if each["TrainingJobStatus"] in _RUNS]


def _says(job: Job, status: TrainingStatus) -> None:
    training_wiring.models_objects().put(key(_name(job), "status.json"), status_bytes(status))


def _left(job: Job, version: str, dataset: collection.Collection) -> None:
    """Leave what a training leaves, as its machine packs it."""
    said = {
        f"{who}{split}.photos.jsonl.gz": pack_outcomes(_outcomes(dataset, split))
        for who in ("", "champion/")
        for split in (Split.VALIDATION, Split.TEST)
    }
    texts = {"trained_on.txt": f"{dataset.snapshot_id} {MODEL}", "champion/species.txt": "\n".join(SPECIES)}
    curve = {CURVE_FILE: _CURVE.to_json()}
    files = {**make_bundle(version), **said, **curve, **{name: text.encode() for name, text in texts.items()}}
    training_wiring.models_objects().put(key(_name(job), OUTPUT), pack_output(files))


def _outcomes(dataset: collection.Collection, split: Split) -> list[Outcome]:
    """Let a model be right about every photo of a split."""
    return [
        Outcome(row.photo_id, row.species_id, (ScoredSpecies(row.species_id, 0.9),), 0.1, 0.9, is_familiar=True)
        for row in sorted(dataset.snapshot.rows.values(), key=lambda row: row.photo_id)
        if row.split is split
    ]


def _judged(version: str, dataset: collection.Collection, split: Split) -> bool:
    """Say whether what the training said of a split is kept, photo by photo."""
    store = EvaluationStore(training_wiring.models_objects())
    found = store.find(version, dataset.snapshot_id, split)
    kept = store.outcomes(version, dataset.snapshot_id, split)
    return found is not None and list(kept) == _outcomes(dataset, split)


CAMPAIGNS: Campaigns = {
    "close_job": {"well": _closed_well, "badly": _closed_badly, "by an attempt that was given up": _closed_too_late},
    "sweep_jobs": {
        "dead and lively jobs": _swept,
        "letters that wait": _told_later,
        "a refresh is due": _refresh_due,
        "the day's event": _day_breaks,
    },
    "start_training": {
        "through the queue": _training_asked,
        "at SageMaker": _training_at_sagemaker,
        "of a job that was cancelled": _training_too_late,
    },
    "finish_training": {"a good model": _model_taken_in, "a training that failed": _training_failed},
}
