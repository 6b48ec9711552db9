"""Computes the monthly bill from the templates' own settings and dated list prices; a kind it has no price for, it refuses."""

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from avocet.settings import FUNCTION_ERRORS_METRIC
from handbook.markdown import table
from handbook.templates import ROOT, Resource, Templates, synthesise
from infra.environments import environment

_PRICES = Path(__file__).with_name("prices.json")
_BENCHMARKS = ROOT / "docs/benchmarks.md"
_MONTH_MIN = 30 * 24 * 60
_MB_IN_GB = 1024
_FUNCTION = "AWS::Lambda::Function"
_SAMPLING = "AWS::XRay::SamplingRule"

# -- what is assumed; everything else is read from templates, prices and benchmarks ------------------------------------

STORING_MS = 30.0
"""What S3 and DynamoDB add to a prediction; no AWS account was at hand to measure it."""
COLD_RATIO = 0.01
"""Predictions that start a new environment; AWS says under 1 in 100 with steady traffic."""
SWEEP_MS = 150.0
"""A scheduled look around that finds nothing to do."""
SWEEP_READS = 12
_LOG_BYTES = 1500
"""Of one invocation: Lambda's own three lines as JSON and the function's one."""
_ACCESS_LOG_BYTES = 300
_RECORD_KB = 2
"""A prediction's record, rounded up as DynamoDB does."""
_ANSWER_KB = 3
_SHIPPED_GB = 0.3
"""Page, starter model, and the zipped layers and functions of two releases."""
_SECRETS = 1
"""Kaggle's credentials; none where no set is followed."""
_QUEUE_POLLS_MONTH = 5 * 3 * _MONTH_MIN
"""Five pollers of Lambda, each asking an empty queue every 20 s."""
_RAW_KB, _CLEAN_KB, _RECORDS_KB = 60.0, 25.0, 2.0
_INDEX_KB = 3.2
"""32 bands of the duplicate index with 100 bytes each."""
_OLD_VERSIONS_RATIO = 0.1
_EPOCH_S, _EPOCHS = 410.0, 20
"""The ancestor's epoch over 73,000 photos on a GPU nobody noted, and how many; an upper end, not a measurement."""
_METRICS_OF_A_METHOD = 5
_ANSWERED_RATIO = 0.3
"""Photos that somebody answers; each answer changes the record twice, and the shadow looks at it twice more."""
SHADOW_STORING_MS = 60.0
"""What S3 and DynamoDB add to a photo in the shadow; as little measured as the prediction's."""
_SHADOW_LOOK_MS = 20.0
_SHADOW_READS = 5
"""The aliases, the record before and after, what is kept, and the photos of a batch that were no new ones."""
_SHADOW_WRITES = 7
"""Three items in one step, which counts twice, and a line of the index."""
_SHADOW_NAME_WRITES = 4

_ENVIRONMENT = "prod"

GOAL_IDLE_USD = 1.0
GOAL_MILLION_USD = 6.0

# Kinds that cost nothing, or nothing beside what is counted above.
_FREE = re.compile(
    r"AWS::(IAM|Lambda::(Permission|LayerVersion|EventSourceMapping|EventInvokeConfig)|ApiGateway|Logs::(LogGroup|MetricFilter)|SNS|Events::Rule"
    r"|S3::BucketPolicy|SQS::QueuePolicy|Cognito::UserPool|CloudFront|Budgets::Budget|SSM::Parameter|SES"
    r"|CDK::Metadata|XRay::SamplingRule|Scheduler|SageMaker::ModelPackageGroup)"
)
_PRICED = {
    _FUNCTION,
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
}


class UnpricedError(Exception):
    """The templates hold something, or a setting, whose price is not known here."""


@dataclass(frozen=True)
class Line:
    """One line of a bill."""

    what: str
    quantity: str
    usd: float


@dataclass(frozen=True)
class Price:
    """What one of something costs beyond what is free each month."""

    usd: float
    unit: str
    free: float
    source: str

    def of(self, number: float) -> float:
        """Return the price of ``number`` in a month, the free ones taken off."""
        return self.usd * max(0.0, number - self.free)


@cache
def prices() -> Mapping[str, Price]:
    """Return the prices by name."""
    return {
        name: Price(each["usd"], each["for"], each["free"], each["source"])
        for name, each in json.loads(_PRICES.read_text("utf-8"))["prices"].items()
    }


