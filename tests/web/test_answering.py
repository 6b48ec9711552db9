"""Saying whether the answer was right."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.deployed.cloud import Cloud, Person
from tests.web.searching import type_species
from tests.web.visit import PHONE, Screen, Visit

Opened = Callable[..., Visit]


def _identified(visit: Opened, screen: Screen, person: Person, photo: bytes) -> Visit:
    here = visit(screen)
    here.sign_in(person)
    here.choose(photo)
    here.expect_answered()
    return here


def _kept(person: Person, here: Visit) -> dict[str, str | None]:
    kept: dict[str, str | None] = person.get(f"/predictions/{here.prediction_id()}").json()["feedback"]
    return kept


def test_a_double_tap_gives_one_contribution(visit: Opened, cloud: Cloud, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)
    here.page.get_by_test_id("feedback-right").dblclick(delay=0)
    here.expect_thanks("received")
    assert len(here.sent("/feedback")) == 1
    assert len(cloud.raw_keys(here.prediction_id())) == 1


def test_another_species_is_found_and_chosen_by_keyboard(
    visit: Opened, screen: Screen, cloud: Cloud, person: Person, photo: bytes
) -> None:
    here = _identified(visit, screen, person, photo)
    here.page.get_by_test_id("feedback-other").click()
    search = here.page.get_by_role("combobox")
    expect(search).to_be_focused()
    type_species(here.page, "pied avoc")
    option = here.page.get_by_role("option", name="Pied Avocet")
    expect(option).to_be_visible()
    expect(search).to_have_attribute("aria-expanded", "true")
    while search.get_attribute("aria-activedescendant") != option.get_attribute("id"):
        search.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    search.press("Enter")
    here.expect_thanks("received")
    expect(here.card.get_by_test_id("thanks")).to_contain_text("You said: Pied Avocet.")
    assert _kept(person, here) == {"feedback": "corrected", "species_id": "pied-avocet", "status": "received"}
    assert cloud.raw_keys(here.prediction_id()) == [f"pied-avocet/{here.prediction_id()}.jpg"]


def test_a_species_is_found_by_its_french_and_its_scientific_name(visit: Opened, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)
    here.page.get_by_test_id("feedback-other").click()
    search = here.page.get_by_role("combobox")
    for typed, species_id in (("avocette d'am", "american-avocet"), ("recurvirostra avo", "pied-avocet")):
        search.fill(typed)
        expect(here.page.locator(f"[role=option][data-species={species_id}]")).to_be_visible()


def test_a_name_that_no_bird_has_is_said_so(visit: Opened, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)
    here.page.get_by_test_id("feedback-other").click()
    here.page.get_by_role("combobox").fill("qqqqqqqq")
    expect(here.page.get_by_test_id("species-search")).to_contain_text("No species called “qqqqqqqq”")


def test_one_of_the_other_answers_is_chosen_with_one_tap(visit: Opened, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)
    second = here.candidates.nth(1)
    species_id, name = second.get_attribute("data-species"), second.locator(".candidate__name").inner_text()
    here.page.get_by_role("button", name=f"It’s this one: {name}").click()
    here.expect_thanks("received")
    assert _kept(person, here) == {"feedback": "corrected", "species_id": species_id, "status": "received"}


def test_not_knowing_is_an_answer_and_can_be_changed(visit: Opened, cloud: Cloud, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)
    here.page.get_by_test_id("feedback-unknown").click()
    here.expect_thanks("review")
    expect(here.card.get_by_test_id("thanks")).to_contain_text("waits for people who know birds well")
    here.page.get_by_test_id("feedback-change").click()
    here.page.get_by_test_id("feedback-right").click()
    here.expect_thanks("received")
    assert len(cloud.raw_keys(here.prediction_id())) == 1
    assert not cloud.raw_keys(here.prediction_id())[0].startswith("unknown/")


def test_an_answer_that_was_not_saved_is_said_so_and_sent_again(visit: Opened, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)
    here.on_api("/feedback", here.problem(500, "internal"), times=1)
    here.page.get_by_test_id("feedback-right").click()
    expect(here.card).to_contain_text("Your answer was not saved.")
    expect(here.card).to_contain_text("ref-123")
    here.card.get_by_role("button", name="Try again").click()
    here.expect_thanks("received")


def test_an_answer_waits_for_the_connection(visit: Opened, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)
    here.context.set_offline(True)
    here.page.get_by_test_id("feedback-right").click()
    expect(here.card).to_contain_text("Your answer is kept here")
    here.context.set_offline(False)
    here.expect_thanks("received")


def test_an_answer_waits_through_a_new_sign_in(visit: Opened, person: Person, photo: bytes) -> None:
    here = _identified(visit, PHONE, person, photo)

    def refused(route: Route) -> None:
        route.fulfill(status=401, headers={"Access-Control-Allow-Origin": here.page_url}, json={})

    here.on_api("/feedback", refused)
    here.page.get_by_test_id("feedback-right").click()
    expect(here.card).to_contain_text("Sign in again to send it")
    here.context.unroute_all()
    here.card.get_by_role("link", name="Sign in").click()
    here.fill_in_sign_in(person)
    here.expect_thanks("received")
