"""The alarms: few, each with words of its own, and none that rings because nobody came by."""

import re
from pathlib import Path
from typing import Any

from avocet.domain.health import ALARMS

Stacks = dict[str, Any]


def alarms(stacks: Stacks) -> list[dict[str, Any]]:
    resources = stacks["watching"]["Resources"].values()
    return [each["Properties"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]


def test_there_are_at_most_ten_alarms_and_each_has_its_words(prod: Stacks) -> None:
    names = [alarm["AlarmName"].removeprefix("avocet-prod-") for alarm in alarms(prod)]
    assert 0 < len(names) <= 10
    # A budget is no alarm of CloudWatch's, and each stack has dead letters of its own.
    worded = {key for key in ALARMS for name in names if name.endswith(key)}
    assert worded | {"daily-cost"} == set(ALARMS)
    assert all(any(name.endswith(key) for key in ALARMS) for name in names)


def test_each_alarm_has_a_runbook_and_no_runbook_is_of_an_alarm_that_is_gone() -> None:
    page = (Path(__file__).parents[2] / "docs/runbooks.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (\S+)$(.*?)(?=^## |\Z)", page, re.M | re.S))
    assert set(sections) == set(ALARMS)
    for title, text in sections.items():
        parts = re.findall(r"^\* \*\*(.+?)\*\*: \S", text, re.M)
        assert parts == ["Means", "First look", "Do", "Over when"], title


def test_quiet_hours_ring_no_alarm_and_every_alarm_reaches_the_topic(prod: Stacks) -> None:
    for alarm in alarms(prod):
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmActions"] == alarm["OKActions"]


def test_no_alarm_rings_for_what_others_do_in_the_same_account(prod: Stacks, dev: Stacks) -> None:
    for name, stacks in (("prod", prod), ("dev", dev)):
        for alarm in alarms(stacks):
            assert alarm["Namespace"] == f"Avocet/{name}" or alarm.get("Dimensions"), alarm["AlarmName"]


def test_whatever_a_function_fails_of_is_counted_and_every_request_can_be_traced(prod: Stacks) -> None:
    for stack in ("serving", "learning", "watching"):
        resources = prod[stack]["Resources"]
        functions = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Lambda::Function"]
        counted = {
            each["Properties"]["LogGroupName"]["Ref"]
            for each in resources.values()
            if each["Type"] == "AWS::Logs::MetricFilter"
        }
        assert {each["LoggingConfig"]["LogGroup"]["Ref"] for each in functions} == counted
        assert all(each["TracingConfig"] == {"Mode": "Active"} for each in functions)
    (stage,) = [each for each in prod["serving"]["Resources"].values() if each["Type"] == "AWS::ApiGateway::Stage"]
    assert stage["Properties"]["TracingEnabled"] is True


def test_the_day_s_cost_is_watched_where_money_is_spent(prod: Stacks, local: Stacks) -> None:
    def budgets(stacks: Stacks) -> list[str]:
        resources = stacks["watching"]["Resources"]
        return [name for name, each in resources.items() if each["Type"] == "AWS::Budgets::Budget"]

    assert budgets(prod)
    assert not budgets(local)


def test_only_who_looks_after_people_changes_who_is_told_what_and_by_mail_only(prod: Stacks) -> None:
    resources = prod["serving"]["Resources"]
    policies = {name: each for name, each in resources.items() if each["Type"] == "AWS::IAM::Policy"}
    allowed: dict[str, set[str]] = {}
    for name, policy in policies.items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for action in actions:
                if action.startswith("sns:") and action != "sns:Publish":
                    allowed.setdefault(action, set()).add(name.partition("Role")[0])
                    assert statement["Resource"] != "*"
                if action == "sns:Subscribe":
                    assert statement["Condition"] == {"StringEquals": {"sns:Protocol": "email"}}
    ending = {"sns:ListSubscriptionsByTopic", "sns:Unsubscribe"}
    choosing = {"sns:Subscribe", "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes"}
    assert allowed == {action: {"Users", "Fulfil"} for action in ending} | {action: {"Users"} for action in choosing}
