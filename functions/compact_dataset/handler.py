"""After a refresh, when nobody waits any more: fold a long chain of snapshots, so that readers need not walk it."""

from typing import Any

from avocet.http.learning_wiring import begin_step, clean_objects, heads
from avocet.observability import log
from avocet.usecases.snapshot_store import SnapshotStore


def handler(event: dict[str, Any], _context: object) -> dict[str, str | None]:
    """Answer the state machine; most of the time there is nothing to fold."""
    begin_step(event)
    snapshot = heads().read().snapshot_id
    folded = SnapshotStore(clean_objects()).compact(snapshot) if snapshot else None
    log("compacted", snapshot_id=folded)
    return {"folded": folded}
