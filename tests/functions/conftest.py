"""The handlers as Lambda runs them: real events, real use cases and sessions; the cloud is moto."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.made.aws import ENVIRONMENT, Deployment, deployment
from tests.made.bundles import make_bundle

MODEL_VERSION = "starter-00000001"
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def _forget_clients() -> None:
    from avocet.adapters import aws
    from avocet.http import catalogue, learning_wiring, model_wiring, people_wiring, wiring

    for module in (aws, wiring, learning_wiring, model_wiring, people_wiring, catalogue):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """An empty deployment that this process is configured for."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with deployment() as made:
        _forget_clients()
        yield made
    _forget_clients()


@pytest.fixture
def served(cloud: Deployment) -> Deployment:
    """A deployment with a champion."""
    cloud.publish(make_bundle(MODEL_VERSION), MODEL_VERSION)
    return cloud


@pytest.fixture
def function() -> Callable[[str], Handler]:
    """A cold start of the function of that verb."""

    def cold(verb: str) -> Handler:
        module = importlib.import_module(f"functions.{verb}.handler")
        return importlib.reload(module).handler

    return cold
