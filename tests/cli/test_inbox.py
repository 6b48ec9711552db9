"""`avocet inbox`: messages to the admins, listed and read."""

import json

import httpx

from tests.cli.fakes import Terminal

LETTERS = [
    {
        "letter_id": "2",
        "sent_at": "2026-11-23T06:10:00.000Z",
        "kind": "drift",
        "language": "en",
        "subject": "Avocet: the model is as good as ever",
        "text": "Nothing drifts.\n\x1b[31mred",
    }
]


def answering(terminal: Terminal, letters: list[dict[str, str]]) -> list[httpx.URL]:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"letters": letters})

    terminal.transport = httpx.MockTransport(answer)
    local = terminal.cwd / ".avocet" / "local.json"
    document = json.loads(local.read_text())
    local.write_text(json.dumps(document | {"inbox_url": "http://127.0.0.1:4566/_avocet/inbox"}))
    return asked


def test_messages_are_listed_with_what_they_say(terminal: Terminal) -> None:
    asked = answering(terminal, LETTERS)
    shown = terminal.avocet("inbox", "--kind", "drift")
    assert shown.exit_code == 0
    assert "as good as ever" in shown.stdout
    assert dict(asked[0].params) == {"kind": "drift", "language": "en"}


def test_a_message_is_read_without_its_control_characters(terminal: Terminal) -> None:
    answering(terminal, LETTERS)
    shown = terminal.avocet("inbox", "1")
    assert "Nothing drifts." in shown.stdout
    assert "\x1b[31m" not in shown.stdout
    assert terminal.avocet("inbox", "2").exit_code != 0


def test_where_mail_is_sent_there_is_no_inbox(terminal: Terminal) -> None:
    refused = terminal.avocet("inbox")
    assert refused.exit_code != 0
    assert "sends mail" in refused.stderr
