"""Reads the mailbox of the embedded cloud, newest letter first, and leaves everything in it."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

_QUEUE_ENDS = "-inbox"
_FILTERS = ("language", "kind")


def letters(query_string: str) -> list[dict[str, Any]]:
    """Return the letters in the mailbox; ``language`` and ``kind`` in the query choose among them."""
    from ministack.services import sqs

    wanted = {name: values[-1] for name, values in parse_qs(query_string).items() if name in _FILTERS}
    found = [
        _letter(json.loads(message["body"]))
        for key, queue in sqs._queues.all_items()
        if key[-1].endswith(_QUEUE_ENDS)
        for message in queue["messages"]
    ]
    return [each for each in reversed(found) if all(each[name] == value for name, value in wanted.items())]


def _letter(envelope: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {name: value["Value"] for name, value in envelope.get("MessageAttributes", {}).items()}
    return {
        "letter_id": envelope["MessageId"],
        "sent_at": envelope["Timestamp"],
        "kind": attributes.get("kind"),
        "language": attributes.get("language"),
        "subject": envelope.get("Subject", ""),
        "text": envelope["Message"],
    }
