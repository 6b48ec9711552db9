"""Trainings as SageMaker training jobs: the project's own script in AWS's ready-made image, on spot machines that are capped.

SageMaker says how a training stands and the training itself, in its status object, how far it is. What SageMaker refuses is
turned into a sentence that says what to do; it refuses recipes that no machine was given for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.adapters.training_files import OUTPUT, key, read_status
from avocet.domain.learning_curve import CURVE_FILE
from avocet.domain.training import (
    TrainingRefusedError,
    TrainingRequest,
    TrainingState,
    TrainingStatus,
    attempt_of,
)
from avocet.usecases.dataset_ports import Objects

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_sagemaker.client import SageMakerClient

ENTRY_POINT = "sagemaker_entry.py"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
CHECKPOINTS = "checkpoints/"
_CHECKPOINT_FOLDER = "/opt/ml/checkpoints"
# A machine that is taken away is spot's own affair; this is for faults of SageMaker's.
_ATTEMPTS = 2

_EXISTS = "ResourceInUse"
_OVER_LIMIT = "ResourceLimitExceeded"
_INVALID = "ValidationException"

# What it is doing before, between and after the training's own words.
_NOTES = {
    "Starting": "waiting for a machine",
    "Pending": "waiting for a machine",
    "LaunchingMLInstances": "waiting for a machine",
    "PreparingTrainingStack": "preparing the machine",
    "Downloading": "fetching the data",
    "DownloadingTrainingImage": "fetching the image",
    "Interrupted": "interrupted: AWS took the spot machine back; it goes on from its last checkpoint on another",
    "Uploading": "keeping the model",
    "Stopping": "stopping",
}
_ENDINGS = {
    "MaxRuntimeExceeded": "it took longer than it may cost and was stopped; raise the cap of its recipe, or train fewer epochs",
    "MaxWaitTimeExceeded": (
        "no spot machine was free for long enough within the time it may wait; try again later, or set the recipe to another "
        "instance type or to on demand"
    ),
    "Stopped": "somebody stopped it",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What a recipe runs on.

    Attributes:
        image: The ready-made image, its tag pinned.
        instance_type: The machine.
        volume_gb: Its disk.
        is_spot: Whether it runs on spare capacity, at a third of the price, and may be interrupted.
        max_runtime_s: After so long it is stopped, so that it costs no more than its cap.
        max_wait_s: How long it may take in all, with waiting for spot capacity.
    """

    image: str
    instance_type: str
    volume_gb: int
    is_spot: bool
    max_runtime_s: int
    max_wait_s: int


def machines_in(text: str) -> Mapping[str, Machine]:
    """Read the setting: a JSON object with a machine for each recipe."""
    names = [each.name for each in fields(Machine)]
    return {recipe: Machine(**{name: values[name] for name in names}) for recipe, values in json.loads(text).items()}


