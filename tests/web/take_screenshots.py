"""Takes the pictures of the page's main screens for the README, on the embedded cloud that runs.

Run as ``python -m tests.web.take_screenshots``; the pictures go to ``docs/screenshots/``.
"""

import json
import sys
from pathlib import Path

import httpx
from playwright.sync_api import expect, sync_playwright

from tests.deployed.cloud import Cloud
from tests.web.visit import DESKTOP, PHONE, Visit, open_chromium

_ROOT = Path(__file__).resolve().parents[2]
_PICTURES = _ROOT / "docs" / "screenshots"
_SAMPLE = _ROOT.parent / "shared" / "data" / "birds-sample" / "train"


def _bird(label: str) -> bytes:
    return sorted((_SAMPLE / label).glob("*.jpg"))[0].read_bytes()


def _take(here: Visit, name: str) -> None:
    here.page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    # Bars and marks move into place; a picture half-way there would differ from run to run.
    here.page.wait_for_timeout(700)
    here.page.screenshot(path=_PICTURES / f"{name}.png", full_page=True)


def main(home: Path) -> None:
    """Take every picture as a new person who just signed up."""
    if not _SAMPLE.is_dir():
        sys.exit("The pictures show real birds: ../shared/data/birds-sample is not there.")
    local = home / "local.json"
    if not local.is_file():
        sys.exit("The pictures are taken on the embedded cloud: run `make up` first.")
    _PICTURES.mkdir(parents=True, exist_ok=True)
    with httpx.Client(timeout=60, trust_env=False) as http, sync_playwright() as playwright:
        cloud = Cloud(json.loads(local.read_text("utf-8")), http)
        person = cloud.sign_up()
        phones, desktops = open_chromium(playwright, PHONE), open_chromium(playwright, DESKTOP)

        here = Visit(phones, cloud, PHONE)
        _take(here, "start-phone")
        here.sign_in(person)
        here.choose(_bird("AMERICAN AVOCET"))
        here.expect_answered()
        _take(here, "answer-phone")
        here.page.get_by_test_id("feedback-other").click()
        here.page.get_by_role("combobox").fill("avoc")
        expect(here.page.get_by_role("option").first).to_be_visible()
        _take(here, "search-phone")
        here.page.keyboard.press("Escape")
        here.page.get_by_role("button", name="Back").click()
        here.page.get_by_test_id("feedback-right").click()
        here.expect_thanks("received")
        _take(here, "thanks-phone")
        here.close()

        here = Visit(phones, cloud, PHONE, locale="fr-FR", scheme="dark")
        here.sign_in(person)
        here.choose(_bird("PUFFIN"))
        here.expect_answered()
        here.candidates.first.locator("summary").click()
        _take(here, "answer-phone-fr-dark")
        here.close()

        here = Visit(phones, cloud, PHONE)
        here.go("sign-up")
        expect(here.page.locator("h1")).to_have_text("Create an account")
        _take(here, "sign-up-phone")
        here.close()

        here = Visit(desktops, cloud, DESKTOP)
        _take(here, "start-desktop")
        here.sign_in(person)
        here.choose(_bird("BARN OWL"), _bird("HOOPOES"))
        here.expect_answered(2)
        _take(here, "answers-desktop")
        here.close()

        for browser in (phones, desktops):
            browser.close()
    print(f"The pictures are in {_PICTURES.relative_to(_ROOT)}/.")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _ROOT / ".avocet")
