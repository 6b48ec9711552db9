"""A real Chromium in front of the deployed page, and people who use it."""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.web.visit import DESKTOP, PHONE, Screen, Visit, chromium_path, open_chromium

# Ten to review for one, and some for the colleague who looks at the same time.
PHOTOS_OF_NEWCOMER = 12
# Every fifth is given without a name, this one first: whatever the model thinks of it, it waits for a person.
UNNAMED = 4
# Every test on a machine that has no time for frames: `AVOCET_LATE_FRAMES_MS=500 make test-web` finds what can overtake.
LATE_FRAMES_MS = int(os.environ.get("AVOCET_LATE_FRAMES_MS", "0"))
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

    def open_page(
        screen: Screen = DESKTOP,
        *,
        locale: str = "en-GB",
        scheme: str = "light",
        with_worker: bool = False,
        late_frames_ms: int = LATE_FRAMES_MS,
    ) -> Visit:
        opened = Visit(
            browsers(screen),
            cloud,
            screen,
            locale=locale,
            scheme=scheme,
            with_worker=with_worker,
            late_frames_ms=late_frames_ms,
        )
        visits.append(opened)
        return opened

    yield open_page
    for one in visits:
        one.close()
    for one in visits:
        one.assert_clean()


@pytest.fixture(scope="module")
def admin(cloud: Cloud) -> Person:
    return cloud.person("admin")


@pytest.fixture(scope="module")
def at_desk(browsers: Callable[[Screen], Browser], cloud: Cloud, admin: Person) -> Iterator[Visit]:
    """An admin, signed in at a desk for all tests of a module; in the end what holds for every visit has to hold."""
    here = Visit(browsers(DESKTOP), cloud, DESKTOP, late_frames_ms=LATE_FRAMES_MS)
    here.sign_in(admin)
    yield here
    here.close()
    here.assert_clean()


@dataclass(frozen=True)
class Newcomer:
    """Somebody new, and the photos they gave."""

    person: Person
    photo_ids: list[str]

    def is_refreshed(self) -> bool:
        """Whether a refresh has come by since; it sets what somebody new gives aside for a person to look at."""
        items = succeeded(self.person.get("/me/contributions", params={"limit": 100}))["items"]
        assert len(items) == len(self.photo_ids)
        return "received" not in {item["status"] for item in items}


@pytest.fixture(scope="session")
def newcomer(cloud: Cloud) -> Newcomer:
    """Give photos as somebody new; whichever refresh comes next sets them aside."""
    chance, person = random.SystemRandom(), cloud.sign_up()
    photo_ids = []
    for number in range(PHOTOS_OF_NEWCOMER):
        photo_ids.append(str(person.predict(made_photo(chance.getrandbits(32)))["prediction_id"]))
        # Some are named and some are not: both kinds come up for review.
        succeeded(person.answer(photo_ids[-1], "unknown" if number % 5 == UNNAMED else "confirmed"))
    return Newcomer(person, photo_ids)


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
