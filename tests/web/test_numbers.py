"""The open numbers, and the page without a connection."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.deployed.waiting import until
from tests.web.visit import PHONE, Visit

Opened = Callable[..., Visit]

_UNTIL_CONTROLLED = """new Promise((resolve) => navigator.serviceWorker.controller ? resolve()
  : navigator.serviceWorker.addEventListener("controllerchange", () => resolve()))"""
_ALL_DRAWN = """(() => {
  const canvases = [...document.querySelectorAll("canvas")];
  const isDrawn = (canvas) =>
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
  return canvases.length > 0 && canvases.every(isDrawn);
})()"""
NAMES = {"en": "Pied Avocet", "fr": "Avocette élégante", "scientific": "Recurvirostra avosetta"}
STATS: dict[str, Any] = {
    "contributions": 120,
    "dataset_photos": 2096,
    "dataset_species": 523,
    "dataset_sources": {"contribution": 120, "kaggle": 1976},
    "growth": [
        {"day": "2026-11-20", "photos": 1976, "species": 520, "sources": {"kaggle": 1976}},
        {"day": "2026-11-25", "photos": 2096, "species": 523, "sources": {"contribution": 120, "kaggle": 1976}},
    ],
    "largest_species": [{"species_id": "pied-avocet", "names": NAMES, "photos": 31}],
    "pending_species": [{"species_id": "pied-avocet", "names": NAMES, "photos": 12, "needed": 30}],
    "models": [
        {
            "model_version": "starter-1",
            "registered_at": "2026-11-20T10:00:00+00:00",
            "accuracy": 0.87,
            "top3": 0.95,
            "macro_f1": None,
            "is_champion": True,
        }
    ],
    "answers": [{"week": "2026-11-23", "confirmed": 90, "corrected": 30, "unknown": 5}],
}


def test_the_numbers_are_open_to_everybody(visit: Opened) -> None:
    here = visit(PHONE)
    here.page.get_by_role("link", name="Numbers").click()
    expect(here.page.locator("h1")).to_have_text("Open numbers")
    expect(here.page.locator(".headline__item")).to_have_count(4)
    # The starter is registered with its figures when it is published.
    here.page.get_by_test_id("models").locator("summary").click()
    expect(here.page.get_by_test_id("models").locator("tbody tr").first).to_contain_text("in service")


def test_behind_each_chart_stands_a_table(visit: Opened) -> None:
    here = visit(PHONE)
    headers = {"Access-Control-Allow-Origin": here.page_url}
    here.on_api("/stats", lambda route: route.fulfill(headers=headers, json=STATS))
    here.go("numbers")
    for chart, words in {
        "growth": ["25 Nov", "2,096", "1,976", "120"],
        "sizes": ["Pied Avocet", "31"],
        "pending": ["Pied Avocet", "12", "30"],
        "models": ["starter-1 (in service)", "87.0%", "95.0%"],
        "answers": ["23 Nov", "90", "30", "75.0%"],
    }.items():
        card = here.page.get_by_test_id(chart)
        card.locator("summary").click()
        for word in words:
            expect(card.locator("tbody")).to_contain_text(word)
    until(lambda: here.page.evaluate(_ALL_DRAWN), within_s=30)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= PHONE.width_px


def test_the_page_opens_without_a_connection(visit: Opened) -> None:
    here = visit(PHONE, with_worker=True)
    here.page.evaluate(_UNTIL_CONTROLLED)
    here.context.set_offline(True)
    here.page.reload()
    expect(here.page.locator("h1")).to_have_text("Which bird is it?")
    expect(here.page.locator(".banner")).to_have_text("You’re offline")
    kept = here.page.evaluate(
        "caches.open('avocet-page-1').then((c) => c.keys()).then((all) => all.map((one) => new URL(one.url).origin))"
    )
    assert set(kept) == {here.page_url}
