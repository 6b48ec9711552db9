"""Third step of a refresh: the one fenced writer decides and writes the snapshot."""

from typing import Any

from avocet.http.refresh_wiring import beat_of, refresh, run_of


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine."""
    run = run_of(event)
    return {"result": dict(refresh().write(run, beat_of(run)))}