@cache
def measured() -> tuple[float, float]:
    """Return what the benchmarks measured: milliseconds of one prediction at 2 MP, and a cold start's seconds of processor time."""
    text = _BENCHMARKS.read_text("utf-8")
    total = re.search(r"^\| total \| [\d.]+ \| ([\d.]+) \|", text, re.M)
    cold = re.search(r"^\| our handler \| [\d.]+ \| ([\d.]+) \| 1\.0 \| 1\.0 \|$", text, re.M)
    if total is None or cold is None:
        raise UnpricedError("docs/benchmarks.md no longer says how long a prediction and a cold start take")
    return float(total[1]), float(cold[1])


def gb_seconds(function: Resource, ms: float) -> float:
    """Return what Lambda counts for one invocation of ``ms`` milliseconds."""
    return float(function.properties["MemorySize"]) / _MB_IN_GB * ms / 1e3


def compute(function: Resource, ms: float, number: float = 1) -> float:
    """Return the price of ``number`` invocations of ``ms`` milliseconds each.

    Raises:
        UnpricedError: When the function is kept warm, which is priced otherwise.
    """
    (architecture,) = function.properties.get("Architectures", ["x86_64"])
    return prices()["lambda_request"].of(number) + prices()[f"lambda_gb_s_{architecture}"].of(
        number * gb_seconds(function, ms)
    )


def idle(templates: Templates) -> list[Line]:
    """Return what a month costs in which nobody comes by.

    Raises:
        UnpricedError: When the templates hold what has no price here.
    """
    _refuse_unpriced(templates)
    lines = list(_scheduled(templates))
    alarms = sum(1 for _ in templates.of_kind("AWS::CloudWatch::Alarm"))
    boards = sum(1 for _ in templates.of_kind("AWS::CloudWatch::Dashboard"))
    # What Lambda reads of a table's stream for its functions is free, however often it looks.
    polled = sum(
        all(source.kind == "AWS::SQS::Queue" for source in templates.sources_of(mapping))
        for mapping in templates.of_kind("AWS::Lambda::EventSourceMapping")
    )
    lines += [
        Line("alarms", f"{alarms}, 10 free", prices()["alarm"].of(alarms)),
        Line("dashboards", f"{boards}, 3 free", prices()["dashboard"].of(boards)),
        Line("metrics of its own", f"{len(own_metrics())}, 10 free", prices()["metric"].of(len(own_metrics()))),
        Line(
            "asking empty queues",
            f"{polled * _QUEUE_POLLS_MONTH:,} requests, 1,000,000 free",
            prices()["queue_request"].of(polled * _QUEUE_POLLS_MONTH),
        ),
        Line("secrets", f"{_SECRETS}: Kaggle's credentials", prices()["secret"].of(_SECRETS)),
        Line("what is shipped", f"{_SHIPPED_GB} GB", prices()["s3_gb_month"].of(_SHIPPED_GB)),
    ]
    return lines


def _scheduled(templates: Templates) -> Iterator[Line]:
    calls = 0.0
    for rule in templates.of_kind("AWS::Events::Rule"):
        if not (expression := rule.properties.get("ScheduleExpression")):
            continue
        number = _a_month(expression)
        for verb in templates.verbs_in(rule):
            calls += number
            usd = compute(templates.functions[verb], SWEEP_MS, number)
            yield Line(f"`{rule.name}`", f"{number:,.0f} times `{verb}`, {SWEEP_MS:g} ms", usd)
    reads = calls * SWEEP_READS
    yield Line("what those read", f"{reads:,.0f} reads", prices()["dynamodb_read"].of(reads))
    yield Line("what those log", f"{calls * _LOG_BYTES / 1e9:.2f} GB", _logging(templates, calls * _LOG_BYTES))


def _a_month(expression: str) -> float:
    every = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if every:
        return _MONTH_MIN / (int(every[1]) * {"minute": 1, "hour": 60, "day": 1440}[every[2]])
    if re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", expression):
        return 30
    raise UnpricedError(f"how often is {expression}?")


