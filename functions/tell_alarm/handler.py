"""Tells the admins, in their language, what CloudWatch's alarms say; a message it cannot read is told as it stands."""

import json
from typing import Any

from avocet.domain.health import alarm_changed
from avocet.http.learning_wiring import notifier

_REASON_LETTERS = 400


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Take the messages of the alarms' topic."""
    for record in event["Records"]:
        name, is_ringing, reason = _read(record["Sns"])
        # SNS sends a message again until it was taken: what was said under its id is not said anew.
        notice = alarm_changed(name, is_ringing=is_ringing, reason=reason)
        notifier().send(notifier().write(notice, f"alarm-{record['Sns']['MessageId']}"))
    return {"told": len(event["Records"])}


def _read(message: dict[str, Any]) -> tuple[str, bool, str]:
    """Return the alarm's name, whether it rings, and why; budgets write plain text."""
    try:
        said = json.loads(message["Message"])
        return str(said["AlarmName"]), said["NewStateValue"] == "ALARM", str(said["NewStateReason"])[:_REASON_LETTERS]
    except (ValueError, KeyError, TypeError):
        return "daily-cost", True, str(message.get("Message", ""))[:_REASON_LETTERS]
