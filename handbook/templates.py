"""Synthesises the templates of one environment and answers what stands in them; deploys nothing and needs no network."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

# What CDK appends to a name to make it unlike any other.
_DIGEST = re.compile(r"[0-9A-F]{8}$")
_FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True)
class Resource:
    """One resource of one stack."""

    stack: str
    logical_id: str
    kind: str
    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the name that the code gave it."""
        return _DIGEST.sub("", self.logical_id)


class Templates:
    """Every stack's template of one environment."""

    def __init__(self, environment_name: str, by_stack: Mapping[str, Mapping[str, Any]]) -> None:
        """Read the templates ``by_stack``, whose names are those of the stacks without their prefix."""
        self.environment_name = environment_name
        self._by_stack = by_stack

    @property
    def stacks(self) -> tuple[str, ...]:
        """Return the stacks in the order in which they are deployed."""
        return tuple(self._by_stack)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every stack."""
        return tuple(
            Resource(stack, logical_id, made["Type"], made.get("Properties", {}))
            for stack, template in self._by_stack.items()
            for logical_id, made in template["Resources"].items()
        )

    def of_kind(self, kind: str) -> Iterator[Resource]:
        """Yield the resources of a kind, such as ``AWS::SQS::Queue``."""
        return (resource for resource in self.resources if resource.kind == kind)

    @cached_property
    def functions(self) -> Mapping[str, Resource]:
        """The functions by their verb; those that CDK brings along are left out."""
        found = {}
        for resource in self.of_kind(_FUNCTION):
            _, _, verb = str(resource.properties.get("Description", "")).partition("): ")
            if verb and resource.properties["Handler"] == "handler.handler":
                found[verb] = resource
        return found

    def verbs_in(self, resource: Resource) -> tuple[str, ...]:
        """Return the verbs of the functions that ``resource`` refers to."""
        meant = {id(found) for found in self.referred_to(resource)}
        return tuple(sorted(verb for verb, function in self.functions.items() if id(function) in meant))

    def referred_to(self, resource: Resource) -> Iterator[Resource]:
        """Yield what ``resource`` refers to, in its own stack and in others."""
        yield from self._references(resource.properties, resource.stack)

    def sources_of(self, resource: Resource) -> tuple[Resource, ...]:
        """Return the queue or the table that events come from, where ``resource`` maps events to a function."""
        return tuple(self._references(resource.properties.get("EventSourceArn"), resource.stack))

    def verbs_allowed(self, resource: Resource) -> tuple[str, ...]:
        """Return the verbs of the functions whose roles may do something to ``resource``."""
        roles = {
            role["Ref"]
            for policy in self.of_kind("AWS::IAM::Policy")
            if any(
                found is resource
                for statement in policy.properties["PolicyDocument"]["Statement"]
                for found in self._references(statement["Resource"], policy.stack)
            )
            for role in policy.properties["Roles"]
            if "Ref" in role
        }
        return tuple(
            sorted(verb for verb, each in self.functions.items() if each.properties["Role"]["Fn::GetAtt"][0] in roles)
        )

    @cached_property
    def _by_id(self) -> Mapping[tuple[str, str], Resource]:
        return {(resource.stack, resource.logical_id): resource for resource in self.resources}

    @cached_property
    def _exports(self) -> Mapping[str, tuple[str, Any]]:
        return {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in self._by_stack.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    def _references(self, value: Any, stack: str) -> Iterator[Resource]:
        match value:
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]} if (stack, name) in self._by_id:
                yield self._by_id[stack, name]
            case {"Fn::ImportValue": str(name)}:
                home, exported = self._exports[name]
                yield from self._references(exported, home)
            case dict():
                for part in value.values():
                    yield from self._references(part, stack)
            case list():
                for part in value:
                    yield from self._references(part, stack)


def synthesise(environment_name: str) -> Templates:
    """Synthesise the templates of ``environment_name``, without layers and without cdk-nag, which the tests let look."""
    # Here, since it starts a Node process.
    from aws_cdk import App

    from infra.avocet_app import build
    from infra.environments import environment

    with tempfile.TemporaryDirectory() as out:
        app = App(context=json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"], outdir=out)
        build(
            app,
            environment(environment_name),
            functions_dir=ROOT / "functions",
            layers_dir=ROOT / "build/layers/none",
            template_only=True,
        )
        stacks = app.synth().stacks
        return Templates(environment_name, {each.stack_name.rpartition("-")[2]: each.template for each in stacks})
