"""A real Chromium in front of the deployed page, and people who use it."""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.deployed.cloud import Cloud, Person
from tests.deployed.made_photos import made_photo
from tests.web.visit import DESKTOP, PHONE, Screen, Visit, chromium_path, open_chromium

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "birds-sample" / "train"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")
            item.add_marker("deployed")


@pytest.fixture(scope="session")
def cloud(embedded_cloud: Mapping[str, Any]) -> Iterator[Cloud]:
    with httpx.Client(timeout=60, trust_env=False) as http:
        yield Cloud(embedded_cloud, http)


@pytest.fixture(scope="session")
def person(cloud: Cloud) -> Person:
    """Somebody with an account."""
    return cloud.sign_up()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if chromium_path() is None:
        pytest.skip("no Chromium on this machine: install Debian's chromium, or name one in AVOCET_CHROMIUM")
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browsers(playwright: Playwright) -> Iterator[Callable[[Screen], Browser]]:
    """One browser for each kind of screen: a finger or a mouse is a matter of the whole browser."""
    opened: dict[str, Browser] = {}

    def browser_for(screen: Screen) -> Browser:
        if screen.name not in opened:
            opened[screen.name] = open_chromium(playwright, screen)
        return opened[screen.name]

    yield browser_for
    for browser in opened.values():
        browser.close()


@pytest.fixture
def visit(browsers: Callable[[Screen], Browser], cloud: Cloud) -> Iterator[Callable[..., Visit]]:
    """Open the page as somebody would; afterwards nothing may have been blocked, broken, or asked of anybody else."""
    visits: list[Visit] = []

    def open_page(screen: Screen = DESKTOP, *, locale: str = "en-GB", scheme: str = "light") -> Visit:
        opened = Visit(browsers(screen), cloud, screen, locale=locale, scheme=scheme)
        visits.append(opened)
        return opened

    yield open_page
    for one in visits:
        one.close()
    for one in visits:
        one.assert_clean()


@pytest.fixture(params=[PHONE, DESKTOP], ids=lambda screen: screen.name)
def screen(request: pytest.FixtureRequest) -> Screen:
    chosen: Screen = request.param
    return chosen


@pytest.fixture
def photo(request: pytest.FixtureRequest) -> bytes:
    """A made photo, another one for each test."""
    return made_photo(random.Random(request.node.nodeid).getrandbits(32))


@pytest.fixture(scope="session")
def avocet_photo() -> bytes:
    """A real photo of a real avocet."""
    if not SAMPLE.is_dir():
        pytest.skip("no real photos: ../shared/data/birds-sample is not there")
    return sorted((SAMPLE / "AMERICAN AVOCET").glob("*.jpg"))[0].read_bytes()
