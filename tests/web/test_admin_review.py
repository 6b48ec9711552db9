"""Reviewing on the page: ten photos by the keyboard alone, two reviewers at once, and whoever has no business there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Response, expect

from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.deployed.test_dataset import job_done
from tests.deployed.waiting import until
from tests.web.conftest import Newcomer
from tests.web.searching import type_species
from tests.web.visit import DESKTOP, PHONE, Visit

Opened = Callable[..., Visit]
# Ten decisions are sent one after the other; a busy machine takes its time over each.
PATIENCE_MS = 120_000


@pytest.fixture(scope="module")
def waiting(admin: Person, newcomer: Newcomer) -> Newcomer:
    """Somebody new, whose photos wait for a person to look at them."""
    if not newcomer.is_refreshed():
        job_done(admin, "refresh")
    return newcomer


@pytest.fixture
def colleague(cloud: Cloud) -> Iterator[Person]:
    """Another admin, and none any more afterwards: other tests need to know who the last one is."""
    person, pool = cloud.sign_up(), cloud.aws("cognito-idp")
    membership = {
        "UserPoolId": cloud.outputs["UserPoolId"],
        "Username": person.username,
        "GroupName": "admin",
    }
    pool.admin_add_user_to_group(**membership)
    yield Person(cloud, person.username, person.password)
    pool.admin_remove_user_from_group(**membership)


def open_review(here: Visit) -> Locator:
    """Open the review as it is for somebody who comes to it."""
    here.go("identify")
    here.page.get_by_test_id("admin-link").click()
    card = here.page.get_by_test_id("review-card")
    expect(card).to_be_focused()
    return card


def handed_to(here: Visit) -> set[str]:
    """Every photo that the page was handed so far."""
    answers = [one.response() for one in here.sent("/admin/review", method="GET")]
    return {item["photo_id"] for answer in answers if answer is not None for item in answer.json()["items"]}


def press(here: Visit, card: Locator, *keys: str) -> str:
    """Press keys one after the other on the photo that is shown; return its id once another is."""
    shown = card.get_attribute("data-photo") or ""
    for key in keys:
        here.page.keyboard.press(key)
    expect(here.page.locator(f"[data-photo='{shown}']")).to_have_count(0)
    return shown


def is_about(answer: Response, photo_id: str, action: str = "") -> bool:
    """Whether it answers a decision on that photo."""
    asked = answer.request
    return asked.method == "POST" and asked.url.endswith(photo_id) and action in (asked.post_data or "")


def test_two_reviewers_are_never_shown_the_same_photo(
    at_desk: Visit, colleague: Person, waiting: Newcomer, visit: Opened
) -> None:
    one, two = at_desk, visit(PHONE)
    two.sign_in(colleague)
    open_review(one)
    open_review(two)
    assert handed_to(one)
    assert handed_to(two)
    assert not handed_to(one) & handed_to(two)
    taken = next(iter(handed_to(one)))
    problem(colleague.post(f"/admin/review/{taken}", json={"action": "reject"}), 409, "claimed-by-another")


def test_ten_photos_are_reviewed_with_the_keyboard_alone(at_desk: Visit, admin: Person, waiting: Newcomer) -> None:
    here = at_desk
    card = open_review(here)
    decided, count = [], here.page.get_by_test_id("review-count")
    for number in range(10):
        if number == 3:
            # Another species than any that is offered: searched for, chosen, and all of it by keys.
            here.page.keyboard.press("c")
            expect(here.page.get_by_role("combobox")).to_be_focused()
            type_species(here.page, "mallard")
            expect(here.page.locator("[role=option][aria-selected=true]")).to_have_attribute("data-species", "mallard")
            decided.append(press(here, card, "Enter"))
        elif number == 6:
            decided.append(press(here, card, "r"))
        else:
            decided.append(press(here, card, "1"))
        expect(count).to_contain_text(f"{number + 1} photo")
        if number < 9:
            expect(card).to_be_focused()
    assert len(set(decided)) == 10
    if card.count():
        # What is decided is sent behind the page, one after the other: each answer is the last one's before what follows.
        with here.page.expect_response(lambda answer: is_about(answer, decided[-1], "undo"), timeout=PATIENCE_MS):
            here.page.keyboard.press("u")
            expect(card).to_have_attribute("data-photo", decided[-1])
        with here.page.expect_response(lambda answer: is_about(answer, decided[-1]), timeout=PATIENCE_MS):
            press(here, card, "1")

    def are_on_record() -> bool:
        audited = succeeded(admin.get("/admin/audit", params={"limit": 100}))["items"]
        return set(decided) <= {entry["subject_id"] for entry in audited}

    until(are_on_record, within_s=300)
    trust_follows(here, admin, waiting)


def trust_follows(here: Visit, admin: Person, newcomer: Newcomer) -> None:
    """What was decided of somebody's photos is told of them: how often they were right, by whom, when and why."""
    contributor = newcomer.person
    # Others' photos may have come before theirs: at least one of theirs is decided, whoever came first.
    for photo_id in newcomer.photo_ids[:3]:
        admin.post(f"/admin/review/{photo_id}", json={"action": "accept"})

    def told() -> dict[str, Any] | None:
        trust = succeeded(admin.get(f"/admin/users/{contributor.owner_id}/trust"))
        return trust if trust["latest"] else None

    trust = until(told, within_s=300)
    assert {one["reviewer_id"] for one in trust["reviewers"]} == {admin.owner_id}
    assert all(each["at"] and each["reason"] for each in trust["latest"])
    here.go("admin/people")
    here.page.get_by_role("searchbox").fill(contributor.username)
    here.page.get_by_role("button", name=contributor.username).click()
    panel = here.page.get_by_test_id("trust")
    expect(panel.locator("[data-right]")).to_have_count(len(trust["latest"]))
    expect(panel).to_contain_text(f"{admin.username}: {trust['right']} right, {trust['wrong']} wrong")


def test_somebody_else_gets_nowhere(person: Person, visit: Opened) -> None:
    here = visit(DESKTOP)
    here.go("admin/review")
    expect(here.page.get_by_role("link", name="Sign in").first).to_be_visible()
    here.sign_in(person)
    expect(here.page.get_by_test_id("admin-link")).to_have_count(0)
    for place in ["admin", "admin/review", "admin/people"]:
        here.go(place)
        expect(here.page.get_by_test_id("refused")).to_be_visible()
    assert not [one for one in here.requests if "/admin/" in one.url or "AdminPage" in one.url]
    problem(person.get("/admin/review"), 403, "admins-only")
