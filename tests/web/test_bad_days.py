"""Slow lines, failing services, sessions that end: nothing is lost, and what happened is said in words."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.deployed.cloud import Person
from tests.deployed.made_photos import made_photo
from tests.web.visit import PHONE, Visit

Opened = Callable[..., Visit]


def test_a_failing_service_is_said_in_words_and_tried_again(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    here.on_api("/predictions", here.problem(500, "internal"), times=1)
    here.choose(photo)
    here.expect_step("failed")
    expect(here.card).to_contain_text("Something went wrong on our side")
    expect(here.card).to_contain_text("Reference ref-123")
    here.card.get_by_role("button", name="Try again").click()
    here.expect_answered()


def test_a_busy_service_is_asked_again_when_it_says_so(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    is_busy, refuse = True, here.problem(429, "", retry_after_s=5)
    here.on_api("/predictions", lambda route: refuse(route) if is_busy else route.continue_())
    here.choose(photo)
    here.expect_step("paused")
    expect(here.card).to_contain_text("Avocet is busy. Trying again in")
    is_busy = False
    here.expect_answered()


def test_a_photo_waits_for_the_connection(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    here.context.set_offline(True)
    expect(here.page.locator(".banner")).to_have_text("You’re offline")
    here.choose(photo)
    here.expect_step("offline")
    here.context.set_offline(False)
    here.expect_answered()


def test_a_connection_lost_while_a_photo_is_sent_loses_no_photo(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)

    def lose(route: Route) -> None:
        here.context.set_offline(True)
        route.abort("internetdisconnected")

    here.on_api("/predictions", lose, times=1)
    here.choose(photo)
    here.expect_step("offline")
    here.context.set_offline(False)
    here.expect_answered()


def test_a_slow_upload_shows_how_far_it_is_and_can_be_cancelled(visit: Opened, person: Person) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    line = here.context.new_cdp_session(here.page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 50, "downloadThroughput": 50_000, "uploadThroughput": 2_000},
    )
    here.choose(made_photo(4, width_px=1280, height_px=960))
    here.expect_step("uploading")
    expect(here.card.locator(".working__text")).to_contain_text("Sending…")
    here.card.get_by_role("button", name="Cancel").click()
    expect(here.cards).to_have_count(0)
    expect(here.page.locator("h1")).to_have_text("Which bird is it?")


def test_an_ended_token_is_renewed_without_a_word(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    here.on_api("/predictions", _unauthorised(here), times=1)
    here.choose(photo)
    here.expect_answered()
    assert len(here.sent("/predictions")) == 2


def test_an_ended_session_keeps_the_photo(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    here.on_api("/predictions", _unauthorised(here))
    here.choose(photo)
    here.expect_step("sign-in")
    here.context.unroute_all()
    here.card.get_by_role("link", name="Sign in").click()
    expect(here.page.locator(".sheet")).to_contain_text("You were signed out after a while")
    here.fill_in_sign_in(person)
    here.expect_answered()


def test_one_person_s_photos_are_gone_after_they_sign_out(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    here.choose(photo)
    here.expect_answered()
    here.page.locator(".avatar").click()
    here.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(here.page.locator("h1")).to_have_text("Which bird is it?")
    expect(here.cards).to_have_count(0)


def test_a_page_without_its_settings_says_so(visit: Opened) -> None:
    here = visit(PHONE)
    here.context.route("**/config.json", lambda route: route.fulfill(status=404, body="gone"))
    here.page.reload()
    expect(here.page.locator("h1")).to_have_text("Avocet could not start")
    here.context.unroute_all()
    here.page.get_by_role("button", name="Reload").click()
    expect(here.page.locator("h1")).to_have_text("Which bird is it?")


def _unauthorised(here: Visit) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=401, headers={"Access-Control-Allow-Origin": here.page_url}, json={})
