"""Second step of a refresh, once for each batch: verify, normalise, hash."""

from typing import Any

from avocet.adapters.memory import give_back
from avocet.http.refresh_wiring import beat_of, refresh, run_of


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Answer the state machine."""
    try:
        return {"photos": refresh().clean(str(event["batch"]), beat_of(run_of(event)))}
    finally:
        give_back()
