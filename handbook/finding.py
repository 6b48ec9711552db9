"""Says where each function, endpoint, table, alarm and setting comes from; takes everything from the templates and sources."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from handbook.markdown import table
from handbook.sources import attributes_of, files_that_say, first_sentence, handler_of, use_cases_of
from handbook.templates import ROOT, Resource, Templates
from infra.stacks.serving import ROUTES

_SETTINGS = ROOT / "layers/core/python/avocet/settings.py"
_READERS = ("functions", "layers/core/python/avocet/http", "layers/core/python/avocet/adapters")
_TABLE = "AWS::DynamoDB::Table"
_STARTERS = {
    "AWS::Events::Rule": "rule",
    "AWS::Lambda::EventSourceMapping": "queue",
    "AWS::SNS::Subscription": "topic",
    "AWS::StepFunctions::StateMachine": "machine",
    "AWS::Cognito::UserPool": "sign-in",
}


def functions(templates: Templates) -> str:
    """Return the table of functions."""
    rows = []
    for verb, resource in sorted(templates.functions.items()):
        cases = ", ".join(f"`{name}`" for name in use_cases_of(verb))
        started = ", ".join(starters(templates, verb))
        memory, limit = resource.properties["MemorySize"], resource.properties["Timeout"]
        rows.append(
            (
                f"[`{verb}`](../{handler_of(verb).relative_to(ROOT)})",
                first_sentence(handler_of(verb)),
                cases,
                started,
                stack_link(resource),
                f"{memory} MB, {limit} s",
            )
        )
    return table(("function", "what", "use cases", "called by", "stack", "size"), rows)


def starters(templates: Templates, verb: str) -> Iterator[str]:
    """Yield what calls a function."""
    if any(route.verb == verb for route in ROUTES):
        yield "API"
    for kind, word in _STARTERS.items():
        for resource in templates.of_kind(kind):
            if verb in templates.verbs_in(resource):
                is_stream = any(found.kind == _TABLE for found in templates.sources_of(resource))
                said = "stream of" if is_stream else word
                yield word if kind == "AWS::Cognito::UserPool" else f"{said} `{started_by(templates, resource)}`"


def started_by(templates: Templates, resource: Resource) -> str:
    """Return the name of what stands behind a rule, a machine, a subscription or the mapping of a queue or a stream."""
    for found in (*templates.sources_of(resource), *templates.referred_to(resource)):
        if found.kind in ("AWS::SQS::Queue", "AWS::SNS::Topic", _TABLE) and resource.kind not in _NAMED:
            return found.name
    return short_name(templates, resource)


_NAMED = ("AWS::Events::Rule", "AWS::StepFunctions::StateMachine")


def short_name(templates: Templates, resource: Resource) -> str:
    """Return a resource's own name without the environment in front, or the one it has in the code."""
    for key in ("AlarmName", "StateMachineName", "DashboardName"):
        if key in resource.properties:
            prefix = f"avocet-{templates.environment_name}"
            return str(resource.properties[key]).removeprefix(f"{prefix}-")
    return resource.name


def endpoints(_templates: Templates) -> str:
    """Return the table of endpoints."""
    rows = [
        (
            f"`{route.method} {route.path}`",
            "anybody" if route.is_public else "with a token",
            f"[`{route.verb}`](../functions/{route.verb}/handler.py)",
            f"{route.rate_per_s:g} a second",
        )
        for route in sorted(ROUTES, key=lambda route: (route.path, route.method))
    ]
    return table(("endpoint", "open to", "function", "all callers together"), rows)


def stores(templates: Templates) -> str:
    """Return the table of tables, buckets, queues and topics, with who may touch them."""
    kinds = {
        "AWS::DynamoDB::Table": "table",
        "AWS::S3::Bucket": "bucket",
        "AWS::SQS::Queue": "queue",
        "AWS::SNS::Topic": "topic",
    }
    rows = []
    for kind, word in kinds.items():
        for resource in templates.of_kind(kind):
            may = ", ".join(f"`{verb}`" for verb in templates.verbs_allowed(resource))
            rows.append((f"`{resource.name}`", word, _shape(resource), stack_link(resource), may or "no function"))
    return table(("name", "what", "keys and indexes", "stack", "functions that may touch it"), rows)


