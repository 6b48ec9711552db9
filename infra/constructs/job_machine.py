"""A state machine for one kind of job. Its state holds ids and keys only, never photos; whatever fails, the job is closed."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import ArnFormat, Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from avocet.settings import INLINE_BATCHES
from infra.constructs.function import log_group
from infra.constructs.waivers import waive
from infra.environments import Environment

# As many as clean side by side; more would only wait for the account's share of functions.
_PARALLEL_BATCHES = 8

Definition = Mapping[str, Any]

_JOB = {"job_id.$": "$.job_id", "fence.$": "$.fence", "correlation_id.$": "$.correlation_id"}


def refresh_steps(*, plan: str, clean: str, write: str, close: str, compact: str, work_bucket: str) -> Definition:
    """Return the refresh: plan, clean batch by batch, write, close, and compact when nobody waits any more.

    Args:
        plan: ARN of the function that says what there is to do.
        clean: ARN of the function that cleans one batch.
        write: ARN of the one fenced writer.
        close: ARN of the function that closes the job.
        compact: ARN of the function that folds a long chain of snapshots.
        work_bucket: Name of the bucket where the list of batches lies.
    """
    return {
        "StartAt": "Plan",
        "States": {
            "Plan": _task(plan, _JOB, result_path="$.plan", then="AnythingToDo"),
            "AnythingToDo": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.plan.batch_count", "NumericGreaterThan": INLINE_BATCHES, "Next": "CleanMany"},
                    {"Variable": "$.plan.work", "NumericGreaterThan": 0, "Next": "Clean"},
                ],
                "Default": "NothingToDo",
            },
            "NothingToDo": {"Type": "Pass", "Result": {"result": {}}, "ResultPath": "$.outcome", "Next": "Close"},
            "Clean": {"ItemsPath": "$.plan.batches", **_each_batch(clean, {"Mode": "INLINE"})},
            # A machine's state and history take only so much; beyond it every batch is an execution of its own.
            "CleanMany": {
                "Label": "CleanMany",
                "ItemReader": {
                    "Resource": f"arn:{Aws.PARTITION}:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": work_bucket, "Key.$": "$.plan.batches_key"},
                },
                **_each_batch(clean, {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}),
            },
            "Write": _task(write, _JOB, result_path="$.outcome", then="Close"),
            **_closing(close, then="Compact"),
            # The job is closed: should this fail, readers go a longer way until the next refresh tries again.
            "Compact": {
                **_task(compact, _JOB, result_path="$.compacted", then="Done", catches=False),
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Done"}],
            },
            "Done": {"Type": "Succeed"},
        },
    }


def _each_batch(clean: str, mode: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Type": "Map",
        "ItemSelector": {**_JOB, "batch.$": "$$.Map.Item.Value"},
        "MaxConcurrency": _PARALLEL_BATCHES,
        "ItemProcessor": {
            "ProcessorConfig": mode,
            "StartAt": "CleanBatch",
            "States": {"CleanBatch": _task(clean, None, catches=False)},
        },
        # Counts only. Not null, which would throw them away: the emulator throws the whole state away then.
        "ResultPath": "$.cleaned",
        "Catch": _CATCH,
        "Next": "Write",
    }


def drift_steps(check: str, *, close: str) -> Definition:
    """Return the drift check: find what the champion has not scored, score it shard by shard, report, close.

    Args:
        check: ARN of the function that does every step.
        close: ARN of the function that closes the job.
    """
    plan = {
        "model_version.$": "$.plan.model_version",
        "snapshot_id.$": "$.plan.snapshot_id",
        "shard.$": "$$.Map.Item.Value",
    }
    return {
        "StartAt": "Plan",
        "States": {
            "Plan": _task(check, {**_JOB, "step": "plan"}, result_path="$.plan", then="AnythingToScore"),
            "AnythingToScore": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.plan.work", "NumericGreaterThan": 0, "Next": "Score"}],
                "Default": "Report",
            },
            "Score": {
                "Type": "Map",
                "ItemsPath": "$.plan.shards",
                "ItemSelector": {**_JOB, "step": "score", **plan},
                "MaxConcurrency": _PARALLEL_BATCHES,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "ScoreShard",
                    "States": {"ScoreShard": _task(check, None, catches=False)},
                },
                "ResultPath": "$.scored",
                "Catch": _CATCH,
                "Next": "Report",
            },
            "Report": _task(
                check, {**_JOB, "step": "report", "plan.$": "$.plan"}, result_path="$.outcome", then="Close"
            ),
            **_closing(close),
        },
    }


def sync_steps(*, kaggle: str, extract: str, close: str) -> Definition:
    """Return the sync: ask, fetch for as many invocations as it takes, list, take in batch by batch, note, close.

    Args:
        kaggle: ARN of the function that asks and fetches.
        extract: ARN of the function that lists, unpacks and notes.
        close: ARN of the function that closes the job.
    """
    after = {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.outcome.next", "StringEquals": "fetch", "Next": "Fetch"},
            {"Variable": "$.outcome.next", "StringEquals": "pause", "Next": "Pause"},
            {"Variable": "$.outcome.next", "StringEquals": "extract", "Next": "List"},
        ],
        "Default": "Close",
    }
    unpack = {**_JOB, "step": "batch", "batch.$": "$$.Map.Item.Value"}
    return {
        "StartAt": "Check",
        "States": {
            "Check": _task(kaggle, {**_JOB, "step": "check"}, result_path="$.outcome", then="Checked"),
            "Checked": after,
            "Fetch": _task(kaggle, {**_JOB, "step": "fetch"}, result_path="$.outcome", then="Fetched"),
            "Fetched": after,
            "Pause": {"Type": "Wait", "SecondsPath": "$.outcome.pause_s", "Next": "Fetch"},
            "List": _task(extract, {**_JOB, "step": "list"}, result_path="$.outcome", then="Listed"),
            "Listed": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.outcome.next", "StringEquals": "extract", "Next": "Extract"}],
                "Default": "Close",
            },
            "Extract": {
                "Type": "Map",
                "ItemsPath": "$.outcome.batches",
                "ItemSelector": unpack,
                "MaxConcurrency": _PARALLEL_BATCHES,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "ExtractBatch",
                    "States": {"ExtractBatch": _task(extract, None, catches=False)},
                },
                "ResultPath": "$.extracted",
                "Catch": _CATCH,
                "Next": "Finish",
            },
            "Finish": _task(
                extract,
                {**_JOB, "step": "finish", "batches.$": "$.outcome.batches"},
                result_path="$.outcome",
                then="Close",
            ),
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


def evaluate_steps(evaluate: str, *, close: str) -> Definition:
    """Return an evaluation: plan, score shard by shard, put together, close."""
    examined = {name: f"$.plan.{name[:-2]}" for name in ("model_version.$", "snapshot_id.$", "split.$")}
    return {
        "StartAt": "Plan",
        "States": {
            "Plan": _task(
                evaluate,
                {**_JOB, "step": "plan", "parameters.$": "$.parameters"},
                result_path="$.plan",
                then="Score",
            ),
            "Score": {
                "Type": "Map",
                "ItemsPath": "$.plan.shards",
                "ItemSelector": {**_JOB, **examined, "step": "score", "shard.$": "$$.Map.Item.Value"},
                "MaxConcurrency": _PARALLEL_BATCHES,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "ScoreShard",
                    "States": {"ScoreShard": _task(evaluate, None, catches=False)},
                },
                "ResultPath": "$.scored",
                "Catch": _CATCH,
                "Next": "Merge",
            },
            "Merge": _task(evaluate, {**_JOB, **examined, "step": "merge"}, result_path="$.outcome", then="Close"),
            **_closing(close),
        },
    }


def launching_step(start: str, *, close: str) -> Definition:
    """Return a job whose work goes on elsewhere: begun here, closed by whoever hears that it came to its end."""
    return {
        "StartAt": "Start",
        "States": {
            "Start": _task(start, {**_JOB, "parameters.$": "$.parameters"}, result_path="$.outcome"),
            **{name: step for name, step in _closing(close).items() if name != "Close"},
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


def _closing(close: str, *, then: str | None = None) -> dict[str, Any]:
    """Return the two ways to close; neither is caught, so a job that cannot be closed falls silent and is swept."""
    closes = {**_JOB, "result.$": "$.outcome.result"}
    well = _task(close, closes, result_path="$.closed", then=then, catches=False)
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
        super().__init__(scope, f"{kind.title().replace('_', '')}Machine")
        self._name = name
        self._role = role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
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

    def allow_distributed_map(self, bucket: s3.IBucket, *, under: str) -> None:
        """Let the machine read a list of items from ``bucket`` below ``under``, and start an execution of its own for each."""
        stack = Stack.of(self)
        # By name: the role cannot refer to the machine that refers to it.
        machine = stack.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=self._name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        children = stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self._name}/*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for actions, resource in (
            (["states:StartExecution"], machine),
            (["states:DescribeExecution", "states:StopExecution"], children),
            (["s3:GetObject"], bucket.arn_for_objects(f"{under}*")),
        ):
            self._role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        home = Stack.of(bucket)
        imported = home.resolve(home.export_value(bucket.bucket_arn))["Fn::ImportValue"]
        child = f"arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{self._name}/*"
        reason = "Children of a map run, and the lists of its batches, are named when it runs."
        waive(self._role, {f"AwsSolutions-IAM5[Resource::{each}]": reason for each in (child, f"{imported}/{under}*")})
