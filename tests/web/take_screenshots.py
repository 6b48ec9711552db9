"""Takes the pictures of the page's main screens for the README, on the embedded cloud that runs.

Run as ``python -m tests.web.take_screenshots``; the pictures go to ``docs/screenshots/``. The bird shown to the page is the
drawing on its own first screen, so that nobody's photo is published; the answers are the model's.
"""

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
from PIL import Image, ImageOps
from playwright.sync_api import Browser, expect, sync_playwright

from tests.deployed.cloud import Cloud, Person
from tests.deployed.test_dataset import job_done, send
from tests.web.visit import DESKTOP, PHONE, Screen, Visit, open_chromium

_ROOT = Path(__file__).resolve().parents[2]
_PICTURES = _ROOT / "docs" / "screenshots"
# The bird without most of the sun and reeds: left, top, right, bottom as shares of the drawing.
_BIRD = (0.43, 0.07, 0.965, 0.99)
# By label: how far its colours are from the drawing's, then how the bird is turned and how much of it is seen, once for each
# photo. No two are alike, since the same picture in another colour is the same picture.
_DRAWN = {
    "PIED AVOCET": (0, ((-28, 0.8), (-14, 0.95), (16, 0.9), (30, 0.75), (0, 0.55))),
    "AMERICAN AVOCET": (90, ((-40, 0.7), (40, 0.7), (-7, 0.62), (8, 0.66), (55, 0.8))),
    "BLACK WINGED STILT": (170, ((-55, 0.75), (70, 0.8), (-70, 0.85), (22, 0.58), (-20, 0.6))),
}
# What an admin looks at is longer than what others do.
_TALL = Screen("desk", 1280, 1180, has_finger=False)


def _take(here: Visit, name: str) -> None:
    here.page.evaluate("document.activeElement.blur()")
    # Bars and marks move into place; a picture half-way there would differ from run to run.
    here.page.wait_for_timeout(700)
    taken = Image.open(io.BytesIO(here.page.screenshot())).convert("RGB")
    # A palette is enough for a drawing, and a third of the size in everybody's clone.
    taken.quantize(256, dither=Image.Dither.NONE).save(_PICTURES / f"{name}.png", optimize=True)


def _expect_pictured(here: Visit, photos: int = 1) -> None:
    """Wait until every answer has its picture, or the outline in its place."""
    here.expect_answered(photos)
    pictures = here.page.get_by_test_id("candidate").locator("img, .silhouette__drawing")
    expect(pictures).to_have_count(3 * photos)


def _drawing(here: Visit) -> Image.Image:
    return Image.open(io.BytesIO(here.page.locator(".wetland").screenshot())).convert("RGB")


def _photo(picture: Image.Image) -> bytes:
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=92)
    return stored.getvalue()


def _bird(drawing: Image.Image) -> Image.Image:
    left, top, right, bottom = _BIRD
    width, height = drawing.size
    return drawing.crop((int(left * width), int(top * height), int(right * width), int(bottom * height)))


def _on_a_phone(browser: Browser, cloud: Cloud, person: Person) -> Image.Image:
    """Take a person's way from the first screen to their own photos; return the drawing shown."""
    here = Visit(browser, cloud, PHONE)
    drawing = _drawing(here)
    # The first answer of all waits for the model to be loaded; how long that takes says more of the machine.
    cloud.sign_up().predict(_photo(drawing))
    _take(here, "start-phone")
    here.sign_in(person)
    here.choose(_photo(_bird(drawing)))
    _expect_pictured(here)
    _take(here, "answer-phone")
    here.page.get_by_test_id("feedback-other").click()
    here.page.get_by_role("combobox").fill("pied avo")
    option = here.page.get_by_role("option", name="Pied Avocet")
    expect(option).to_be_visible()
    option.click()
    here.expect_thanks("received")
    here.page.get_by_test_id("thanks").scroll_into_view_if_needed()
    _take(here, "thanks-phone")
    here.go("photos")
    expect(here.page.get_by_test_id("tile").locator("img").first).not_to_have_js_property("naturalWidth", 0)
    _take(here, "photos-phone")
    here.close()

    here = Visit(browser, cloud, PHONE, locale="fr-FR", scheme="dark")
    here.sign_in(person)
    here.choose(_photo(ImageOps.mirror(_bird(drawing))))
    _expect_pictured(here)
    _take(here, "answer-phone-fr-dark")
    here.close()
    return drawing


