"""Draws the architecture from the templates, in Mermaid; what the templates don't hold, it doesn't draw."""

from collections import defaultdict

from handbook.finding import started_by, starters
from handbook.templates import Resource, Templates
from infra.stacks.serving import ROUTES

_DRAWN = {
    "AWS::S3::Bucket": "buckets",
    "AWS::DynamoDB::Table": "tables",
    "AWS::SQS::Queue": "queues",
    "AWS::SNS::Topic": "topics",
    "AWS::StepFunctions::StateMachine": "job machines",
    "AWS::CloudWatch::Alarm": "alarms",
}
_ONE = {
    "AWS::CloudFront::Distribution": "CloudFront distribution",
    "AWS::Cognito::UserPool": "user pool",
    "AWS::ApiGateway::RestApi": "REST API",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::Budgets::Budget": "budget",
}


def stacks(templates: Templates) -> str:
    """Return the stacks, what is in each, and which of them take from which."""
    lines = ["```mermaid", "flowchart LR"]
    for stack in templates.stacks:
        held = [resource for resource in templates.resources if resource.stack == stack]
        lines.append(f'    {stack}["{stack}<br/>{"<br/>".join(_contents(templates, held))}"]')
    taken: dict[tuple[str, str], None] = {}
    for resource in templates.resources:
        for other in templates.referred_to(resource):
            if other.stack != resource.stack:
                taken[other.stack, resource.stack] = None
    order = templates.stacks.index
    lines += [
        f"    {one} --> {other}" for one, other in sorted(taken, key=lambda pair: (order(pair[0]), order(pair[1])))
    ]
    return "\n".join([*lines, "```", ""])


def _contents(templates: Templates, held: list[Resource]) -> list[str]:
    found = [word for kind, word in _ONE.items() if any(resource.kind == kind for resource in held)]
    own = {id(resource) for resource in held}
    functions = sum(id(function) in own for function in templates.functions.values())
    found += [f"{functions} functions"] if functions > 1 else ["1 function"] * functions
    for kind, word in _DRAWN.items():
        number = sum(resource.kind == kind for resource in held)
        found += [f"{number} {word if number > 1 else word.removesuffix('s')}"] if number else []
    return found


def starting(templates: Templates) -> str:
    """Return what starts which function."""
    edges: dict[str, list[str]] = defaultdict(list)
    for verb in sorted(templates.functions):
        for starter in starters(templates, verb):
            edges[starter].append(verb)
    lines = ["```mermaid", "flowchart LR"]
    for number, (starter, verbs) in enumerate(sorted(edges.items(), key=lambda edge: edge[0])):
        shown = starter.replace("`", "")
        label = f"{shown}, {len(ROUTES)} routes" if starter == "API" else shown
        lines.append(f'    s{number}["{label}"] --> f{number}["{"<br/>".join(verbs)}"]')
    for queue, senders in _senders(templates):
        lines.append(f'    q{queue}["{"<br/>".join(senders)}"] -. fills .-> k{queue}["queue {queue}"]')
    return "\n".join([*lines, "```", ""])


def _senders(templates: Templates) -> list[tuple[str, tuple[str, ...]]]:
    """Return the queues that are worked off, each with the functions that may fill it and do not empty it."""
    found = []
    for mapping in templates.of_kind("AWS::Lambda::EventSourceMapping"):
        name = started_by(templates, mapping)
        for queue in templates.of_kind("AWS::SQS::Queue"):
            if queue.name == name:
                empties = templates.verbs_in(mapping)
                found.append((name, tuple(verb for verb in templates.verbs_allowed(queue) if verb not in empties)))
    return found
