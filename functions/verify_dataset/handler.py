"""The one step of a verify job: everything is hashed again and the invariants are proven."""

from typing import Any

from avocet.http.learning_wiring import clean_objects, dataset_photos, heads
from avocet.http.refresh_wiring import beat_of, index, run_of
from avocet.usecases.verify_dataset import VerifyDataset


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine."""
    verify = VerifyDataset(clean_objects=clean_objects(), photos=dataset_photos(), heads=heads(), index=index())
    found = verify(beat_of(run_of(event)))
    if found.findings:
        return {"result": {"findings": list(found.findings)}}
    return {"result": {"snapshot_id": found.snapshot_id, "photos": str(found.photos)}}
