"""The learning stack in detail: what each step may touch, what is tried again, and that nothing is called by a foreign ARN."""

import json
from typing import Any

import pytest

Template = dict[str, Any]


@pytest.fixture(scope="session")
def learning(prod: dict[str, Template]) -> Template:
    return prod["learning"]


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def may(template: Template, verb: str) -> dict[str, str]:
    """Return the actions of a verb's role, each with its resources as text."""
    granted: dict[str, str] = {}
    for name, policy in of_type(template, "AWS::IAM::Policy").items():
        if not name.startswith(f"{verb}Role"):
            continue
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                granted[action] = granted.get(action, "") + json.dumps(statement["Resource"])
    assert granted, verb
    return granted


def machine(template: Template, kind: str) -> dict[str, Any]:
    """Return a machine's definition with its references as plain words."""
    (made,) = [
        each for name, each in of_type(template, "AWS::StepFunctions::StateMachine").items() if name.startswith(kind)
    ]
    definition = made["DefinitionString"]
    parts = definition["Fn::Join"][1] if isinstance(definition, dict) else [definition]
    words = [part if isinstance(part, str) else next(iter(json.dumps(part).split('"')[3:4])) for part in parts]
    states: dict[str, Any] = json.loads("".join(words))["States"]
    return states


def test_only_the_writer_and_its_planner_change_the_dataset_or_remove_photos(learning):
    for verb in ("RefreshClean", "VerifyDataset", "CompactDataset", "SweepJobs"):
        granted = may(learning, verb)
        assert not {"s3:DeleteObject", "s3:DeleteObjectVersion"} & granted.keys(), verb
        assert "Dataset" not in granted.get("dynamodb:DeleteItem", "")
        assert "Dataset" not in granted.get("dynamodb:UpdateItem", "")
        assert "Dataset" not in granted.get("dynamodb:PutItem", "")
    for verb in ("RefreshPlan", "RefreshWrite"):
        assert "Dataset" in may(learning, verb)["dynamodb:UpdateItem"]


def test_verifying_writes_nothing_anywhere_but_its_sign_of_life(learning):
    granted = may(learning, "VerifyDataset")
    assert "s3:PutObject" not in granted
    assert "Jobs" in granted["dynamodb:PutItem"]
    assert "Dataset" not in granted["dynamodb:PutItem"]


def test_only_those_who_close_or_sweep_start_machines(learning):
    starters = {
        name.split("Role")[0]
        for name, policy in of_type(learning, "AWS::IAM::Policy").items()
        if "states:StartExecution" in json.dumps(policy) and "Machine" not in name
    }
    assert {"CloseJob", "SweepJobs"} <= starters
    assert not {"RefreshPlan", "RefreshClean", "RefreshWrite", "VerifyDataset", "CompactDataset"} & starters


def test_no_action_is_a_wildcard(learning):
    for name, policy in of_type(learning, "AWS::IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            assert not any("*" in each for each in ([actions] if isinstance(actions, str) else actions)), name


def test_each_machine_calls_its_own_steps_only(learning):
    for kind, strangers in (("Verify", ("RefreshClean", "RefreshWrite")), ("Refresh", ("VerifyDataset",))):
        (policy,) = [
            each
            for name, each in of_type(learning, "AWS::IAM::Policy").items()
            if name.startswith(f"{kind}MachineRole")
        ]
        invokes = [s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "lambda:InvokeFunction"]
        assert not any(stranger in json.dumps(invokes) for stranger in strangers)


def test_every_step_is_tried_again_unless_its_work_is_anothers_now(learning):
    for kind in ("Refresh", "Verify"):
        for name, state in machine(learning, kind).items():
            tasks = (
                [state] if state["Type"] == "Task" else list(state.get("ItemProcessor", {}).get("States", {}).values())
            )
            for task in tasks:
                fenced, others = task["Retry"][0], task["Retry"][-1]
                assert (fenced["ErrorEquals"], fenced["MaxAttempts"]) == (["FencedOutError"], 0), name
                assert others["MaxAttempts"] >= 2, name


def test_whatever_fails_the_job_is_closed(learning):
    states = machine(learning, "Refresh")
    for name in ("Plan", "Clean", "CleanMany", "Write"):
        assert states[name]["Catch"][0]["Next"] == "CloseFailed", name
    assert states["CloseFailed"]["Next"] == "Failed"
    assert machine(learning, "Verify")["Work"]["Catch"][0]["Next"] == "CloseFailed"


def test_a_failed_compaction_fails_no_refresh(learning):
    states = machine(learning, "Refresh")
    assert states["Close"]["Next"] == "Compact"
    assert states["Compact"]["Catch"][0]["Next"] == "Done"


def test_more_than_a_thousand_batches_are_executions_of_their_own(learning):
    states = machine(learning, "Refresh")
    many = states["AnythingToDo"]["Choices"][0]
    assert (many["NumericGreaterThan"], many["Next"]) == (1000, "CleanMany")
    assert states["CleanMany"]["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert states["CleanMany"]["ItemReader"]["Parameters"]["Key.$"] == "$.plan.batches_key"
    assert "ItemsPath" not in states["CleanMany"]


def test_the_state_of_a_machine_holds_keys_and_ids_only(learning):
    for kind in ("Refresh", "Verify"):
        for made in of_type(learning, "AWS::StepFunctions::StateMachine").values():
            assert made["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert "Parameters" in next(iter(machine(learning, kind).values()))


def test_what_is_called_on_a_schedule_leaves_its_failures_where_somebody_looks(learning):
    rules = [each for each in of_type(learning, "AWS::Events::Rule").values() if "ScheduleExpression" in each]
    assert rules
    for rule in rules:
        for target in rule["Targets"]:
            assert "DeadLetterConfig" in target


def test_whoever_asks_for_a_job_on_a_schedule_hands_on_which_event_it_was(learning):
    rules = [each for each in of_type(learning, "AWS::Events::Rule").values() if "ScheduleExpression" in each]
    asking = [
        target["InputTransformer"] for rule in rules for target in rule["Targets"] if "InputTransformer" in target
    ]
    assert len(asking) == 2
    for transformer in asking:
        ((name, path),) = transformer["InputPathsMap"].items()
        assert path == "$.id"
        assert f'"event_id":<{name}>' in transformer["InputTemplate"]


def test_no_stack_hands_an_arn_of_a_function_layer_or_machine_to_another(prod):
    for stack, template in prod.items():
        for name, output in template.get("Outputs", {}).items():
            if "Export" in output:
                kinds = {
                    template["Resources"][each["Fn::GetAtt"][0]]["Type"]
                    for each in [output["Value"]]
                    if isinstance(each, dict) and "Fn::GetAtt" in each
                }
                forbidden = {"AWS::Lambda::Function", "AWS::Lambda::LayerVersion", "AWS::StepFunctions::StateMachine"}
                assert not kinds & forbidden, f"{stack}/{name}"
