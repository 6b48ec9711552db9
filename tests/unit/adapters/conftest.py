"""An empty deployment in moto."""

from collections.abc import Iterator

import pytest

from tests.made.aws import ENVIRONMENT, Deployment, deployment


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with deployment() as made:
        yield made
