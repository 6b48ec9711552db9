"""Reviewing from the keyboard, and managing people."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.client import ApiClient
from cli.commands.review import Session
from cli.errors import ProblemError
from cli.main import app

BIRD = {"species_id": "pied-avocet", "names": {"en": "Pied Avocet", "fr": None, "scientific": "Recurvirostra avosetta"}}
OTHER = {"species_id": "mallard", "names": {"en": "Mallard", "fr": None, "scientific": "Anas platyrhynchos"}}


def item(photo_id: str, *, said: Any = BIRD) -> dict[str, Any]:
    return {
        "photo_id": photo_id,
        "source": "contribution",
        "said": said,
        "reason": "new-contributor",
        "proposed": None,
        "suggestions": [{**BIRD, "score": 0.6}, {**OTHER, "score": 0.3}],
        "voices": 0,
        "photo_url": "https://photos.example.org/x.jpg",
        "claimed_until": None,
    }


class Desk(ApiClient):
    """An API that hands out photos and writes down what it is told."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items, self.told = list(items), list[tuple[str, dict[str, Any]]]()
        self.refuses: str = ""

    def get(self, path: str, query: Any = None, *, public: bool = False) -> dict[str, Any]:
        return {"species": [BIRD, OTHER]} if path == "/species" else {"items": self.items}

    def send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        photo_id = path.rsplit("/", 1)[1]
        if self.refuses == photo_id:
            raise ProblemError(status=409, code="claimed-by-another", title="", detail="Taken.", correlation_id="")
        self.told.append((photo_id, body))
        return {"photo_id": photo_id, "status": "decided", "species_id": body.get("species_id", "pied-avocet")}


def keys(text: str) -> Callable[[], str]:
    pressed = iter(text)
    return lambda: next(pressed, "q")


def test_each_key_does_one_thing():
    desk = Desk(*(item(photo_id) for photo_id in "abcdef"))
    assert Session(desk, keys("a2c2rs1"), ask=lambda _: "duck").run() == 5
    assert desk.told == [
        ("a", {"action": "accept"}),
        ("b", {"action": "correct", "species_id": "mallard"}),
        ("c", {"action": "correct", "species_id": "mallard"}),
        ("d", {"action": "reject"}),
        ("e", {"action": "skip"}),
        ("f", {"action": "accept"}),
    ]


def test_undoing_goes_back_one_and_quitting_leaves_the_rest():
    desk = Desk(item("a"), item("b"))
    assert Session(desk, keys("auq")).run() == 0
    assert desk.told == [("a", {"action": "accept"}), ("a", {"action": "undo"})]


def test_what_nobody_has_named_cannot_be_accepted():
    desk = Desk(item("a", said=None))
    Session(desk, keys("a1")).run()
    assert desk.told == [("a", {"action": "correct", "species_id": "pied-avocet"})]


def test_a_photo_that_somebody_else_took_is_passed_over():
    desk = Desk(item("a"), item("b"))
    desk.refuses = "a"
    assert Session(desk, keys("aa")).run() == 1


TRUST = {
    "user_id": "11111111-1111-4111-8111-111111111111",
    "standing": "trusted",
    "right": 11,
    "wrong": 1,
    "recent_mistakes": 1,
    "proven_species": ["pied-avocet", "mallard", "ruff", "dunlin", "knot"],
    "needed_photos": 10,
    "needed_species": 5,
    "mistakes_allowed": 2,
    "allowance": 50,
    "reviewers": [
        {"reviewer_id": "01111111-1111-4111-8111-111111111111", "right": 8, "wrong": 1},
        {"reviewer_id": "99999999-9999-4999-8999-999999999999", "right": 3, "wrong": 0},
    ],
    "latest": [
        {"photo_id": "a" * 32, "species_id": "knot", "was_right": False, "action": "correct", "counts_as": "dunlin"}
        | {"reason": "spot-check", "reviewers": ["01111111-1111-4111-8111-111111111111"]}
        | {"at": "2026-11-23T10:11:12+00:00"},
        {"photo_id": "b" * 32, "species_id": "ruff", "was_right": False, "action": "reject", "counts_as": None}
        | {"reason": "new-contributor", "reviewers": [], "at": "2026-11-22T10:11:12+00:00"},
        {"photo_id": "c" * 32, "species_id": "mallard", "was_right": True, "action": None, "counts_as": None}
        | {"reason": None, "reviewers": [], "at": None},
    ],
}

ACCOUNTS = [
    {"user_id": f"{number}1111111-1111-4111-8111-111111111111", "email": f"{name}@example.org", "role": "user"}
    | {"is_enabled": True, "status": "CONFIRMED", "created_at": "2026-11-23T00:00:00+00:00"}
    for number, name in enumerate(("ann", "bob"))
]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Any]]:
    """Requests about accounts, answered from a list of two."""
    requests: list[tuple[str, str, Any]] = []

    def answer(_api: Any, method: str, path: str, *, json: Any = None, **_more: Any) -> dict[str, Any]:
        requests.append((method, path, json))
        if path.endswith("/trust"):
            return TRUST
        return {"items": ACCOUNTS, "next": None} if method == "GET" else ACCOUNTS[1] | (json or {})

    monkeypatch.setattr(ApiClient, "_send", answer)
    monkeypatch.setenv("AVOCET_API_URL", "http://127.0.0.1:9/v1")
    return requests


