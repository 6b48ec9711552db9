"""The one step of a train job: ask for the training; its finishing event closes the job."""

from typing import Any

from avocet.http.learning_wiring import begin_step
from avocet.http.training_wiring import start_training


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Answer the state machine."""
    job_id, fence = begin_step(event)
    request = start_training()(job_id, fence, event.get("parameters") or {})
    return {"training": request.name}
