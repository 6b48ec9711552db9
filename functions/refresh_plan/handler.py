"""First step of a refresh: which photos it is about. The answer names batches in the clean bucket, never photos."""

from typing import Any

from avocet.http.refresh_wiring import beat_of, refresh, run_of


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine."""
    run = run_of(event)
    plan = refresh().plan(run, beat_of(run))
    return {"batches": list(plan.batches), "work": plan.photos + plan.others}
