"""Last steps of a sync: list the fetched archive, take its photos in batch by batch, note that the version is here."""

from dataclasses import asdict
from typing import Any

from avocet.http.extract_wiring import take_in
from avocet.http.sync_wiring import beat_of


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine."""
    beat = beat_of(event)
    match event["step"]:
        case "list":
            listed = take_in().list_photos(beat)
            return {**asdict(listed.step), "batches": list(listed.batches)}
        case "batch":
            return {"photos": take_in().take_batch(str(event["batch"]), beat)}
        case _:
            return {"result": take_in().finish(event["batches"], beat)}