def million(templates: Templates, number: int = 1_000_000) -> tuple[list[Line], list[Line]]:
    """Return what ``number`` predictions by the inline path cost: compute and gateway, and what is counted beside it."""
    predict = templates.functions["predict"]
    warm_ms, cold_s = measured()
    billed_ms = warm_ms + STORING_MS
    colds = number * COLD_RATIO
    inner = [
        Line(
            "`predict`",
            f"{predict.properties['MemorySize']} MB, {warm_ms:g} ms measured + {STORING_MS:g} ms assumed",
            compute(predict, billed_ms, number),
        ),
        Line("cold starts", f"1 in {1 / COLD_RATIO:.0f}, {cold_s:g} s", compute(predict, cold_s * 1e3, colds)),
        Line("API Gateway", f"{number:,} requests", prices()["api_request"].of(number)),
    ]
    events = 1 if _tells_of_objects(templates) else 0
    # The record, once more for the index that holds all of it, and one counter.
    writes = number * (2 * _RECORD_KB + 1)
    logged = number * (_LOG_BYTES + _ACCESS_LOG_BYTES)
    traced = number * traced_share(templates)
    beside = [
        Line("S3: the original, for a day", f"{number:,} PUT", prices()["s3_put"].of(number)),
        Line("DynamoDB: record, index, counter", f"{writes:,} writes", prices()["dynamodb_write"].of(writes)),
        Line("logs", f"{logged / 1e9:.1f} GB", _logging(templates, logged)),
        Line("traces", f"{traced:,.0f}, 100,000 free", prices()["trace"].of(traced)),
        Line(
            "answers out",
            f"{number * _ANSWER_KB / 1e6:.0f} GB, 100 free",
            prices()["out_gb"].of(number * _ANSWER_KB / 1e6),
        ),
        Line("S3's events", f"{events * number:,}", prices()["s3_event"].of(events * number)),
        Line(
            "metrics of each method",
            f"{detailed_metrics(templates)}",
            prices()["metric"].of(detailed_metrics(templates)),
        ),
    ]
    return inner, beside


def shadow(templates: Templates, number: int = 1_000_000) -> tuple[list[Line], list[Line]]:
    """Return what the shadow of ``number`` predictions costs: while there is a challenger, and while there is none."""
    function = templates.functions["shadow"]
    warm_ms, _ = measured()
    photos = number * shadow_share(templates)
    changes = photos * (1 + 2 * _ANSWERED_RATIO)
    billed_ms = warm_ms + SHADOW_STORING_MS
    writes = photos * (_SHADOW_WRITES + _ANSWERED_RATIO * _SHADOW_NAME_WRITES)
    with_one = [
        Line(
            "`shadow`",
            f"{photos:,.0f} photos, {function.properties['MemorySize']} MB, {warm_ms:g} ms as `predict` + "
            f"{SHADOW_STORING_MS:g} ms assumed",
            compute(function, billed_ms, photos),
        ),
        Line(
            "answers",
            f"{changes - photos:,.0f} looks, {_SHADOW_LOOK_MS:g} ms",
            compute(function, _SHADOW_LOOK_MS, changes - photos),
        ),
        Line("DynamoDB: what it said, and the counts", f"{writes:,.0f} writes", prices()["dynamodb_write"].of(writes)),
        Line(
            "DynamoDB: records",
            f"{changes * _SHADOW_READS:,.0f} reads",
            prices()["dynamodb_read"].of(changes * _SHADOW_READS),
        ),
        Line("S3: the original once more", f"{photos:,.0f} GET", prices()["s3_get"].of(photos)),
        Line("logs", f"{changes * _LOG_BYTES / 1e9:.2f} GB", _logging(templates, changes * _LOG_BYTES)),
    ]
    without = [
        Line("`shadow`", f"{changes:,.0f} looks, {_SHADOW_LOOK_MS:g} ms", compute(function, _SHADOW_LOOK_MS, changes)),
        Line("DynamoDB: is there one?", f"{changes:,.0f} reads", prices()["dynamodb_read"].of(changes)),
        Line("logs", f"{changes * _LOG_BYTES / 1e9:.2f} GB", _logging(templates, changes * _LOG_BYTES)),
    ]
    return with_one, without


def shadow_share(templates: Templates) -> float:
    """Return which share of photos the stream's filter lets through to the shadow."""
    shares = [
        sum(16.0 ** -len(each["prefix"]) for each in json.loads(only["Pattern"])["dynamodb"]["Keys"]["photo_id"]["S"])
        for mapping in templates.of_kind("AWS::Lambda::EventSourceMapping")
        if "shadow" in templates.verbs_in(mapping)
        for only in mapping.properties["FilterCriteria"]["Filters"]
    ]
    return sum(shares)