def _shape(resource: Resource) -> str:
    if resource.kind != "AWS::DynamoDB::Table":
        return ""
    keys = _keys(resource.properties)
    indexes = [
        f"`{index['IndexName']}` ({_keys(index)})" for index in resource.properties.get("GlobalSecondaryIndexes", ())
    ]
    return "; ".join([keys, *indexes])


def _keys(of: Mapping[str, Any]) -> str:
    return ", ".join(key["AttributeName"] for key in of["KeySchema"])


def schedules(templates: Templates) -> str:
    """Return the table of rules and machines."""
    rows = []
    for resource in templates.of_kind("AWS::Events::Rule"):
        when = resource.properties.get("ScheduleExpression", "an event")
        what = resource.properties.get("Description", "")
        rows.append((f"`{resource.name}`", f"rule: {when}", what, _verbs(templates, resource), stack_link(resource)))
    for resource in templates.of_kind("AWS::StepFunctions::StateMachine"):
        name = short_name(templates, resource)
        rows.append(
            (
                f"`{name}`",
                "machine: a job",
                f"`avocet jobs start {name.replace('-', '_')}`",
                _verbs(templates, resource),
                "[job_machine.py](../infra/constructs/job_machine.py)",
            )
        )
    return table(("name", "starts", "what", "functions", "made in"), rows)


def alarms(templates: Templates) -> str:
    """Return the table of alarms, each with its runbook where one is written."""
    rows = []
    for resource in templates.of_kind("AWS::CloudWatch::Alarm"):
        name, made = short_name(templates, resource), resource.properties
        metric = f"`{made['Namespace']}` {made['MetricName']}" if "MetricName" in made else "metric math"
        limit = f"over {made['Threshold']:g}, {made['EvaluationPeriods']} x {made.get('Period', 300) // 60} min"
        rows.append((f"`{name}`", metric, limit, _runbook(name), stack_link(resource)))
    return table(("alarm", "metric", "when", "runbook", "made in"), rows)


def _runbook(alarm: str) -> str:
    """Link to what is written about an alarm: under its own name, or under the one that it shares with others like it."""
    pages = [page for page in (ROOT / "docs/runbooks.md", ROOT / "docs/operations.md") if page.is_file()]
    for name in (alarm, alarm.partition("-")[2]):
        for page in pages:
            if name and re.search(rf"^#+ `?{re.escape(name)}`?$", page.read_text("utf-8"), re.M):
                return f"[{name}]({page.relative_to(ROOT / 'docs')}#{name})"
    return "none yet"


def settings(_templates: Templates) -> str:
    """Return the table of settings."""
    rows = []
    for name, said in attributes_of(_SETTINGS, "Settings").items():
        mentions = files_that_say(f".{name}", under=_READERS)
        readers = [path for path in mentions if re.search(rf"settings\S*\.{name}\b", _text(path))] or mentions
        read = ", ".join(f"[{_short(path)}](../{path})" for path in readers)
        rows.append((f"`AVOCET_{name.upper()}`", said.replace("``", "`"), read or "what deploys it"))
    return table(("setting", "what", "read in"), rows)


def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def _short(path: str) -> str:
    return re.sub(r"^functions/(\w+)/handler\.py$", r"\1", path).rpartition("/")[2].removesuffix(".py")


def _verbs(templates: Templates, resource: Resource) -> str:
    return ", ".join(f"`{verb}`" for verb in templates.verbs_in(resource))


def stack_link(resource: Resource) -> str:
    """Link to the file that makes the stack."""
    return f"[{resource.stack}](../infra/stacks/{resource.stack}.py)"
