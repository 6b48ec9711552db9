"""`avocet notifications`: what one is told is shown, and changed by naming it."""

import json
from typing import Any

import httpx
import pytest

from tests.cli.fakes import API, FakeCloud, Terminal


@pytest.fixture
def chosen(terminal: Terminal) -> dict[str, Any]:
    """What the API holds of the admin's choice."""
    state: dict[str, Any] = {"kinds": ["drift"], "language": "en", "email": "a@example.org", "delivery": "unconfirmed"}
    cloud: FakeCloud = terminal.cloud

    def answer(request: httpx.Request) -> httpx.Response:
        if not str(request.url).startswith(f"{API}/admin/notifications"):
            return cloud(request)
        if request.method == "PUT":
            state.update(json.loads(request.content))
        return httpx.Response(200, json=state)

    terminal.transport = httpx.MockTransport(answer)
    return state


def test_the_choice_is_shown_with_what_is_left_to_do(terminal: Terminal, chosen: dict[str, Any]) -> None:
    shown = terminal.avocet("notifications")
    assert shown.exit_code == 0
    assert "once you follow the link" in shown.stdout
    assert chosen["kinds"] == ["drift"]


@pytest.mark.parametrize(
    ("asked", "kinds", "language"),
    [
        (("health", "data"), ["health", "data"], "en"),
        (("--all", "--lang", "fr"), ["data", "training", "models", "drift", "health"], "fr"),
        (("--none",), [], "en"),
        (("--lang", "fr"), ["drift"], "fr"),
    ],
)
def test_naming_kinds_or_a_language_changes_it(
    terminal: Terminal, chosen: dict[str, Any], asked: tuple[str, ...], kinds: list[str], language: str
) -> None:
    assert terminal.avocet("notifications", *asked).exit_code == 0
    assert (chosen["kinds"], chosen["language"]) == (kinds, language)


def test_a_choice_that_contradicts_itself_changes_nothing(terminal: Terminal, chosen: dict[str, Any]) -> None:
    assert terminal.avocet("notifications", "drift", "--none").exit_code != 0
    assert chosen["kinds"] == ["drift"]
