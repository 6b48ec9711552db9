"""Starts a job's state machine, one for each kind, found by its name."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from avocet.domain.jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


_ENDED_BADLY = ("FAILED", "TIMED_OUT", "ABORTED")


def machine_name(kind: str) -> str:
    """Return what the name of a kind's machine ends with."""
    return kind.replace("_", "-")


@dataclass(frozen=True)
class JobMachines:
    """The state machines.

    Attributes:
        client: Of Step Functions.
        arn_prefix: What their ARNs begin with; the kind follows.
        kinds: Kinds that have a machine.
    """

    client: "SFNClient"
    arn_prefix: str
    kinds: frozenset[str]

    def can_launch(self, job: Job) -> bool:
        """Whether there is a machine for that kind of job."""
        return job.kind.value in self.kinds

    def launch(self, job: Job) -> None:
        """Start the attempt; the execution's name says which it is, so starting it again changes nothing."""
        try:
            self.client.start_execution(
                stateMachineArn=self.arn_prefix + machine_name(job.kind),
                name=_execution_name(job),
                input=json.dumps(
                    {
                        "job_id": job.job_id,
                        "fence": job.fence,
                        "correlation_id": job.correlation_id or job.job_id,
                        "parameters": dict(job.parameters),
                    }
                ),
            )
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") != "ExecutionAlreadyExists":
                raise

    def has_broken_off(self, job: Job) -> bool:
        """Whether the attempt's execution ended badly: the job is then open and nobody will close it.

        An execution that is not there may be about to be started.
        """
        machine = self.arn_prefix.replace(":stateMachine:", ":execution:") + machine_name(job.kind)
        try:
            told = self.client.describe_execution(executionArn=f"{machine}:{_execution_name(job)}")
        except ClientError as error:
            response: Any = error.response
            if response.get("Error", {}).get("Code") != "ExecutionDoesNotExist":
                raise
            return False
        return told["status"] in _ENDED_BADLY


def _execution_name(job: Job) -> str:
    return f"{job.job_id}-{job.fence}"
