"""Both languages, light and dark, keyboard and screen reader, small screens: WCAG 2.2 AA by axe, and what axe can't see."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.deployed.cloud import Person
from tests.web.visit import DESKTOP, PHONE, SMALL_PHONE, Visit

Opened = Callable[..., Visit]
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Half-way through a transition, colours are those of neither end.
_AT_REST = """Promise.all(document.getAnimations()
  .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime))
  .map((one) => one.finished.catch(() => undefined)))"""
PLACES = [
    "",
    "sign-in",
    "sign-up",
    "confirm",
    "forgot",
    "reset",
    "terms",
    "account",
    "photos",
    "numbers",
    "two-step",
    "nowhere",
]


def faults(here: Visit) -> list[str]:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in web/")
    here.page.evaluate(AXE.read_text("utf-8"))
    here.page.evaluate(_AT_REST)
    found: dict[str, Any] = here.page.evaluate(
        "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })", RULES
    )
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_every_place_is_accessible(visit: Opened, scheme: str, locale: str) -> None:
    here = visit(PHONE, locale=locale, scheme=scheme)
    for place in PLACES:
        here.go(place)
        expect(here.page.locator("main")).to_have_attribute(
            "data-place", {"": "identify", "nowhere": "missing"}.get(place, place)
        )
        # Code that comes when it is wanted: what stands there meanwhile has no heading.
        expect(here.page.locator("main h1")).to_be_visible()
        assert faults(here) == [], place


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_identifying_and_answering_are_accessible(visit: Opened, person: Person, photo: bytes, scheme: str) -> None:
    here = visit(DESKTOP, scheme=scheme)
    here.choose(photo)
    here.expect_step("sign-in")
    assert faults(here) == []
    here.sign_in(person)
    here.expect_answered()
    here.candidates.first.locator("summary").click()
    assert faults(here) == []
    here.page.get_by_test_id("feedback-other").click()
    here.page.get_by_role("combobox").fill("avocet")
    expect(here.page.get_by_role("option").first).to_be_visible()
    assert faults(here) == []
    here.page.get_by_role("option").first.click()
    here.expect_thanks("received")
    assert faults(here) == []


def test_a_french_browser_gets_a_french_page(visit: Opened, person: Person, avocet_photo: bytes) -> None:
    here = visit(PHONE, locale="fr-FR")
    expect(here.page.locator("h1")).to_have_text("Quel est cet oiseau\u00a0?")
    expect(here.page.locator("html")).to_have_attribute("lang", "fr")
    here.sign_in(person)
    here.choose(avocet_photo)
    here.expect_answered()
    expect(here.candidates.first).to_contain_text("Avocette d")
    here.page.get_by_test_id("feedback-right").click()
    expect(here.card.get_by_test_id("thanks")).to_contain_text("Merci\u00a0!")


def test_the_language_is_switched_at_once_and_for_good(visit: Opened) -> None:
    here = visit(DESKTOP, locale="en-GB")
    here.page.get_by_role("button", name="passer en français").click()
    expect(here.page.locator("h1")).to_have_text("Quel est cet oiseau\u00a0?")
    here.page.reload()
    expect(here.page.locator("h1")).to_have_text("Quel est cet oiseau\u00a0?")


def test_dark_is_chosen_whatever_the_device_says(visit: Opened) -> None:
    here = visit(DESKTOP, scheme="light")
    light = here.page.evaluate("getComputedStyle(document.body).backgroundColor")
    here.page.get_by_role("radio", name="Dark").check()
    expect(here.page.locator("body")).not_to_have_css("background-color", light)


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_nothing_is_wider_than_the_smallest_screen(
    visit: Opened, person: Person, avocet_photo: bytes, locale: str
) -> None:
    here = visit(SMALL_PHONE, locale=locale)
    here.choose(avocet_photo)
    for place in [*PLACES, ""]:
        here.go(place)
        expect(here.page.locator("h1")).to_be_attached()
        assert here.page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE.width_px, place
    here.sign_in(person)
    here.expect_answered()
    assert here.page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE.width_px


def test_a_chart_that_is_not_drawn_yet_is_no_wider_than_its_card(visit: Opened) -> None:
    here = visit(SMALL_PHONE)
    here.go("numbers")
    card = here.page.get_by_test_id("growth")
    expect(card).to_be_visible()
    overhang = card.evaluate(
        """card => {
          const canvas = document.createElement("canvas");
          card.append(canvas);
          return canvas.getBoundingClientRect().right - card.getBoundingClientRect().right;
        }"""
    )
    assert overhang <= 0


def test_a_phone_offers_its_camera_and_a_desktop_does_not(visit: Opened) -> None:
    expect(visit(PHONE).page.get_by_role("button", name="Take a photo")).to_be_visible()
    expect(visit(DESKTOP).page.get_by_role("button", name="Take a photo")).to_be_hidden()


def test_the_keyboard_reaches_everything_that_a_finger_does(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(DESKTOP)
    here.page.keyboard.press("Tab")
    expect(here.page.locator(".skip")).to_be_focused()
    here.sign_in(person)
    here.choose(photo)
    here.expect_answered()
    here.page.locator("main").focus()
    reached = set()
    for _ in range(14):
        here.page.keyboard.press("Tab")
        reached.add(here.page.evaluate("document.activeElement.dataset.testid ?? document.activeElement.tagName"))
    assert {"feedback-right", "feedback-other", "feedback-unknown", "SUMMARY"} <= reached


def test_the_answer_is_read_out(visit: Opened, person: Person, avocet_photo: bytes) -> None:
    here = visit(DESKTOP)
    here.sign_in(person)
    here.choose(avocet_photo)
    here.expect_answered()
    expect(here.page.locator("[role=status].visually-hidden").last).to_contain_text("American Avocet")
