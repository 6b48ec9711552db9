"""A state machine for one kind of job. Its state holds ids and keys only, never photos; whatever fails, the job is closed."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.function import log_group
from infra.constructs.waivers import waive
from infra.environments import Environment

# As many as clean side by side; more would only wait for the account's share of functions.
_PARALLEL_BATCHES = 8

Definition = Mapping[str, Any]

_JOB = {"job_id.$": "$.job_id", "fence.$": "$.fence"}


def refresh_steps(*, plan: str, clean: str, write: str, close: str) -> Definition:
    """Return the refresh: plan, clean batch by batch, write, close.

    Args:
        plan: ARN of the function that says what there is to do.
        clean: ARN of the function that cleans one batch.
        write: ARN of the one fenced writer.
        close: ARN of the function that closes the job.
    """
    batch = {**_JOB, "batch.$": "$$.Map.Item.Value"}
    return {
        "StartAt": "Plan",
        "States": {
            "Plan": _task(plan, _JOB, result_path="$.plan", then="AnythingToDo"),
            "AnythingToDo": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.plan.work", "NumericGreaterThan": 0, "Next": "Clean"}],
                "Default": "NothingToDo",
            },
            "NothingToDo": {"Type": "Pass", "Result": {"result": {}}, "ResultPath": "$.outcome", "Next": "Close"},
            "Clean": {
                "Type": "Map",
                "ItemsPath": "$.plan.batches",
                "ItemSelector": batch,
                "MaxConcurrency": _PARALLEL_BATCHES,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "CleanBatch",
                    "States": {"CleanBatch": _task(clean, None, catches=False)},
                },
                # Counts only. Not null, which would throw them away: the emulator throws the whole state away then.
                "ResultPath": "$.cleaned",
                "Catch": _CATCH,
                "Next": "Write",
            },
            "Write": _task(write, {**_JOB, "batches.$": "$.plan.batches"}, result_path="$.outcome", then="Close"),
            **_closing(close),
        },
    }


def single_step(work: str, *, close: str) -> Definition:
    """Return a job of one step and its closing."""
    return {
        "StartAt": "Work",
        "States": {
            "Work": _task(work, {**_JOB, "parameters.$": "$.parameters"}, result_path="$.outcome", then="Close"),
            **_closing(close),
        },
    }


_CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "CloseFailed"}]
# Whoever was given up must not try again: somebody else has the work.
_RETRY = [
    {"ErrorEquals": ["FencedOutError"], "MaxAttempts": 0},
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 2},
]


def _task(
    function: str,
    parameters: Mapping[str, str] | None,
    *,
    result_path: str = "$",
    then: str | None = None,
    catches: bool = True,
) -> dict[str, Any]:
    task: dict[str, Any] = {"Type": "Task", "Resource": function, "Retry": _RETRY, "ResultPath": result_path}
    if parameters is not None:
        task["Parameters"] = dict(parameters)
    if catches:
        task["Catch"] = _CATCH
    task |= {"Next": then} if then else {"End": True}
    return task


def _closing(close: str) -> dict[str, Any]:
    """Return the two ways to close; neither is caught, so a job that cannot be closed falls silent and is swept."""
    well = _task(close, {**_JOB, "result.$": "$.outcome.result"}, catches=False)
    badly = _task(close, {**_JOB, "error.$": "$.error"}, then="Failed", catches=False)
    return {"Close": well, "CloseFailed": badly, "Failed": {"Type": "Fail", "Error": "JobFailed"}}


class JobMachine(Construct):
    """One machine, its role and its log."""

    def __init__(
        self,
        scope: Construct,
        kind: str,
        *,
        place: Environment,
        name: str,
        steps: Definition,
        functions: Sequence[lambda_.IFunction],
    ) -> None:
        """Make the machine.

        Args:
            scope: The stack it belongs to.
            kind: Of job.
            place: The environment it is for.
            name: By which it is started.
            steps: Its definition.
            functions: Those it may call.
        """
        super().__init__(scope, f"{kind.title()}Machine")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[each.function_arn for each in functions])
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogDelivery",
                    "logs:GetLogDelivery",
                    "logs:UpdateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:DescribeResourcePolicies",
                    "logs:DescribeLogGroups",
                    "xray:PutTraceSegments",
                    "xray:PutTelemetryRecords",
                ],
                resources=["*"],
            )
        )
        waive(role, {"AwsSolutions-IAM5[Resource::*]": "Log delivery and tracing know no resources of one's own."})
        group = log_group(self, "Log", place)
        machine = sfn.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=name,
            role_arn=role.role_arn,
            definition_string=Stack.of(self).to_json_string(dict(steps)),
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=group.log_group_arn
                        )
                    )
                ],
                include_execution_data=False,
                level="ALL",
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        machine.node.add_dependency(role)
        # Its history is worth nothing without the jobs table, which is kept.
        machine.apply_removal_policy(RemovalPolicy.DESTROY)