def _on_a_desk(browser: Browser, cloud: Cloud, person: Person, drawing: Image.Image) -> None:
    here = Visit(browser, cloud, DESKTOP)
    here.sign_in(person)
    # One that is all but recognised, and one too far off to be.
    here.choose(_photo(_bird(drawing)), _photo(drawing))
    _expect_pictured(here, 2)
    _take(here, "answers-desktop")
    here.close()


def _views(bird: Image.Image, hue: int, views: Sequence[tuple[float, float]]) -> Iterator[bytes]:
    """Yield the bird as seen from elsewhere and in another colour."""
    tints, saturation, value = bird.convert("HSV").split()
    tinted = Image.merge("HSV", (tints.point(lambda tint: (tint + hue) % 256), saturation, value)).convert("RGB")
    width, height = tinted.size
    for angle, zoom in views:
        turned = tinted.rotate(angle, Image.Resampling.BICUBIC, expand=False, fillcolor=tinted.getpixel((2, 2)))
        side_x, side_y = int(width * (1 - zoom) / 2), int(height * (1 - zoom) / 2)
        yield _photo(turned.crop((side_x, side_y, width - side_x, height - side_y)).resize((480, 480)))


def _teach(admin: Person, drawing: Image.Image) -> None:
    """Have a model learn a few drawn species, so that there is something to look after."""
    bird = _bird(drawing)
    photos = [(label, "", view) for label, (hue, views) in _DRAWN.items() for view in _views(bird, hue, views)]
    send(admin, photos, source="drawings")
    job_done(admin, "refresh")
    job_done(admin, "train")


def _as_an_admin(browser: Browser, cloud: Cloud, admin: Person) -> None:
    here = Visit(browser, cloud, _TALL)
    here.sign_in(admin)
    for section in ("review", "models", "jobs", "dataset"):
        here.go(f"admin/{section}")
        expect(here.page.locator("main h1")).to_be_visible()
        if section == "review":
            expect(here.page.get_by_test_id("look-alikes").locator("img").first).to_be_visible()
        if section == "models":
            expect(here.page.get_by_test_id("confusion").locator("table").first).to_be_visible()
        if section == "jobs":
            expect(here.page.locator("[data-kind=train] summary")).to_be_visible()
            for job in here.page.get_by_test_id("jobs").locator("summary").all():
                job.click()
            here.page.get_by_test_id("open-curve").first.click()
            expect(here.page.locator(".job canvas").first).to_be_visible()
        expect(here.page.locator(".spinner")).to_have_count(0)
        _take(here, f"admin-{section}")
    here.close()


def main() -> None:
    """Take every picture as a new person who just signed up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=_ROOT / ".avocet")
    options = parser.parse_args()
    local = options.home / "local.json"
    if not local.is_file():
        sys.exit("The pictures are taken on the embedded cloud: run `make up` first.")
    _PICTURES.mkdir(parents=True, exist_ok=True)
    with httpx.Client(timeout=60, trust_env=False) as http, sync_playwright() as playwright:
        cloud = Cloud(json.loads(local.read_text("utf-8")), http)
        phones, desktops = open_chromium(playwright, PHONE), open_chromium(playwright, DESKTOP)
        person, admin = cloud.sign_up(), cloud.person("admin")
        drawing = _on_a_phone(phones, cloud, person)
        _on_a_desk(desktops, cloud, person, drawing)
        _teach(admin, drawing)
        _as_an_admin(desktops, cloud, admin)
        for browser in (phones, desktops):
            browser.close()
    print(f"The pictures are in {_PICTURES.relative_to(_ROOT)}/.")  # noqa: T201


if __name__ == "__main__":
    main()
