"""From people's photos to a trained and promoted model and back again, without leaving the page."""

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_dataset import send
from tests.web.conftest import UNNAMED, Newcomer
from tests.web.visit import DESKTOP, PHONE, Visit

Opened = Callable[..., Visit]
# A training of four species and a refresh take seconds; a machine that does much else takes its time.
PATIENCE_MS = 600_000
LABELS = ("MALLARD DUCK", "ROBIN", "COMMON LOON")
SPECIES = "mallard"


@pytest.fixture
def champion(cloud: Cloud, admin: Person) -> Iterator[str]:
    """Whoever was champion is champion again afterwards, whatever became of the walk."""

    def serving() -> str:
        return str(succeeded(admin.get("/admin/models/champion"))["model"]["version"])

    before = serving()
    yield before
    if serving() != before:
        body = {"version": before, "reason": "the test is over"}
        succeeded(cloud.request("PUT", "/admin/models/champion", token=admin.id_token, json=body))


@pytest.fixture
def at_admin(visit: Opened, admin: Person) -> Visit:
    """An admin at a desk, in the admin part."""
    here = visit(DESKTOP)
    here.sign_in(admin)
    here.page.get_by_test_id("admin-link").click()
    return here


def section(here: Visit, name: str) -> None:
    here.page.locator(".admin__sections").get_by_role("link", name=name).click()
    expect(here.page.locator("main h1")).to_have_text(name)


def started(here: Visit, kind: str) -> Locator:
    """Start a job as one does, and return its card."""
    section(here, "Jobs")
    with here.page.expect_response(lambda answer: answer.url.endswith("/admin/jobs") and answer.status == 202) as asked:
        here.page.get_by_test_id(f"start-{kind}").click()
    return here.page.locator(f"[data-job='{asked.value.json()['job_id']}']")


def finished(job: Locator) -> None:
    expect(job).not_to_have_attribute("data-state", "queued", timeout=PATIENCE_MS)
    expect(job).not_to_have_attribute("data-state", "running", timeout=PATIENCE_MS)
    expect(job).to_have_attribute("data-state", "finished")


def say_why(here: Visit, reason: str) -> None:
    dialog = here.page.get_by_test_id("ask")
    expect(dialog.get_by_test_id("ask-yes")).to_be_disabled()
    dialog.locator("[name=reason]").fill(reason)
    dialog.get_by_test_id("ask-yes").click()
    expect(dialog).to_have_count(0)


def contributed(there: Visit, person: Person, photo: bytes) -> str:
    """Give a photo on the page, with a name of one's own; return its id."""
    there.sign_in(person)
    there.choose(photo)
    there.expect_answered()
    there.page.get_by_test_id("feedback-other").click()
    there.page.get_by_role("combobox").fill("mallard")
    there.page.locator(f"[role=option][data-species={SPECIES}]").click()
    there.expect_thanks("received")
    return there.prediction_id()


def reviewed(here: Visit, photo_id: str) -> None:
    """Leaf through what waits to the photo, compare it with others of its species, and accept it: by keys alone."""
    section(here, "Review")
    card = here.page.get_by_test_id("review-card")
    expect(card).to_be_focused()
    while (shown := card.get_attribute("data-photo")) != photo_id:
        here.page.keyboard.press("s")
        expect(here.page.locator(f"[data-photo='{shown}']")).to_have_count(0)
    beside = here.page.get_by_test_id("look-alikes")
    expect(beside).to_have_attribute("data-species", SPECIES)
    expect(beside.get_by_role("img")).not_to_have_count(0)
    for picture in beside.get_by_role("img").all():
        # Pictures below the edge of the screen are fetched when they come into sight.
        picture.scroll_into_view_if_needed()
        expect(picture).not_to_have_js_property("naturalWidth", 0)
    expect(beside).to_contain_text("from the set ")
    here.page.keyboard.press("v")
    expect(beside).not_to_have_attribute("data-species", SPECIES)
    here.page.keyboard.press("ArrowLeft")
    expect(beside).to_have_attribute("data-species", SPECIES)
    with here.page.expect_response(
        # Not the browser's own question beforehand, whether it may ask.
        lambda answer: answer.request.method == "POST" and answer.url.endswith(photo_id) and answer.ok
    ):
        here.page.keyboard.press("a")


def shadow_of(admin: Person, version: str) -> dict[str, Any]:
    return succeeded(admin.get(f"/admin/models/{version}/shadow"))


def challenger_of(admin: Person) -> str | None:
    return succeeded(admin.get("/admin/models"))["challenger"]