def training() -> list[Line]:
    """Return what one full training costs on demand, on the machine that the environments name."""
    machine = environment(_ENVIRONMENT).training_machines["full"]
    hours = _EPOCH_S * _EPOCHS / 3600
    share = machine.volume_gb * hours / (30 * 24)
    return [
        Line(
            f"{machine.instance_type}, on demand; spot is billed below it",
            f"{_EPOCHS} epochs of {_EPOCH_S:g} s = {hours:.1f} h; capped at {machine.most_usd:g} USD",
            machine.hourly_usd * hours,
        ),
        Line("its disk", f"{machine.volume_gb} GB meanwhile", prices()["training_gb_month"].of(share)),
    ]


def storing(templates: Templates, photos: int) -> list[Line]:
    """Return what it costs to keep ``photos`` for a month."""
    objects_gb = photos * (_RAW_KB + _CLEAN_KB) / 1e6
    records_gb = photos * (_RECORDS_KB + _INDEX_KB) / 1e6
    recoverable = all(
        each.properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
        for each in templates.of_kind("AWS::DynamoDB::Table")
    )
    lines = [
        Line("photos in raw and clean", f"{objects_gb:,.1f} GB", prices()["s3_gb_month"].of(objects_gb)),
        Line(
            "older versions",
            f"{objects_gb * _OLD_VERSIONS_RATIO:,.1f} GB",
            prices()["s3_gb_month"].of(objects_gb * _OLD_VERSIONS_RATIO),
        ),
        Line(
            "records and duplicate index",
            f"{records_gb:,.1f} GB, 25 free",
            prices()["dynamodb_gb_month"].of(records_gb),
        ),
    ]
    if recoverable:
        lines.append(
            Line(
                "recovery to a point in time",
                f"{records_gb:,.1f} GB",
                prices()["dynamodb_recovery_gb_month"].of(records_gb),
            )
        )
    return lines


def total(lines: Iterable[Line]) -> float:
    """Return the sum of ``lines`` in US dollars."""
    return sum(line.usd for line in lines)


def most_billed_ms(templates: Templates) -> float:
    """Return how long a prediction may be billed for until a million of them pass their goal."""
    inner, _ = million(templates)
    predict = templates.functions["predict"]
    room = GOAL_MILLION_USD - total(inner)
    warm_ms, _ = measured()
    return warm_ms + STORING_MS + room / (compute(predict, 1.0, 1e6) - compute(predict, 0.0, 1e6))


def _logging(templates: Templates, size_bytes: float) -> float:
    """Return the price of taking logs in and keeping them as long as the longest-kept log group says."""
    days = max((group.properties["RetentionInDays"] for group in templates.of_kind("AWS::Logs::LogGroup")), default=0)
    gb = size_bytes / 1e9
    return prices()["log_gb"].of(gb) + prices()["log_gb_month"].of(gb * days / 30)


def detailed_metrics(templates: Templates) -> int:
    """Return how many metrics API Gateway counts a method for, which are priced like one's own."""
    stages = templates.of_kind("AWS::ApiGateway::Stage")
    return sum(
        _METRICS_OF_A_METHOD
        for stage in stages
        for each in stage.properties.get("MethodSettings", ())
        if each.get("MetricsEnabled") and each["HttpMethod"] != "*"
    )


def traced_share(templates: Templates) -> float:
    """Return which share of requests X-Ray records; where no rule says it, a few a second are all of them."""
    return min(
        (float(rule.properties["SamplingRule"]["FixedRate"]) for rule in templates.of_kind(_SAMPLING)), default=1.0
    )


def _tells_of_objects(templates: Templates) -> bool:
    return any(
        "EventBridgeConfiguration" in each.properties.get("NotificationConfiguration", {})
        for each in templates.of_kind("AWS::S3::Bucket")
        if each.name.startswith("Uploads")
    )


@cache
def own_metrics() -> frozenset[str]:
    """Return the names of the metrics that functions write into their logs, and of what is counted there."""
    written = frozenset(
        key.value
        for folder in ("layers/core/python/avocet", "functions")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "metrics" and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    )
    return written | {FUNCTION_ERRORS_METRIC}


def _refuse_unpriced(templates: Templates) -> None:
    for resource in templates.resources:
        if resource.kind not in _PRICED and not _FREE.match(resource.kind):
            raise UnpricedError(f"{resource.kind} ({resource.name}) has no price in {Path(__file__).name}")
        if resource.properties.get("BillingMode", "PAY_PER_REQUEST") != "PAY_PER_REQUEST":
            raise UnpricedError(f"{resource.name} is not billed by request")


# -- for people --------------------------------------------------------------------------------------------------------


