"""The bill follows the templates' settings, refuses what it has no price for, and keeps to its goals."""

import re
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from avocet.settings import FUNCTION_ERRORS_METRIC
from handbook import cost
from handbook.cost import own_metrics
from handbook.templates import ROOT, Templates

PAGE = (ROOT / "docs/cost.md").read_text("utf-8")


def templates(**changed: Any) -> Templates:
    """One stack with what the bill looks at; ``changed`` replaces properties by the resource's name."""
    resources: dict[str, dict[str, Any]] = {
        "Predict": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Description": "Avocet (prod): predict",
                "Handler": "handler.handler",
                "MemorySize": 1769,
                "Architectures": ["x86_64"],
            },
        },
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 90}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        },
        "Uploads": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"ScheduleExpression": "rate(1 minute)", "Targets": [{"Arn": {"Ref": "Predict"}}]},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"MethodSettings": [{"HttpMethod": "POST", "MetricsEnabled": False}]},
        },
        **{f"Alarm{number}": {"Type": "AWS::CloudWatch::Alarm"} for number in range(10)},
    }
    for name, properties in changed.items():
        made = deepcopy(resources.get(name, {"Type": properties.pop("kind", "")}))
        made.setdefault("Properties", {}).update(properties)
        resources[name] = made
    return Templates("prod", {"only": {"Resources": resources}})


def compute_of_a_million(**changed: Any) -> float:
    return cost.total(cost.million(templates(**changed))[0])


def beside_a_million(**changed: Any) -> float:
    return cost.total(cost.million(templates(**changed))[1])


def test_memory_sets_what_a_prediction_costs():
    gateway = cost.prices()["api_request"].of(1e6) + cost.prices()["lambda_request"].of(1e6 * (1 + cost.COLD_RATIO))
    usual, doubled = compute_of_a_million(), compute_of_a_million(Predict={"MemorySize": 2 * 1769})
    assert doubled - gateway == pytest.approx(2 * (usual - gateway))
    assert compute_of_a_million(Predict={"Architectures": ["arm64"]}) < usual


def test_what_is_free_is_taken_off_once():
    ten = cost.total(cost.idle(templates()))
    assert cost.total(cost.idle(templates(Alarm10={"kind": "AWS::CloudWatch::Alarm"}))) - ten == pytest.approx(0.1)


def test_traces_cost_what_the_sampling_rule_lets_through():
    one_in_twenty = beside_a_million(Sampling={"kind": "AWS::XRay::SamplingRule", "SamplingRule": {"FixedRate": 0.05}})
    assert beside_a_million() - one_in_twenty == pytest.approx(900_000 * cost.prices()["trace"].usd)


def test_a_rarer_schedule_costs_less():
    every_minute = cost.total(cost.idle(templates()))
    assert cost.total(cost.idle(templates(Rule={"ScheduleExpression": "rate(5 minutes)"}))) < every_minute


def test_metrics_of_each_method_events_of_objects_and_logs_kept_longer_are_on_the_bill():
    usual = beside_a_million()
    settings = [{"HttpMethod": "POST", "MetricsEnabled": True}] * 3
    assert beside_a_million(Stage={"MethodSettings": settings}) == pytest.approx(usual + (15 - 10) * 0.3)
    told = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert beside_a_million(Uploads={"NotificationConfiguration": told}) == pytest.approx(usual + 1)
    assert beside_a_million(Log={"RetentionInDays": 365}) > usual


def test_every_metric_of_a_log_line_is_counted(tmp_path, monkeypatch):
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/one.py").write_text('log("seen", metrics={"First": 1, "Second": 2})')
    monkeypatch.setattr(cost, "ROOT", tmp_path)
    assert own_metrics.__wrapped__() == {"First", "Second", FUNCTION_ERRORS_METRIC}


def test_keeping_ten_times_as_much_costs_more_than_ten_times_as_much_once_nothing_is_free_any_more():
    few, many = (cost.total(cost.storing(templates(), photos)) for photos in (1_000_000, 10_000_000))
    assert many > 10 * few


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({"Server": {"kind": "AWS::EC2::Instance"}}, "AWS::EC2::Instance"),
        ({"Table": {"BillingMode": "PROVISIONED"}}, "not billed by request"),
        ({"Warm": {"kind": "AWS::Lambda::Alias"}}, "AWS::Lambda::Alias"),
        ({"Rule": {"ScheduleExpression": "cron(0/5 * * * ? *)"}}, "how often"),
    ],
)
def test_what_has_no_price_is_refused_not_left_out(changed, about):
    with pytest.raises(cost.UnpricedError, match=re.escape(about)):
        cost.idle(templates(**changed))


def test_the_page_keeps_its_goals():
    def said(what: str) -> float:
        return float(re.search(rf"^\| {re.escape(what)} \| ([\d.,]+) \|", PAGE, re.M)[1].replace(",", ""))

    assert said("a month in which nobody comes by") < cost.GOAL_IDLE_USD
    assert said("1,000,000 predictions: compute and gateway") < cost.GOAL_MILLION_USD


def test_every_price_names_its_source_and_the_day_it_was_noted():
    import json

    data = json.loads((ROOT / "handbook/prices.json").read_text("utf-8"))
    assert date.fromisoformat(data["noted_on"]) <= date.today()
    for name, price in cost.prices().items():
        assert price.source.startswith("https://aws.amazon.com/"), name
        assert price.usd > 0, name
        assert price.source in PAGE, name