@pytest.mark.timeout(2400)
def test_a_photo_leads_to_a_trained_and_promoted_model_and_a_rollback_back_again(
    request: pytest.FixtureRequest,
    admin: Person,
    person: Person,
    champion: str,
    at_admin: Visit,
    visit: Opened,
) -> None:
    here = at_admin
    # A set of a few photos lies ready, for a model to learn from; one more comes from somebody who looks at birds.
    send(admin, [(LABELS[number % 3], "", made_photo(20_000 + number)) for number in range(12)], source="walk")
    # Another photo each time: one that the dataset holds already would be no news to it.
    photo = made_photo(random.SystemRandom().getrandbits(32))
    photo_id = contributed(visit(PHONE), person, photo)

    # A refresh takes the set in and sets the newcomer's photo aside; the page may be closed meanwhile.
    job = started(here, "refresh")
    here.page.reload()
    finished(job)
    reviewed(here, photo_id)
    # The next one sets aside what somebody else gave: the review's tests need no refresh of their own.
    newcomer: Newcomer = request.getfixturevalue("newcomer")
    finished(started(here, "refresh"))
    assert newcomer.is_refreshed()
    items = succeeded(person.get("/me/contributions", params={"limit": 100}))["items"]
    assert {"in_dataset"} == {item["status"] for item in items if item["photo_id"] == photo_id}

    # A training, as far as one can see it: what it does, how far it is, its log, and which heads it tried.
    job = started(here, "train")
    expect(job.locator(".meter, .working__text")).to_be_visible(timeout=PATIENCE_MS)
    finished(job)
    job.get_by_role("button", name="Log").click()
    expect(job.locator(".log")).to_contain_text("3 of 3")
    # It saw what the dataset's photos look like: beside a photo in review, the most similar ones come first from now on.
    undecided = newcomer.photo_ids[UNNAMED]
    beside = succeeded(admin.get(f"/admin/review/{undecided}/look-alikes", params={"species": SPECIES}))
    assert beside["order"] == "similarity"
    assert len(beside["photos"]) > 1
    job.get_by_test_id("open-curve").click()
    expect(job.locator("[data-part=candidates] canvas")).to_have_count(2)
    job.locator("summary", has_text="What came of it").click()
    version = job.locator("dt", has_text="Model").locator("xpath=following-sibling::dd").inner_text()
    assert version.startswith("head-")

    # Beside the champion, on the same photos; where it errs, down to a photo.
    section(here, "Models")
    row = here.page.locator(f"[data-version='{version}']")
    expect(row).to_have_attribute("data-role", "challenger")
    row.click()
    expect(here.page.get_by_test_id("advice")).to_have_text(re.compile(r"Advice: [^.]+\. \S.{20,}\.\s*$"))
    expect(here.page.get_by_test_id("caveat").first).to_contain_text(f"{champion} was not trained on a snapshot")

    # How it was trained, with the step it is made of; the champion's curve, or that there is none, beside it.
    curve = here.page.get_by_test_id("curve")
    expect(curve.locator("canvas")).to_have_count(2)
    loss = curve.get_by_test_id("loss")
    loss.locator("summary").click()
    expect(loss.locator("tbody tr", has_text="(best)")).to_have_count(1)
    assert loss.locator("tbody tr").count() > 1
    beside_it = here.page.get_by_test_id("champions-curve")
    expect(beside_it.locator("h3")).to_contain_text(champion)
    expect(beside_it.locator("canvas, .note").first).to_be_visible()

    # Meanwhile it answers what people send, unseen; the figures come by themselves.
    shadow = here.page.get_by_test_id("shadow")
    expect(shadow).to_have_attribute("data-state", "scoring")
    beside = shadow.get_by_test_id("shadow-against")
    sent = str(person.predict(made_photo(30_000))["prediction_id"])
    try:
        expect(beside).to_have_attribute("data-champion", champion, timeout=PATIENCE_MS)
    except AssertionError as error:
        # Which of the page, the challenger and the stream it was cannot be told from the page.
        error.add_note(f"the panel: {shadow.inner_text()}")
        error.add_note(f"the service: {shadow_of(admin, version)}; {challenger_of(admin)} challenges")
        raise
    expect(shadow.get_by_test_id("shadow-agreement")).to_contain_text("Same species first")
    expect(shadow).to_contain_text("not which of the two is right")
    assert succeeded(person.get(f"/predictions/{sent}"))["model_version"] == champion

    confusion = here.page.get_by_test_id("confusion")
    confusion.locator(".heat button").first.click()
    expect(confusion.get_by_test_id("all-families")).to_be_visible()
    confusion.locator(".heat button").first.click()
    photos = here.page.get_by_test_id("cell-photos").locator("img")
    expect(photos.first).not_to_have_js_property("naturalWidth", 0)
    here.page.keyboard.press("Escape")

    here.page.get_by_test_id("promote").click()
    say_why(here, "it learnt from what people showed")
    expect(row).to_have_attribute("data-role", "champion")
    assert succeeded(admin.get("/admin/models/champion"))["model"]["version"] == version
    row.click()
    here.page.get_by_test_id("roll-back").click()
    say_why(here, "twelve photos are few")
    expect(here.page.locator(f"[data-version='{champion}']")).to_have_attribute("data-role", "champion")
    expect(here.page.get_by_test_id("tenures")).to_contain_text("twelve photos are few")
    assert succeeded(admin.get("/admin/models/champion"))["model"]["version"] == champion