def run(*words: str, typed: str = "") -> str:
    done = CliRunner().invoke(app, ["users", *words], input=typed)
    return done.output


@pytest.mark.parametrize(
    ("words", "request_sent"),
    [
        (("role", "bob@example.org", "reviewer"), ("PATCH", {"role": "reviewer"})),
        (("disable", "BOB@example.org"), ("PATCH", {"is_enabled": False})),
        (("enable", "11111111"), ("PATCH", {"is_enabled": True})),
        (("delete", "bob@example.org", "--yes"), ("DELETE", None)),
    ],
)
def test_people_are_named_by_address_or_id(sent, words, request_sent):
    run(*words)
    method, path, body = sent[-1]
    assert (method, body) == request_sent
    assert path == f"/admin/users/{ACCOUNTS[1]['user_id']}"


def test_nobody_is_erased_without_being_asked_for(sent):
    run("delete", "bob@example.org", typed="n\n")
    assert [method for method, _, _ in sent] == ["GET"]


def test_whoever_is_not_there_is_said_not_to_be(sent):
    assert "Nobody is called" in run("disable", "carol@example.org")
    assert json.loads(run("--json"))[0]["email"] == "ann@example.org"


def test_a_persons_trust_comes_with_who_judged_them_and_why(sent):
    told = run("trust", "bob@example.org")
    assert sent[-1][:2] == ("GET", f"/admin/users/{ACCOUNTS[1]['user_id']}/trust")
    assert "bob@example.org is trusted" in told
    assert "11 of 12 judged labels were right (92%), of 5 species; mistakes among the latest 20: 1." in told
    lines = [line.split() for line in told.splitlines()]
    assert ["ann@example.org", "8", "1"] in lines
    # Whoever judged and is gone since is named by the beginning of the id.
    assert ["99999999", "3", "0"] in lines
    assert ["2026-11-23", "10:11", "knot", "dunlin", "spot-check", "ann@example.org", "aaaaaaaa"] in lines
    assert ["2026-11-22", "10:11", "ruff", "rejected", "new-contributor", "-", "bbbbbbbb"] in lines
    assert ["-", "mallard", "that", "-", "-", "cccccccc"] in lines
    assert json.loads(run("trust", "11111111", "--json")) == TRUST


def test_of_somebody_nobody_judged_the_rule_alone_is_told(sent, monkeypatch):
    nobody = {"standing": "earning", "right": 0, "wrong": 0, "allowance": 0, "reviewers": [], "latest": []}
    monkeypatch.setitem(globals(), "TRUST", TRUST | nobody)
    told = run("trust", "bob@example.org")
    assert "bob@example.org is not trusted yet" in told
    assert "No reviewer has judged a label of theirs yet." in told
    assert "10 right labels of 5 species" in told
    assert "Reviewer" not in told


PHOTO, LETTER = "f" * 32, "7" * 8 + "-7777-4777-8777-" + "7" * 12
ERASED = "88888888-8888-4888-8888-888888888888"
TRAIL = [
    {
        "at": f"2026-11-23T10:1{minute}:12+00:00",
        "actor_id": actor,
        "action": action,
        "subject_id": subject,
        "facts": facts,
    }
    for minute, (actor, action, subject, facts) in enumerate(
        (
            (ACCOUNTS[0]["user_id"], "correct", PHOTO, {"said": "ruff", "counts_as": "dunlin", "note": ""}),
            (ACCOUNTS[0]["user_id"], "role", ACCOUNTS[1]["user_id"], {"role": "reviewer"}),
            (ERASED, "erase", ERASED, {}),
            (ACCOUNTS[1]["user_id"], "discard", LETTER, {"addressee": "evaluate"}),
        )
    )
]


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An audit trail, beside the two accounts that are there."""

    def answer(_api: Any, _method: str, path: str, **_more: Any) -> dict[str, Any]:
        return {"items": TRAIL} if path == "/admin/audit" else {"items": ACCOUNTS, "next": None}

    monkeypatch.setattr(ApiClient, "_send", answer)
    monkeypatch.setenv("AVOCET_API_URL", "http://127.0.0.1:9/v1")


def test_the_audit_trail_names_people_and_gives_every_id_whole(trail):
    told = CliRunner().invoke(app, ["review", "--audit"]).output
    assert [line.strip() for line in told.splitlines()] == [
        "2026-11-23 10:10  correct, by ann@example.org: said ruff, counts_as dunlin",
        f"photo {PHOTO}",
        "2026-11-23 10:11  role, by ann@example.org: role reviewer",
        f"bob@example.org {ACCOUNTS[1]['user_id']}",
        # Somebody who erased themselves has no address left.
        f"2026-11-23 10:12  erase, by {ERASED}",
        f"account {ERASED}",
        "2026-11-23 10:13  discard, by bob@example.org: addressee evaluate",
        f"dead letter {LETTER}",
    ]


def test_no_id_of_the_audit_trail_is_broken_on_a_narrow_terminal(trail, monkeypatch):
    monkeypatch.setattr("cli.output._WIDTH_WITHOUT_TERMINAL", 40)
    told = CliRunner().invoke(app, ["review", "--audit"]).output
    for entry in TRAIL:
        assert entry["subject_id"] in told


def test_the_audit_trail_as_json_is_the_services_own(trail):
    assert json.loads(CliRunner().invoke(app, ["review", "--audit", "--json"]).output) == {"items": TRAIL}
