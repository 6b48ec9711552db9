"""What a person gave: found again, corrected, taken back, taken along and erased."""

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.waiting import until
from tests.web.visit import DESKTOP, PHONE, Screen, Visit

Opened = Callable[..., Visit]


@pytest.fixture
def newcomer(cloud: Cloud) -> Person:
    """Somebody who has given nothing yet."""
    return cloud.sign_up()


def _given(here: Visit, person: Person, photo: bytes) -> None:
    here.sign_in(person)
    here.choose(photo)
    here.expect_answered()
    here.page.get_by_test_id("feedback-right").click()
    here.expect_thanks("received")


def test_a_contribution_is_found_again_corrected_and_taken_back(
    visit: Opened, screen: Screen, cloud: Cloud, newcomer: Person, photo: bytes
) -> None:
    here = visit(screen)
    _given(here, newcomer, photo)
    photo_id = here.prediction_id()
    here.page.get_by_role("link", name="My photos", exact=True).click()
    tile = here.page.get_by_test_id("tile")
    expect(tile).to_have_count(1)
    expect(tile.locator("img")).not_to_have_js_property("naturalWidth", 0)

    tile.click()
    dialog = here.page.get_by_test_id("photo-dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_test_id("photo-correct").click()
    dialog.get_by_role("combobox").press_sequentially("pied avoc", delay=15)
    dialog.get_by_role("option", name="Pied Avocet").click()
    expect(dialog.locator("h2")).to_have_text("Pied Avocet")
    assert cloud.raw_keys(photo_id) == [f"pied-avocet/{photo_id}.jpg"]

    here.page.go_back()
    expect(dialog).to_have_count(0)
    expect(here.page.locator("h1")).to_have_text("My photos")
    tile.click()
    dialog.get_by_test_id("photo-withdraw").click()
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    dialog.get_by_test_id("withdraw-yes").dblclick(delay=0)
    expect(dialog).to_contain_text("You took this photo back.")
    here.page.keyboard.press("Escape")
    expect(tile).to_have_attribute("data-status", "withdrawn")
    assert cloud.raw_keys(photo_id) == []


def test_an_answer_is_undone_at_once(visit: Opened, cloud: Cloud, newcomer: Person, photo: bytes) -> None:
    here = visit(PHONE)
    _given(here, newcomer, photo)
    here.page.get_by_test_id("feedback-undo").click()
    expect(here.page.get_by_test_id("undone")).to_be_visible()
    assert cloud.raw_keys(here.prediction_id()) == []
    here.page.get_by_role("button", name="Identify it again").click()
    here.expect_answered()


def test_another_window_s_change_is_seen(visit: Opened, newcomer: Person, photo: bytes) -> None:
    here = visit(DESKTOP)
    _given(here, newcomer, photo)
    other = here.new_window()
    other.goto(f"{here.page_url}/#/photos")
    expect(other.get_by_test_id("tile")).to_have_count(1)
    path = f"/me/contributions/{here.prediction_id()}"
    succeeded(newcomer.cloud.request("DELETE", path, token=newcomer.id_token))
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(other.get_by_test_id("tile")).to_have_attribute("data-status", "withdrawn")


def test_a_failing_service_is_said_and_asked_again(visit: Opened, newcomer: Person) -> None:
    here = visit(PHONE)
    here.sign_in(newcomer)
    here.on_api("/me/contributions", here.problem(503, "internal"), times=1)
    here.go("photos")
    expect(here.page.get_by_role("alert")).to_contain_text("Something went wrong on our side")
    here.page.get_by_role("button", name="Try again").click()
    expect(here.page.locator("main")).to_contain_text("Nothing here yet")


def test_a_sign_in_leads_back_to_the_photos(visit: Opened, newcomer: Person) -> None:
    here = visit(PHONE)
    here.go("photos")
    here.page.locator("main").get_by_role("link", name="Sign in").click()
    here.fill_in_sign_in(newcomer)
    expect(here.page.locator("h1")).to_have_text("My photos")


def test_everything_is_taken_along_and_then_erased(visit: Opened, cloud: Cloud, newcomer: Person, photo: bytes) -> None:
    here = visit(PHONE)
    _given(here, newcomer, photo)
    photo_id = here.prediction_id()
    here.go("photos")
    here.page.get_by_test_id("export").click()
    link = here.page.get_by_test_id("export-link")
    expect(link).to_be_visible(timeout=300_000)
    assert httpx.get(str(link.get_attribute("href")), trust_env=False, timeout=60).content.startswith(b"PK")

    here.page.get_by_test_id("erase").click()
    erase = here.page.get_by_test_id("erase-yes")
    expect(erase).to_be_disabled()
    here.page.get_by_role("checkbox").check()
    erase.click()
    expect(here.page.locator("main")).to_contain_text("Everything that was yours is erased")
    until(lambda: not cloud.raw_keys(photo_id), within_s=300)


def _totp(key: str) -> str:
    """Return what an authenticator app shows now (RFC 6238)."""
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.new(secret, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def test_a_second_step_is_turned_on_and_then_asked_for(visit: Opened, newcomer: Person) -> None:
    here = visit(PHONE)
    here.sign_in(newcomer)
    here.go("two-step")
    here.page.get_by_test_id("totp-on").click()
    expect(here.page.get_by_role("img", name="QR code")).to_be_visible()
    key = re.sub(r"\s", "", here.page.get_by_test_id("totp-key").inner_text())
    here.page.fill("[name=code]", "12")
    here.page.click("button[type=submit]")
    expect(here.page.locator(".field__error")).to_be_visible()
    here.page.fill("[name=code]", _totp(key))
    here.page.click("button[type=submit]")
    expect(here.page.get_by_test_id("two-step")).to_have_attribute("data-standing", "on")

    again = visit(PHONE)
    again.go("sign-in")
    again.fill_in_sign_in(newcomer)
    again.page.fill("[name=response]", _totp(key))
    again.page.click("button[type=submit]")
    expect(again.page.locator(".avatar")).to_be_visible()
