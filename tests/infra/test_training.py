"""Trainings in AWS: the request that would be sent, who may send it, what a training may touch, and what it may cost."""

import hashlib
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.constructs.sagemaker_trainings import packed_code
from infra.environments import TrainingMachine, UselessCapError, environment
from local.training_request import ACCOUNT, REGION, request
from tests.infra.test_learning import may, of_type

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def learning(prod: dict[str, Any]) -> dict[str, Any]:
    return prod["learning"]


def role_of_trainings(learning: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    ((name, role),) = [
        (name, each)
        for name, each in of_type(learning, "AWS::IAM::Role").items()
        if "sagemaker.amazonaws.com" in json.dumps(each["AssumeRolePolicyDocument"])
    ]
    return name, role


@pytest.mark.parametrize(
    ("recipe", "instance_type", "tag"),
    [
        ("full", "ml.g5.xlarge", "2.21.0-gpu-py312-cu129-amzn2023-sagemaker"),
        ("head", "ml.c5.2xlarge", "2.21.0-cpu-py312-amzn2023-sagemaker"),
    ],
)
def test_what_make_deploy_would_send_sagemaker(learning, recipe, instance_type, tag):
    sent = request(learning, {"recipe": recipe})
    machine = environment("prod").training_machines[recipe]
    role, _ = role_of_trainings(learning)
    assert sent["AlgorithmSpecification"] == {
        "TrainingImage": f"763104351884.dkr.ecr.{REGION}.amazonaws.com/tensorflow-training:{tag}",
        "TrainingInputMode": "File",
    }
    assert sent["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/{role}"
    assert sent["ResourceConfig"] == {
        "InstanceType": instance_type,
        "InstanceCount": 1,
        "VolumeSizeInGB": machine.volume_gb,
    }
    assert sent["EnableManagedSpotTraining"] is True
    assert sent["StoppingCondition"] == {
        "MaxRuntimeInSeconds": machine.max_runtime_s,
        "MaxWaitTimeInSeconds": machine.max_wait_s,
    }
    assert sent["HyperParameters"]["recipe"] == f'"{recipe}"'
    code = json.loads(sent["HyperParameters"]["sagemaker_submit_directory"])
    assert code.startswith("s3://cdk-")
    assert code.endswith(".gz")
    models = sent["Environment"]["AVOCET_MODELS_BUCKET"]
    assert sent["OutputDataConfig"] == {"S3OutputPath": f"s3://{models}/training/"}
    assert sent["CheckpointConfig"]["S3Uri"] == f"s3://{models}/checkpoints/{'0' * 32}/"
    assert sent["Tags"] == [{"Key": "avocet:environment", "Value": "prod"}]
    assert "VpcConfig" not in sent


def test_no_training_may_cost_more_than_its_cap():
    for name in ("dev", "prod"):
        for machine in environment(name).training_machines.values():
            assert machine.max_runtime_s / 3600 * machine.hourly_usd <= machine.most_usd
            assert machine.max_wait_s >= machine.max_runtime_s


def test_a_cap_that_buys_no_training_is_refused_before_anything_is_deployed():
    machine: TrainingMachine = environment("dev").training_machines["full"]
    with pytest.raises(UselessCapError, match="raise the cap"):
        _ = replace(machine, most_usd=0.1).max_runtime_s


def test_a_training_reads_the_dataset_and_writes_only_what_is_a_trainings(learning):
    granted = may(learning, "Training")
    assert not {"s3:DeleteBucket", "dynamodb:PutItem", "iam:PassRole", "ec2:CreateNetworkInterface"} & granted.keys()
    for action in ("s3:PutObject", "s3:DeleteObject"):
        assert "CleanBucket" not in granted[action]
        assert "bundles/" not in granted[action]
    assert "/training/*" in granted["s3:PutObject"]
    assert "training/" not in granted["s3:DeleteObject"]


def test_only_who_starts_trainings_may_hand_over_their_role_and_only_to_sagemaker(learning, prod):
    role, _ = role_of_trainings(learning)
    passes = [
        (stack, name, statement)
        for stack, template in prod.items()
        for name, policy in of_type(template, "AWS::IAM::Policy").items()
        for statement in policy["PolicyDocument"]["Statement"]
        if "iam:PassRole" in statement["Action"]
    ]
    ((stack, name, statement),) = passes
    assert (stack, name.startswith("StartTraining")) == ("learning", True)
    assert statement["Resource"] == {"Fn::GetAtt": [role, "Arn"]}
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_functions_touch_our_training_jobs_and_nobody_elses(learning, prod):
    for template, verb, actions in (
        (learning, "StartTraining", {"sagemaker:CreateTrainingJob", "sagemaker:AddTags", "sagemaker:StopTrainingJob"}),
        (learning, "SweepJobs", {"sagemaker:DescribeTrainingJob"}),
        (learning, "FinishTraining", {"sagemaker:DescribeTrainingJob"}),
        (prod["serving"], "Jobs", {"sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"}),
    ):
        granted = {action: on for action, on in may(template, verb).items() if action.startswith("sagemaker:")}
        assert granted.keys() == actions, verb
        assert all("training-job/avocet-*" in on for on in granted.values()), verb


def test_endings_that_sagemaker_tells_reach_who_takes_them_in(learning):
    (rule,) = [each for each in of_type(learning, "AWS::Events::Rule").values() if "EventPattern" in each]
    pattern = rule["EventPattern"]
    assert "aws.sagemaker" in pattern["source"]
    assert pattern["detail-type"] == ["SageMaker Training Job State Change"]
    assert set(pattern["detail"]["TrainingJobStatus"]) == {"Completed", "Failed", "Stopped"}


def test_a_laptop_has_a_queue_and_the_cloud_has_none(local, learning):
    queues = [of_type(each, "AWS::SQS::Queue") for each in (local["learning"], learning)]
    assert [any(name.startswith("Trainings") for name in each) for each in queues] == [True, False]


def test_the_code_is_packed_the_same_each_time_with_nothing_but_what_trains(tmp_path):
    first, second = packed_code(ROOT, tmp_path / "a"), packed_code(ROOT, tmp_path / "b")
    assert first.name == second.name
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    with tarfile.open(first) as archive:
        names = set(archive.getnames())
        pins = archive.extractfile("requirements.txt").read().decode()
    assert {"sagemaker_entry.py", "requirements.txt", "training_job/job.py", "avocet/data/species.sqlite"} <= names
    assert not any("__pycache__" in name or name.startswith(("tests", "/")) for name in names)
    assert "--hash=sha256:" in pins
    # The image's own stay as they are.
    assert not any(line.startswith(("tensorflow", "keras", "boto")) for line in pins.splitlines())