def bill(lines: Iterable[Line]) -> str:
    """Return ``lines`` as a table with their sum."""
    lines = tuple(lines)
    rows = [(line.what, line.quantity, f"{line.usd:.2f}") for line in lines]
    return table(("what", "how much", "USD"), [*rows, ("**together**", "", f"**{total(lines):.2f}**")])


def overview(templates: Templates) -> str:
    """Return the bill at a glance."""
    inner, beside = million(templates)
    few_inner, few_beside = million(templates, 1_000)
    shadowed, alone = shadow(templates)
    hundred_thousand, ten_million = storing(templates, 100_000), storing(templates, 10_000_000)
    rows = [
        ("a month in which nobody comes by", _usd(total(idle(templates))), f"under {_usd(GOAL_IDLE_USD)}"),
        ("1,000 predictions: compute and gateway", _usd(total(few_inner)), ""),
        ("1,000 predictions: requests and logs beside it", _usd(total(few_beside)), ""),
        ("1,000,000 predictions: compute and gateway", _usd(total(inner)), f"under {_usd(GOAL_MILLION_USD)}"),
        ("1,000,000 predictions: requests and logs beside it", _usd(total(beside)), ""),
        ("1,000,000 predictions: the shadow, while there is a challenger", _usd(total(shadowed)), ""),
        ("1,000,000 predictions: the shadow, while there is none", _usd(total(alone)), ""),
        ("one full training, on demand", _usd(total(training())), ""),
        ("keeping 100,000 photos for a month", _usd(total(hundred_thousand)), ""),
        ("keeping 10,000,000 photos for a month", _usd(total(ten_million)), ""),
    ]
    headroom = f"\nA million predictions stay under their goal up to {most_billed_ms(templates):.0f} ms billed each.\n"
    return table(("what", "USD", "goal"), rows) + headroom


def details(templates: Templates) -> str:
    """Return every bill in full."""
    inner, beside = million(templates)
    shadowed, alone = shadow(templates)
    parts = (
        ("A month in which nobody comes by", idle(templates)),
        ("A million predictions: compute and gateway", inner),
        ("A million predictions: beside it", beside),
        ("A million predictions: the shadow, while there is a challenger", shadowed),
        ("A million predictions: the shadow, while there is none", alone),
        ("One full training", training()),
        ("Keeping 100,000 photos for a month", storing(templates, 100_000)),
        ("Keeping 10,000,000 photos for a month", storing(templates, 10_000_000)),
    )
    return "\n".join(f"### {title}\n\n{bill(lines)}" for title, lines in parts)


def price_list(_templates: Templates) -> str:
    """Return the prices with their sources."""
    data = json.loads(_PRICES.read_text("utf-8"))
    rows = [
        (price.unit, f"{price.usd:.10f}".rstrip("0").rstrip("."), f"{price.free:,g}", f"<{price.source}>")
        for price in prices().values()
    ]
    said = f"{data['region']}, noted on {data['noted_on']}. {data['about']}\n\n"
    return said + table(("for", "USD", "free each month", "source"), rows)


def _usd(amount: float) -> str:
    return f"{amount:,.2f}"


def main() -> None:
    """Print the bill of an environment for so many predictions and photos."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="prod")
    parser.add_argument("--predictions", type=int, default=1_000_000)
    parser.add_argument("--photos", type=int, default=100_000)
    asked = parser.parse_args()
    try:
        templates = synthesise(asked.environment)
        inner, beside = million(templates, asked.predictions)
        bills = {
            "nobody comes by": idle(templates),
            f"{asked.predictions:,} predictions, compute and gateway": inner,
            f"{asked.predictions:,} predictions, beside it": beside,
            f"{asked.predictions:,} predictions, the shadow of a challenger": shadow(templates, asked.predictions)[0],
            f"{asked.photos:,} photos kept": storing(templates, asked.photos),
        }
    except (UnpricedError, ValueError) as error:
        sys.exit(f"avocet: {error}")
    print(f"{asked.environment}, a month, list prices of {json.loads(_PRICES.read_text('utf-8'))['noted_on']}\n")
    for title, lines in bills.items():
        print(f"{title}: {total(lines):.2f} USD")
        for line in lines:
            print(f"  {line.usd:10.4f}  {line.what.replace('`', '')} ({line.quantity.replace('`', '')})")
    print(f"\ntogether {sum(map(total, bills.values())):.2f} USD; a full training {total(training()):.2f} USD each")


if __name__ == "__main__":
    main()
