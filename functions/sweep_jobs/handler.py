"""On a schedule: find jobs nobody has heard from, start them again or give them up, and start whoever's turn it is."""

from typing import Any

from avocet.http.learning_wiring import jobs
from avocet.observability import log


def handler(_event: dict[str, Any], _context: object) -> dict[str, int]:
    """Sweep once; return how many jobs were given up."""
    given_up = jobs().sweep()
    log("swept", given_up=[job.job_id for job in given_up], metrics={"JobsGivenUp": len(given_up)})
    return {"given_up": len(given_up)}
