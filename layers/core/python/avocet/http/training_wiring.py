"""Trainings as the functions around them see them; nothing here needs numpy but taking in what a training made."""

from functools import cache

from avocet.adapters import system
from avocet.adapters.aws import (
    dynamodb_client,
    events_client,
    logs_client,
    region,
    s3_client,
    sagemaker_client,
    sqs_client,
)
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.objects import S3Objects
from avocet.adapters.queued_training import QueuedTrainings, TrainingEventBus
from avocet.adapters.sagemaker_training import SageMakerTrainings, machines_in
from avocet.http import learning_wiring
from avocet.http.wiring import settings
from avocet.usecases.train import CancelJob, FollowTrainings, StartTraining
from avocet.usecases.training_ports import TrainingLauncher


@cache
def models_objects() -> S3Objects:
    """Return the models bucket."""
    settings().require("models_bucket")
    return S3Objects(s3_client(), settings().models_bucket)


@cache
def launcher() -> TrainingLauncher:
    """Return what runs trainings here: a worker behind a queue where there is one, else SageMaker."""
    if settings().training_queue:
        return QueuedTrainings(sqs_client(), settings().training_queue, models_objects())
    settings().require("training_role", "training_code", "training_machines")
    return SageMakerTrainings(
        client=sagemaker_client(),
        logs=logs_client(),
        models=models_objects(),
        role=settings().training_role,
        code=settings().training_code,
        region=region(),
        stage=settings().stage,
        machines=machines_in(settings().training_machines),
        clock=system.now,
    )


@cache
def recipes() -> frozenset[str]:
    """Return the recipes that can be run here."""
    settings().require("training_recipes")
    return frozenset(settings().training_recipes.split(","))


@cache
def start_training() -> StartTraining:
    """Return what begins a training."""
    settings().require("clean_bucket", "models_bucket", "models_table")
    return StartTraining(
        jobs=learning_wiring.jobs(),
        heads=learning_wiring.heads(),
        champion=DynamoChampionPointer(dynamodb_client(), settings().models_table),
        launcher=launcher(),
        clean_bucket=settings().clean_bucket,
        models_bucket=settings().models_bucket,
        recipes=recipes(),
        tracking_url=settings().tracking_url,
    )


@cache
def follow_trainings() -> FollowTrainings:
    """Return what looks after running trainings."""
    return FollowTrainings(jobs=learning_wiring.jobs(), launcher=launcher(), events=TrainingEventBus(events_client()))


@cache
def cancel_job() -> CancelJob:
    """Return what cancels jobs."""
    return CancelJob(jobs=learning_wiring.jobs(), launcher=launcher())
