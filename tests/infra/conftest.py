"""The templates of each environment, synthesised once without a network."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

Template = dict[str, Any]

# Before the first construct starts a Node process.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")


@cache
def _synthesised(environment_name: str) -> dict[str, Template]:
    from aws_cdk import App, Validations
    from cdk_nag import AwsSolutionsChecks

    from infra.avocet_app import build
    from infra.environments import environment

    app = App(context=json.loads((ROOT / "cdk.json").read_text())["context"])
    build(
        app,
        environment(environment_name),
        functions_dir=ROOT / "functions",
        layers_dir=ROOT / "build/layers/none",
        template_only=True,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    assembly = app.synth()
    return {stack.stack_name.rpartition("-")[2]: stack.template for stack in assembly.stacks}


@pytest.fixture(scope="session")
def templates() -> Callable[[str], dict[str, Template]]:
    """By environment: the template of each stack, checked by cdk-nag and CloudFormation's own rules on the way."""
    return _synthesised


@pytest.fixture(scope="session")
def prod(templates: Callable[[str], dict[str, Template]]) -> dict[str, Template]:
    return templates("prod")


@pytest.fixture(scope="session")
def dev(templates: Callable[[str], dict[str, Template]]) -> dict[str, Template]:
    return templates("dev")


@pytest.fixture(scope="session")
def local(templates: Callable[[str], dict[str, Template]]) -> dict[str, Template]:
    return templates("local")
