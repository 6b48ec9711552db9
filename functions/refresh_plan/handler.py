"""First step of a refresh: which photos it is about. The answer names batches in the clean bucket, never photos."""

from typing import Any

from avocet.http.refresh_wiring import beat_of, refresh, run_of
from avocet.settings import INLINE_BATCHES


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine."""
    run = run_of(event)
    plan = refresh().plan(run, beat_of(run))
    # What a Map in line needs has to fit into the machine's state; a distributed one reads the list itself.
    in_line = list(plan.batches) if len(plan.batches) <= INLINE_BATCHES else []
    return {
        "batches": in_line,
        "batches_key": plan.batches_key,
        "batch_count": len(plan.batches),
        "work": plan.photos + plan.others,
    }
