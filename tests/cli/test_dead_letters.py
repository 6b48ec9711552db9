"""`avocet dead-letters`."""

import httpx
import pytest

from tests.cli.fakes import Terminal, problem

LETTERS = [
    {"letter_id": f"{number}1111111-1111-4111-8111-111111111111", "queue": "serving", "addressee": "data-requests"}
    | {"about": about, "sent_at": "2026-11-25T10:00:00.000+00:00", "reason": "failed every time it was tried"}
    for number, about in enumerate(("export", "erase"))
]


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"letters": LETTERS})
        if request.method == "DELETE" and request.url.path.endswith(LETTERS[1]["letter_id"]):
            return problem(409, "not-discardable", "A person asked to be erased.")
        return httpx.Response(202, json=LETTERS[0])

    terminal.avocet("login", "--admin")
    terminal.cloud.on_prediction = answer
    return terminal


def sent(admin: Terminal, method: str) -> list[str]:
    return [r.url.path.rsplit("/", 1)[1] for r in admin.cloud.called("/admin/dead-letters") if r.method == method]


def test_the_list_says_what_each_is_about_and_what_to_do(admin: Terminal) -> None:
    result = admin.avocet("dead-letters", "list")
    assert result.exit_code == 0, result.stderr
    for word in ("01111111", "export", "erase", "data-requests", "replay"):
        assert word in result.stdout


def test_all_or_the_named_ones_are_sent_again(admin: Terminal) -> None:
    assert admin.avocet("dead-letters", "replay", "111111").exit_code == 0
    assert sent(admin, "POST") == [LETTERS[1]["letter_id"]]
    assert admin.avocet("dead-letters", "replay", "--all").exit_code == 0
    assert sent(admin, "POST")[1:] == [letter["letter_id"] for letter in LETTERS]


def test_nothing_is_sent_unless_it_is_said_what(admin: Terminal) -> None:
    for words in ([], ["0111", "--all"], ["nothing"], ["0"]):
        assert admin.avocet("dead-letters", "replay", *words).exit_code == 1
    assert sent(admin, "POST") == []


def test_nothing_is_thrown_away_without_being_asked_for(admin: Terminal) -> None:
    assert admin.avocet("dead-letters", "discard", "011111", typed="n\n").exit_code == 1
    assert sent(admin, "DELETE") == []
    assert admin.avocet("dead-letters", "discard", "011111", "--yes").exit_code == 0
    assert sent(admin, "DELETE") == [LETTERS[0]["letter_id"]]
    refused = admin.avocet("dead-letters", "discard", "111111", "--yes")
    assert refused.exit_code == 1
    assert "A person asked to be erased." in refused.stderr
