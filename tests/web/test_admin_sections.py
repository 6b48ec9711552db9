"""Every section of the admin part: accessible, as wide as the screen, fluid with ten thousand rows; and what one does in them."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect

from avocet.http.openapi import document
from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.waiting import until
from tests.web.test_for_everyone import faults
from tests.web.visit import DESKTOP, PHONE, SMALL_PHONE, Screen, Visit

Opened = Callable[..., Visit]
SECTIONS = ["review", "models", "jobs", "dataset", "people", "watching"]
MANY = 10_000


@pytest.mark.parametrize(
    ("on", "scheme", "locale"), [(PHONE, "dark", "fr-FR"), (DESKTOP, "light", "en-GB")], ids=["phone", "desktop"]
)
def test_every_section_is_accessible_and_fits(
    visit: Opened, at_desk: Visit, admin: Person, on: Screen, scheme: str, locale: str
) -> None:
    here = at_desk
    if on is not DESKTOP:
        here = visit(on, locale=locale, scheme=scheme)
        here.sign_in(admin)
    found = {}
    for section in SECTIONS:
        here.go(f"admin/{section}")
        expect(here.page.locator(f".admin__sections a[href$='/{section}'][aria-current=page]")).to_be_visible()
        expect(here.page.locator(".spinner")).to_have_count(0)
        found[section] = faults(here)
        assert here.page.evaluate("document.documentElement.scrollWidth") <= on.width_px, section
    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("on", "scheme", "locale", "said"),
    [(SMALL_PHONE, "dark", "fr-FR", "Même espèce en premier"), (DESKTOP, "light", "en-GB", "Same species first")],
    ids=["phone", "desktop"],
)
def test_what_a_challenger_said_in_the_shadow_is_told_with_what_it_proves(
    visit: Opened, at_desk: Visit, admin: Person, on: Screen, scheme: str, locale: str, said: str
) -> None:
    here = at_desk
    if on is not DESKTOP:
        here = visit(on, locale=locale, scheme=scheme)
        here.sign_in(admin)
    champion = succeeded(admin.get("/admin/models/champion"))["model"]["version"]
    listed = succeeded(admin.get("/admin/models"))
    shown = document()["paths"]["/admin/models/{version}/shadow"]["get"]["responses"]["200"]["content"]
    shadow = json.loads(json.dumps(shown["application/json"]["example"])) | {"version": champion}
    here.go("admin/jobs")
    here.on_api("/admin/models", answering(here, json.dumps(listed | {"challenger": None})))
    here.on_api(f"/admin/models/{champion}/shadow", answering(here, json.dumps(shadow)))
    here.go("admin/models")
    here.page.locator(f"[data-version='{champion}']").click()
    panel = here.page.get_by_test_id("shadow")
    expect(panel.get_by_test_id("shadow-agreement")).to_contain_text(said)
    expect(panel.get_by_test_id("shadow-species").locator("li")).to_have_count(1)
    panel.get_by_test_id("shadow-disagreements").locator("summary").click()
    expect(panel.locator("[data-prediction]")).to_have_count(1)
    expect(here.page.locator(".spinner")).to_have_count(0)
    assert not faults(here)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= on.width_px

    # Nothing to tell is told as well, and so is why.
    empty = shadow | {"against": [], "state": "not_challenger"}
    for state, told in (
        (empty, "no challenger|pas de prétendant"),
        (empty | {"state": "scoring"}, "Nothing yet|Rien encore"),
        (empty | {"state": "off"}, "No photos are set apart|Aucune photo n’est mise à part"),
        (
            empty | {"trouble": {"reason": "model.onnx is missing", "at": "2026-11-25T10:00:00Z"}},
            "model.onnx is missing",
        ),
    ):
        here.go("admin/jobs")
        here.on_api(f"/admin/models/{champion}/shadow", answering(here, json.dumps(state)))
        here.go("admin/models")
        here.page.locator(f"[data-version='{champion}']").click()
        expect(panel).to_contain_text(re.compile(told))
    here.context.unroute_all()


def test_ten_thousand_species_scroll_as_ten_do(at_desk: Visit, admin: Person) -> None:
    dataset = succeeded(admin.get("/admin/dataset"))
    counts = {"train": 21, "validation": 5, "test": 4}
    species = {f"made-{number:05}": {**counts, "train": MANY - number} for number in range(MANY - 1)} | {
        "mallard": counts
    }
    snapshot = {"snapshot_id": "a" * 64, "parent_id": None, "depth": 1, "photos": 9, "changes": {}, "species": species}
    body = json.dumps({**dataset, "snapshot": snapshot})
    here = at_desk
    here.go("admin/people")
    here.on_api("/admin/dataset", answering(here, body))
    here.go("admin/dataset")
    rows = here.page.get_by_test_id("species-list").locator("li")
    expect(rows.first).to_have_attribute("aria-setsize", str(MANY))
    assert rows.count() < 60
    here.page.get_by_test_id("species-list").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    expect(here.page.locator(f"[aria-posinset='{MANY}']")).to_be_visible()
    assert rows.count() < 60
    here.page.get_by_role("searchbox").fill("made 04217")
    expect(rows).to_have_count(1)
    for name in ["mallard", "CANARD colvert", "anas platyrhynchos"]:
        here.page.get_by_role("searchbox").fill(name)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Mallard")
    here.context.unroute_all()


def test_species_are_called_by_their_french_names_on_a_french_page(visit: Opened, admin: Person) -> None:
    dataset = succeeded(admin.get("/admin/dataset"))
    species = {"mallard": {"train": 21, "validation": 5, "test": 4}}
    snapshot = {"snapshot_id": "a" * 64, "parent_id": None, "depth": 1, "photos": 30, "changes": {}, "species": species}
    result = {"newly_trainable": "1", "new_species": "mallard"}
    job = {"job_id": "x", "kind": "refresh", "state": "finished", "requested_at": "2026-11-25T12:00:00+00:00"}
    job |= {"requested_by": "y", "waits_for": [], "started_at": None, "finished_at": None, "attempt": 1, "reason": None}
    job |= {"progress": {"done": 0, "total": 0, "note": ""}, "parameters": {}, "result": result}
    here = visit(DESKTOP, locale="fr-FR")
    here.sign_in(admin)
    here.on_api("/admin/dataset", answering(here, json.dumps({**dataset, "snapshot": snapshot, "in_review": 12})))
    here.on_api("/admin/jobs", answering(here, json.dumps({"message": "", "jobs": [job]})))
    here.go("admin/dataset")
    expect(here.page.locator("[data-species=mallard]")).to_contain_text("Canard colvert")
    advice = here.page.get_by_test_id("review-advice")
    expect(advice).to_contain_text("Photos qui attendent une relecture\u00a0: 12.")
    expect(advice.get_by_role("link")).to_have_attribute("href", "#/admin/review")
    here.go("admin/jobs")
    here.page.locator("[data-job=x] summary").click()
    expect(here.page.locator("[data-job=x]")).to_contain_text("Espèces désormais apprenables")
    expect(here.page.locator("[data-job=x]")).to_contain_text("Canard colvert")
    here.context.unroute_all()


@pytest.mark.parametrize(
    ("on", "scheme", "locale"), [(PHONE, "dark", "fr-FR"), (DESKTOP, "light", "en-GB")], ids=["phone", "desktop"]
)
def test_a_running_trainings_curve_grows_under_ones_eyes(
    visit: Opened, admin: Person, on: Screen, scheme: str, locale: str
) -> None:
    job = {"job_id": "x", "kind": "train", "state": "running", "requested_at": "2026-11-25T12:00:00+00:00"}
    job |= {"requested_by": "y", "waits_for": [], "started_at": None, "finished_at": None, "attempt": 1, "reason": None}
    job |= {"progress": {"done": 1, "total": 9, "note": "training"}, "parameters": {}, "result": {}}
    figures = {"loss": 1.5, "accuracy": 0.5, "validation_loss": 1.2, "validation_accuracy": 0.6}
    figures |= {"learning_rate": 0.0002, "seconds": 184.0, "settings": {}, "phase": "every-layer"}
    epochs = [figures | {"step": step} for step in range(1, 4)]
    heads = [figures | {"step": 1, "phase": "head", "settings": {"new_penalty": 0.01}, "seconds": None}]
    part = {"kind": "epochs", "total": 3, "best": 2, "points": epochs}
    parts: list[dict[str, Any]] = []
    here = visit(on, locale=locale, scheme=scheme)
    here.sign_in(admin)
    here.on_api("/admin/jobs", answering(here, json.dumps({"message": "", "jobs": [job]})))
    here.on_api(
        "/admin/jobs/x/learning-curve",
        lambda route: answering(here, json.dumps({"job_id": "x", "parts": parts}))(route),
    )
    here.go("admin/jobs")
    here.page.get_by_test_id("open-curve").click()
    curve = here.page.get_by_test_id("job-curve")
    expect(curve.locator(".note")).to_have_count(1)
    parts.append(part | {"total": 1, "best": 1, "points": epochs[:1]})
    expect(curve.locator("canvas")).to_have_count(2)
    parts[:] = [part, {"kind": "candidates", "total": 1, "best": 1, "points": heads}]
    expect(curve.locator("canvas")).to_have_count(4)
    epochs_shown = curve.locator("[data-part=epochs]").get_by_test_id("loss")
    epochs_shown.locator("summary").click()
    expect(epochs_shown.locator("tbody tr")).to_have_count(3)
    best = {"fr-FR": "2 (la meilleure)", "en-GB": "2 (best)"}[locale]
    expect(epochs_shown.locator("tbody tr").nth(1).locator("th")).to_have_text(best)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= on.width_px
    assert not faults(here)
    here.context.unroute_all()


def test_somebody_is_invited_made_a_reviewer_and_erased(at_desk: Visit) -> None:
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    here = at_desk
    here.go("admin/people")
    here.page.locator("[name=invite-email]").fill(email)
    here.page.get_by_role("button", name="Invite").click()
    here.page.get_by_role("searchbox").fill(email)
    row = here.page.locator(f"[data-email='{email}']")
    expect(row.get_by_role("combobox")).to_have_value("user")
    row.get_by_role("combobox").select_option("reviewer")
    here.page.get_by_test_id("ask-yes").click()
    expect(row.get_by_role("combobox")).to_have_value("reviewer")
    row.get_by_role("button", name=email).click()
    expect(here.page.get_by_test_id("trust")).to_contain_text("No reviewer has judged any of their labels yet")
    row.get_by_role("button", name="Erase").click()
    expect(here.page.get_by_test_id("ask")).to_contain_text("Nobody can bring them back")
    here.page.get_by_test_id("ask-yes").click()
    expect(here.page.get_by_test_id("ask")).to_have_count(0)
    trail = here.page.get_by_role("region", name="What was decided")
    for done in ["Person erased", "Role given (reviewer)", "Person invited (birder)"]:
        expect(trail.get_by_text(done, exact=True).first).to_be_visible()
    # Whoever is fast finds them shut out, whoever is slow finds nobody; a list of nobody has no height to be seen by.
    nobody = here.page.get_by_test_id("user-list").locator("ul:empty")
    expect(row.get_by_text("shut out").or_(nobody)).to_be_attached()


def test_what_was_decided_is_named_and_every_id_can_be_copied_and_followed(at_desk: Visit, admin: Person) -> None:
    here, photo_id, gone = at_desk, uuid.uuid4().hex, str(uuid.uuid4())
    invited = succeeded(admin.post("/admin/users", json={"email": f"{uuid.uuid4().hex[:12]}@example.org"}), 201)
    shown = succeeded(admin.get("/admin/audit"))
    facts = {"said": "mallard", "reason": "spot-check", "counts_as": "gadwall"}
    entry = {"at": "2026-11-29T07:00:00+00:00", "actor_id": gone, "action": "correct", "subject_id": photo_id}
    shown["items"].append(entry | {"facts": facts})
    here.go("admin/jobs")
    here.on_api("/admin/audit", answering(here, json.dumps(shown)))
    here.go("admin/people")
    trail = here.page.get_by_test_id("trail")

    corrected = trail.locator(f"[data-subject='{photo_id}']")
    expect(corrected).to_contain_text("Photo named otherwise · Gadwall")
    expect(corrected.locator(".note")).to_contain_text(gone)
    corrected.locator("summary").click()
    for told in (photo_id, gone, "Mallard", "Gadwall", "Chosen by chance, to keep an eye on the labels."):
        expect(corrected.get_by_text(told, exact=True).first).to_be_visible()
    here.context.grant_permissions(["clipboard-read", "clipboard-write"])
    corrected.get_by_role("button", name=f"Copy {photo_id}").click()
    expect(here.page.get_by_text("Copied.")).to_be_attached()
    assert here.page.evaluate("navigator.clipboard.readText()") == photo_id
    here.context.clear_permissions()
    assert not faults(here)

    person = trail.locator(f"[data-action=invite][data-subject='{invited['user_id']}']")
    person.get_by_role("button", name=str(invited["email"])).click()
    expect(here.page.get_by_test_id("trust")).to_contain_text(str(invited["email"]))

    corrected.locator("a[data-species=gadwall]").click()
    expect(here.page.get_by_role("searchbox")).to_have_value("Gadwall")
    here.context.unroute_all()
    succeeded(here.cloud.request("DELETE", f"/admin/users/{invited['user_id']}", token=admin.id_token), 202)


def test_why_a_job_failed_is_told_in_french_on_a_french_page(visit: Opened, admin: Person) -> None:
    asked = {"kind": "evaluate", "parameters": {"split": "moon"}}
    job = succeeded(admin.post("/admin/jobs", json=asked), 202)
    here = visit(SMALL_PHONE, locale="fr-FR", scheme="dark")
    here.sign_in(admin)
    here.go("admin/jobs")
    card = here.page.locator(f"[data-job='{job['job_id']}']")
    reason = card.locator("[data-code=unknown-split]")
    expect(reason).to_have_text("Les parts possibles sont train, validation, test.", timeout=300_000)
    told = succeeded(admin.get(f"/admin/jobs/{job['job_id']}"))
    assert told["reason"].endswith("Error: Splits are train, validation, test."), "as it was before"

    # What nobody knows is given as it was written, and said to be; a training's log is told line by line.
    later = {"code": None, "facts": {"text": "it was asked for"}, "en": None, "fr": None}
    strange = told | {"kind": "train", "reason": "The moon was full.", "failure": None, "why": [later]}
    lines = ["starting TensorFlow", "[progress] 16/64 embedding photos", "Traceback (most recent call last):"]
    here.go("admin/people")
    here.on_api("/admin/jobs", answering(here, json.dumps({"message": "", "jobs": [strange]})))
    here.on_api("/log", answering(here, json.dumps({"job_id": job["job_id"], "lines": lines})))
    here.go("admin/jobs")
    expect(card.locator(".job__reason")).to_contain_text("en anglais")
    expect(card.locator(".job__reason")).to_contain_text("The moon was full.")
    expect(card.locator(".job__why")).to_contain_text("Pourquoi")
    card.get_by_role("button", name="Journal").click()
    expect(card.locator(".log")).to_have_text(
        "TensorFlow démarre\n16 sur 64\u00a0: regarde les photos\nTraceback (most recent call last):"
    )
    assert not faults(here)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE.width_px
    here.context.unroute_all()


def test_an_admin_chooses_what_they_are_told(at_desk: Visit, admin: Person) -> None:
    here = at_desk
    here.go("admin/watching")
    told = here.page.get_by_test_id("notifications")
    drift = told.get_by_role("checkbox", name="Drift checks")
    expect(drift).to_be_visible()
    was = drift.is_checked()
    with here.page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        drift.click()
    expect(here.page.get_by_text("Your choice is saved.")).to_be_attached()
    assert ("drift" in succeeded(admin.get("/admin/notifications"))["kinds"]) is not was
    with here.page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        drift.click()


def test_an_admin_reads_what_was_sent_and_how_species_drifted(at_desk: Visit, cloud: Cloud) -> None:
    subject = f"Something drifts {uuid.uuid4().hex[:8]}"
    said = {"kind": "drift", "language": "en"}
    cloud.aws("sns").publish(
        TopicArn=cloud.outputs["AdminTopicArn"],
        Subject=subject,
        Message="Fewer mallards are recognised.\n<b>Look</b> at them.",
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in said.items()},
    )

    def has_arrived() -> bool:
        asked = httpx.get(str(cloud.local["inbox_url"]), params={"kind": "drift"}, trust_env=False, timeout=60)
        return subject in {letter["subject"] for letter in asked.json()["letters"]}

    # The page looks into the mailbox as it opens, and then only every half a minute.
    until(has_arrived, within_s=120)
    here = at_desk
    here.go("admin/people")
    reports = [drift_report(number, recall) for number, recall in enumerate([0.9, 0.8, 0.4])]
    lines = [report | {"drifting_species": len(report["drifting"]), "accuracy": 0.9} for report in reversed(reports)]
    here.on_api("/admin/drift-reports", answering(here, json.dumps({"reports": lines})))
    for report in reports:
        here.on_api(f"/admin/drift-reports/{report['report_id']}", answering(here, json.dumps(report)))
    here.go("admin/watching")
    row = here.page.locator("[data-testid=species-trends] [data-species=mallard]")
    expect(row).to_contain_text("1 of 3")
    expect(row.locator("svg")).to_have_accessible_name("F1: \u2013, \u2013, 57.1%")
    inbox = here.page.get_by_test_id("inbox")
    inbox.get_by_role("button", name=subject).click()
    expect(inbox.locator("pre")).to_have_text("Fewer mallards are recognised.\n<b>Look</b> at them.")
    assert not faults(here)
    here.context.unroute_all()


def answering(here: Visit, body: str) -> Callable[[Route], None]:
    """Return what answers with ``body`` in the API's place."""
    headers = {"Access-Control-Allow-Origin": here.page_url, "Content-Type": "application/json"}
    return lambda route: route.fulfill(status=200, headers=headers, body=body)


def drift_report(number: int, recall: float) -> dict[str, Any]:
    """Return what the page reads of a report; below one half the mallard drifts."""
    share = {"value": 1.0, "low": 0.9, "high": 1.0, "of": 20}
    mallard = {"species_id": "mallard", "en": "Mallard", "fr": "Canard colvert", "photos": 20, "precision": share}
    before, now = mallard | {"recall": share}, mallard | {"recall": share | {"value": recall}}
    drifting = {"measure": "recall", "direction": "worse", "reference": before, "current": now, "photos": []}
    words = {"en": "A check.", "fr": "Un contrôle."}
    return {
        "report_id": f"{number:012}",
        "made_at": f"2026-11-{number + 10}T09:00:00+00:00",
        "state": "drifting",
        "sentence": words,
        "advice": words,
        "model_version": "starter",
        "new_photos": 5,
        "drifting": [drifting] if recall < 0.5 else [],
        "best": [],
        "worst": [],
        "live": [],
        "page_url": None,
    }
