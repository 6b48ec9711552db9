"""First steps of a sync: ask Kaggle for a new version, and fetch its archive for as long as this invocation may last."""

from dataclasses import asdict
from typing import Any, Protocol

from avocet.http.fetch_wiring import fetch
from avocet.http.sync_wiring import beat_of


class _Context(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


def handler(event: dict[str, Any], context: _Context) -> dict[str, Any]:
    """Answer the state machine."""
    if event["step"] == "check":
        return asdict(fetch().check(beat_of(event)))
    return asdict(fetch().fetch(lambda: context.get_remaining_time_in_millis() / 1000, beat_of(event)))
