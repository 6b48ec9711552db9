"""The deployed stack, and people in it. The stack itself is started or reused by `embedded_cloud` (tests/conftest.py)."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_promoting import Trainer

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "birds-sample" / "train"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("deployed")


@pytest.fixture(scope="session")
def cloud(embedded_cloud: Mapping[str, Any]) -> Iterator[Cloud]:
    with httpx.Client(timeout=60, trust_env=False) as http:
        yield Cloud(embedded_cloud, http)


@pytest.fixture(scope="session")
def owner(cloud: Cloud) -> Person:
    """Somebody who signed up like anybody else."""
    return cloud.sign_up()


@pytest.fixture(scope="session")
def stranger(cloud: Cloud) -> Person:
    """Somebody else."""
    return cloud.sign_up()


@pytest.fixture(scope="session")
def reviewer(cloud: Cloud, admin: Person) -> Person:
    """Somebody whom the admin made a reviewer."""
    person = cloud.sign_up()
    path, body = f"/admin/users/{person.owner_id}", {"role": "reviewer"}
    succeeded(cloud.request("PATCH", path, token=admin.id_token, json=body))
    # Roles stand in the token, and the one from before is older than this.
    return Person(cloud, person.username, person.password)


@pytest.fixture(scope="session")
def admin(cloud: Cloud) -> Person:
    return cloud.person("admin")


@pytest.fixture
def challenging(cloud: Cloud) -> Iterator[Trainer]:
    """Who trains a challenger; nobody challenges afterwards, as the other tests expect."""
    made = Trainer(cloud)
    yield made
    key = {"version": {"S": "#champion"}}
    table = cloud.outputs["ModelsTableName"]
    cloud.aws("dynamodb").update_item(TableName=table, Key=key, UpdateExpression="REMOVE challenger")


@pytest.fixture
def photo(request: pytest.FixtureRequest) -> bytes:
    """A made photo, another one for each test."""
    return made_photo(random.Random(request.node.nodeid).getrandbits(32))


@pytest.fixture(scope="session")
def real_photos() -> list[Path]:
    """Every real photo of the sample, where it is at hand."""
    if not SAMPLE.is_dir():
        pytest.skip("no real photos: ../shared/data/birds-sample is not there")
    return sorted(SAMPLE.glob("*/*.jpg"))