@dataclass(frozen=True, kw_only=True)
class SageMakerTrainings:
    """SageMaker, CloudWatch's logs and the models bucket.

    Attributes:
        client: SageMaker.
        logs: CloudWatch.
        models: The models bucket.
        role: ARN of the role that a training runs under.
        code: Where the tarball with the code and its locked requirements lies.
        region: Where this is.
        stage: Name of the environment; a tag, for the bill.
        machines: What each recipe runs on.
        clock: The time.
    """

    client: "SageMakerClient"
    logs: "CloudWatchLogsClient"
    models: Objects
    role: str
    code: str
    region: str
    stage: str
    machines: Mapping[str, Machine]
    clock: Callable[[], datetime]

    def request_of(self, request: TrainingRequest) -> dict[str, Any]:
        """Return what ``CreateTrainingJob`` is sent.

        Raises:
            TrainingRefusedError: No machine was given for that recipe.
        """
        recipe = request.hyperparameters["recipe"]
        if recipe not in self.machines:
            raise TrainingRefusedError(f"This deployment has no machine for the recipe {recipe}.")
        machine = self.machines[recipe]
        max_runtime_s = min(request.max_runtime_s, machine.max_runtime_s)
        stopping = {"MaxRuntimeInSeconds": max_runtime_s}
        if machine.is_spot:
            stopping["MaxWaitTimeInSeconds"] = max(machine.max_wait_s, max_runtime_s)
        asked: dict[str, Any] = json.loads(request.to_json())
        (snapshot,) = asked["InputDataConfig"]
        job_id, _ = attempt_of(request.name)
        # What begins anew after a silence goes on where the attempt before it was.
        checkpoints = f"{request.output_uri.removesuffix('training/')}{CHECKPOINTS}{job_id}/"
        script = {
            "sagemaker_program": ENTRY_POINT,
            "sagemaker_submit_directory": self.code,
            "sagemaker_region": self.region,
        }
        return {
            "TrainingJobName": request.name,
            # The image reads every value as JSON, and would take an id of digits for a number.
            "HyperParameters": {
                name: json.dumps(value) for name, value in {**request.hyperparameters, **script}.items()
            },
            "AlgorithmSpecification": {"TrainingImage": machine.image, "TrainingInputMode": "File"},
            "RoleArn": self.role,
            # Named for the record; the script reads the shards itself, so nothing is copied beforehand.
            "InputDataConfig": [{**snapshot, "InputMode": "FastFile"}],
            "OutputDataConfig": asked["OutputDataConfig"],
            "ResourceConfig": {
                "InstanceType": machine.instance_type,
                "InstanceCount": 1,
                "VolumeSizeInGB": machine.volume_gb,
            },
            "StoppingCondition": stopping,
            "EnableManagedSpotTraining": machine.is_spot,
            "CheckpointConfig": {"S3Uri": checkpoints, "LocalPath": _CHECKPOINT_FOLDER},
            "RetryStrategy": {"MaximumRetryAttempts": _ATTEMPTS},
            "Environment": {
                **request.environment,
                "AVOCET_TELLS_STATUS": "yes",
                "AVOCET_CHECKPOINTS": _CHECKPOINT_FOLDER,
            },
            "Tags": [{"Key": "avocet:environment", "Value": self.stage}],
        }

    def start(self, request: TrainingRequest) -> None:
        """Begin a training; asking again for the same name changes nothing.

        Raises:
            TrainingRefusedError: SageMaker does not take it, with what to do.
        """
        asked = self.request_of(request)
        try:
            self.client.create_training_job(**asked)
        except ClientError as error:
            code, message = _code(error), str(error.response.get("Error", {}).get("Message", ""))
            if code == _EXISTS:
                return
            if code == _OVER_LIMIT:
                instance_type = asked["ResourceConfig"]["InstanceType"]
                raise TrainingRefusedError(
                    f"The account's quota does not allow another {instance_type} for training; ask for more under Service "
                    f"Quotas, SageMaker, or set another instance type. SageMaker says: {message}"
                ) from error
            if code == _INVALID:
                raise TrainingRefusedError(
                    f"SageMaker refuses the request; if it is the image {asked['AlgorithmSpecification']['TrainingImage']}, set "
                    f"a tag that is still there and deploy. It says: {message}"
                ) from error
            raise

    def status(self, name: str) -> TrainingStatus | None:
        """Return how a training stands; None when nobody has begun it.

        SageMaker's answer is itself the sign of life: whatever becomes of the machine, SageMaker ends the training in time.
        """
        described = self._described(name)
        if described is None:
            return None
        state, secondary = TrainingState(described["TrainingJobStatus"]), str(described.get("SecondaryStatus", ""))
        said = read_status(self.models, name) or TrainingStatus(state)
        reason = ""
        if state in (TrainingState.FAILED, TrainingState.STOPPED):
            reason = said.reason or str(described.get("FailureReason") or "") or _ENDINGS.get(secondary, "")
        return TrainingStatus(
            state,
            beat=int(self.clock().timestamp()),
            done=said.done,
            total=said.total,
            note=_NOTES.get(secondary) or said.note or "training",
            reason=reason,
        )

    def stop(self, name: str) -> None:
        """Ask a training to end; nothing happens when it is over or never began."""
        try:
            self.client.stop_training_job(TrainingJobName=name)
        except ClientError as error:
            if _code(error) not in (_INVALID, "ResourceNotFound"):
                raise

    def log(self, name: str, *, max_bytes: int) -> str:
        """Return the end of a training's log, over every machine it had; empty when there is none."""
        try:
            streams = self.logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{name}/")
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                return ""
            raise
        found = sorted(streams["logStreams"], key=lambda each: each.get("creationTime", 0), reverse=True)
        end = b""
        for stream in found:
            end = self._end_of(stream["logStreamName"], max_bytes - len(end)) + end
            if len(end) >= max_bytes:
                break
        return end[-max_bytes:].decode("utf-8", errors="replace")

    def curve(self, name: str) -> bytes | None:
        """Return a training's learning curve as far as it has come."""
        return self.models.get(key(name, CURVE_FILE))

    def output(self, name: str) -> bytes | None:
        """Return what it made."""
        return self.models.get(key(name, OUTPUT))

    def _end_of(self, stream: str, max_bytes: int) -> bytes:
        """Read a stream from its end until there is enough of it."""
        end, token = b"", ""
        while len(end) < max_bytes:
            page = self.logs.get_log_events(
                logGroupName=LOG_GROUP,
                logStreamName=stream,
                startFromHead=False,
                **({"nextToken": token} if token else {}),  # type: ignore[arg-type]
            )
            end = "".join(f"{event['message']}\n" for event in page["events"]).encode() + end
            # At its beginning a stream hands out the same token again.
            if page["nextBackwardToken"] == token or not page["events"]:
                break
            token = page["nextBackwardToken"]
        return end

    def _described(self, name: str) -> Mapping[str, Any] | None:
        try:
            described: Mapping[str, Any] = self.client.describe_training_job(TrainingJobName=name)
        except ClientError as error:
            # SageMaker's word for a name it does not know.
            if _code(error) in (_INVALID, "ResourceNotFound"):
                return None
            raise
        return described


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
