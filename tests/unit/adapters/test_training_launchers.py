"""One contract, two launchers: a queue with a worker behind it, and SageMaker; whoever asks cannot tell them apart."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws
from moto.sagemaker.models import sagemaker_backends

from avocet.adapters.queued_training import QueuedTrainings
from avocet.adapters.sagemaker_training import LOG_GROUP, SageMakerTrainings, machines_in
from avocet.adapters.training_files import OUTPUT, key, status_bytes
from avocet.domain.training import (
    TrainingEvent,
    TrainingRefusedError,
    TrainingRequest,
    TrainingState,
    TrainingStatus,
    training_name,
)
from tests.unit.dataset.world import MemoryObjects

ACCOUNT, REGION = "123456789012", "eu-west-1"
JOB_ID = "7" * 32
NAME = training_name(JOB_ID, 3)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/avocet-trainings"
IMAGE = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/tensorflow-training:2.21.0-gpu-py312-cu129-amzn2023-sagemaker"
MACHINES = {
    "full": {
        "image": IMAGE,
        "instance_type": "ml.g5.xlarge",
        "volume_gb": 100,
        "is_spot": True,
        "max_runtime_s": 20_000,
        "max_wait_s": 40_000,
    },
    "head": {
        "image": IMAGE.replace("gpu-py312-cu129", "cpu-py312"),
        "instance_type": "ml.c5.2xlarge",
        "volume_gb": 30,
        "is_spot": False,
        "max_runtime_s": 8_000,
        "max_wait_s": 8_000,
    },
}
REQUEST = TrainingRequest(
    NAME,
    {"recipe": "full", "snapshot_id": "1" * 64, "champion": "starter-1", "backbone": "efficientnet-b0"},
    f"s3://clean/snapshots/{'1' * 64}/",
    "s3://models/training/",
    {"AVOCET_CLEAN_BUCKET": "clean", "AVOCET_MODELS_BUCKET": "models"},
)


class Queue:
    """What happens when a worker takes requests from the queue."""

    def __init__(self):
        self.models, self.asked = MemoryObjects(), []
        self.launcher = QueuedTrainings(self, "queue", self.models)

    def send_message(self, **message):
        self.asked.append(message["MessageBody"])

    @property
    def trainings(self):
        # A worker runs a name once, however often it was asked for.
        return {json.loads(each)["TrainingJobName"] for each in self.asked}

    def works(self, status, log=""):
        self.models.put(key(NAME, "status.json"), status_bytes(status))
        self.models.put(key(NAME, "log.txt"), log.encode())

    def was_asked_to_stop(self):
        return self.models.get(key(NAME, "stop")) is not None


class SageMaker:
    """What happens in SageMaker: moto takes the calls, and the test moves the training along."""

    def __init__(self):
        session = boto3.Session("key", "secret", region_name=REGION)
        self.client, self.logs = session.client("sagemaker"), session.client("logs")
        # moto does not know this call.
        self.stopped = []
        self.client.meta.events.register("before-call.sagemaker.StopTrainingJob", self._stop)
        self.models = MemoryObjects()
        self.launcher = SageMakerTrainings(
            client=self.client,
            logs=self.logs,
            models=self.models,
            role=ROLE,
            code="s3://assets/code.tar.gz",
            region=REGION,
            stage="prod",
            machines=machines_in(json.dumps(MACHINES)),
            clock=lambda: datetime(2026, 11, 25, tzinfo=UTC),
        )

    @property
    def trainings(self):
        return {each["TrainingJobName"] for each in self.client.list_training_jobs()["TrainingJobSummaries"]}

    def works(self, status, log="", *, secondary="Training", failure=""):
        job = sagemaker_backends[ACCOUNT][REGION].training_jobs[NAME]
        job.training_job_status, job.secondary_status = status.state.value, secondary
        job.failure_reason = failure or None
        self.models.put(key(NAME, "status.json"), status_bytes(status))
        if log:
            stream = {"logGroupName": LOG_GROUP, "logStreamName": f"{NAME}/algo-1-1700000000"}
            self.logs.create_log_group(logGroupName=LOG_GROUP)
            self.logs.create_log_stream(**stream)
            now_ms = int(datetime.now(UTC).timestamp() * 1000)
            lines = [{"timestamp": now_ms + at, "message": line} for at, line in enumerate(log.splitlines())]
            self.logs.put_log_events(**stream, logEvents=lines)

    def was_asked_to_stop(self):
        return self.stopped == [NAME]

    def _stop(self, params, **_):
        name = json.loads(params["body"])["TrainingJobName"]
        if name not in self.trainings:
            refusal = {"Error": {"Code": "ValidationException", "Message": "Requested resource not found."}}
            return AWSResponse("", 400, {}, None), refusal
        self.stopped.append(name)
        return AWSResponse("", 200, {}, None), {}


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def sagemaker(aws):
    return SageMaker()


@pytest.fixture(params=[Queue, SageMaker])
def place(request, aws):
    return request.param()


def test_a_training_is_begun_once_however_often_it_is_asked_for(place):
    assert place.launcher.status(NAME) is None
    place.launcher.start(REQUEST)
    place.launcher.start(REQUEST)
    assert place.trainings == {NAME}


def test_a_running_training_says_how_far_it_is(place):
    place.launcher.start(REQUEST)
    place.works(TrainingStatus(TrainingState.IN_PROGRESS, 4, 2, 9, "epoch 2: loss 1.5"))
    seen = place.launcher.status(NAME)
    assert (seen.state, seen.done, seen.total, seen.note) == (TrainingState.IN_PROGRESS, 2, 9, "epoch 2: loss 1.5")
    assert seen.beat > 0
    assert not seen.reason


def test_what_a_training_refuses_is_told_in_its_own_words(place):
    place.launcher.start(REQUEST)
    place.works(TrainingStatus(TrainingState.FAILED, 9, 2, 9, "", "the snapshot has 1 trainable species"))
    seen = place.launcher.status(NAME)
    assert (seen.state, seen.reason) == (TrainingState.FAILED, "the snapshot has 1 trainable species")


def test_a_training_can_be_asked_to_stop_and_one_that_never_began_too(place):
    place.launcher.stop(training_name("0" * 32, 1))
    place.launcher.start(REQUEST)
    place.works(TrainingStatus(TrainingState.IN_PROGRESS))
    place.launcher.stop(NAME)
    assert place.was_asked_to_stop()


def test_the_end_of_the_log_is_handed_out(place):
    assert place.launcher.log(NAME, max_bytes=100) == ""
    place.launcher.start(REQUEST)
    place.works(TrainingStatus(TrainingState.IN_PROGRESS), "first line\nlast line\n")
    assert place.launcher.log(NAME, max_bytes=1000) == "first line\nlast line\n"
    assert place.launcher.log(NAME, max_bytes=5) == "line\n"


def test_the_output_lies_where_sagemaker_puts_it(place):
    assert place.launcher.output(NAME) is None
    place.models.put(key(NAME, OUTPUT), b"packed")
    assert place.launcher.output(NAME) == b"packed"


def test_the_request_to_sagemaker_field_by_field(sagemaker):
    assert sagemaker.launcher.request_of(REQUEST) == {
        "TrainingJobName": NAME,
        "HyperParameters": {
            "recipe": '"full"',
            # An id of digits stays a text.
            "snapshot_id": f'"{"1" * 64}"',
            "champion": '"starter-1"',
            "backbone": '"efficientnet-b0"',
            "sagemaker_program": '"sagemaker_entry.py"',
            "sagemaker_submit_directory": '"s3://assets/code.tar.gz"',
            "sagemaker_region": f'"{REGION}"',
        },
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [
            {
                "ChannelName": "snapshot",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://clean/snapshots/{'1' * 64}/"}
                },
                "InputMode": "FastFile",
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://models/training/"},
        "ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 100},
        "StoppingCondition": {"MaxRuntimeInSeconds": 20_000, "MaxWaitTimeInSeconds": 40_000},
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": f"s3://models/checkpoints/{JOB_ID}/", "LocalPath": "/opt/ml/checkpoints"},
        "RetryStrategy": {"MaximumRetryAttempts": 2},
        "Environment": {
            "AVOCET_CLEAN_BUCKET": "clean",
            "AVOCET_MODELS_BUCKET": "models",
            "AVOCET_TELLS_STATUS": "yes",
            "AVOCET_CHECKPOINTS": "/opt/ml/checkpoints",
        },
        "Tags": [{"Key": "avocet:environment", "Value": "prod"}],
    }


def test_the_request_is_one_that_awss_own_model_of_the_api_accepts(sagemaker):
    with Stubber(sagemaker.client) as stub:
        stub.add_response(
            "create_training_job", {"TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/x"}
        )
        sagemaker.launcher.start(REQUEST)
        stub.assert_no_pending_responses()


def test_on_demand_waits_for_nobody_and_a_shorter_wish_is_kept(sagemaker):
    head = replace(REQUEST, hyperparameters={**REQUEST.hyperparameters, "recipe": "head"}, max_runtime_s=600)
    asked = sagemaker.launcher.request_of(head)
    assert asked["StoppingCondition"] == {"MaxRuntimeInSeconds": 600}
    assert asked["EnableManagedSpotTraining"] is False
    assert "VpcConfig" not in asked


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        ("ResourceLimitExceeded", "limit 'ml.g5.xlarge for spot training job usage' is 0 Instances", "Service Quotas"),
        ("ValidationException", f"Requested image {IMAGE} not found.", "set a tag that is still there and deploy"),
    ],
)
def test_what_sagemaker_refuses_says_what_to_do(sagemaker, code, message, says):
    with Stubber(sagemaker.client) as stub:
        stub.add_client_error("create_training_job", code, message)
        with pytest.raises(TrainingRefusedError) as refused:
            sagemaker.launcher.start(REQUEST)
    assert says in refused.value.detail
    assert message in refused.value.detail


def test_a_call_that_may_not_be_made_is_no_refusal(sagemaker):
    with Stubber(sagemaker.client) as stub:
        stub.add_client_error("create_training_job", "AccessDeniedException", "not allowed")
        with pytest.raises(ClientError):
            sagemaker.launcher.start(REQUEST)


def test_a_recipe_without_a_machine_is_refused(sagemaker):
    with pytest.raises(TrainingRefusedError, match="no machine"):
        sagemaker.launcher.start(replace(REQUEST, hyperparameters={"recipe": "magic"}))


@pytest.mark.parametrize(
    ("state", "secondary", "failure", "says"),
    [
        (TrainingState.STOPPED, "MaxWaitTimeExceeded", "", "no spot machine was free"),
        (TrainingState.STOPPED, "MaxRuntimeExceeded", "", "longer than it may cost"),
        (TrainingState.FAILED, "Failed", "ClientError: Cannot pull image", "Cannot pull image"),
    ],
)
def test_an_ending_without_words_of_the_trainings_own_is_put_in_words(sagemaker, state, secondary, failure, says):
    sagemaker.launcher.start(REQUEST)
    sagemaker.works(TrainingStatus(state), secondary=secondary, failure=failure)
    assert says in sagemaker.launcher.status(NAME).reason


def test_a_training_that_waits_for_a_spot_machine_is_alive_and_says_so(sagemaker):
    sagemaker.launcher.start(REQUEST)
    sagemaker.works(TrainingStatus(TrainingState.IN_PROGRESS), secondary="Pending")
    first = sagemaker.launcher.status(NAME)
    later = replace(sagemaker.launcher, clock=lambda: datetime(2026, 11, 25, 0, 5, tzinfo=UTC)).status(NAME)
    assert first.note == "waiting for a machine"
    assert later.beat > first.beat


def test_sagemakers_own_event_is_understood():
    # As AWS documents it, shortened by what nobody reads.
    event = {
        "detail-type": "SageMaker Training Job State Change",
        "source": "aws.sagemaker",
        "resources": [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{NAME}"],
        "detail": {
            "TrainingJobName": NAME,
            "TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{NAME}",
            "TrainingJobStatus": "Failed",
            "SecondaryStatus": "Failed",
            "FailureReason": "AlgorithmError: ExecuteUserScriptError: ExitCode 1",
            "HyperParameters": {"recipe": '"full"'},
            "CreationTime": 1583831889050,
            "SecondaryStatusTransitions": [
                {
                    "Status": "Starting",
                    "StartTime": 1583831889050,
                    "StatusMessage": "Preparing the instances for training",
                }
            ],
            "Tags": {},
        },
    }
    told = TrainingEvent.from_detail(event["detail"])
    assert (told.name, told.state) == (NAME, TrainingState.FAILED)
    assert "ExitCode 1" in told.reason
