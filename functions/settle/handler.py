"""On a schedule: complete every feedback that a crash left half-done.

What the event says does not matter, so a dead letter is retried by sending it here again.
"""

from datetime import timedelta
from functools import cache
from typing import Any, Protocol

from avocet.adapters import system
from avocet.http import wiring
from avocet.observability import log
from avocet.settings import SETTLE_LEASE_S
from avocet.usecases.give_feedback import ContributionSteps
from avocet.usecases.settle_contributions import SettleContributions

# One photo of 50 megapixels is decoded, encoded and stored in less.
_RESERVE_S = 20.0


class PhotoLostError(Exception):
    """A photo that had been accepted is nowhere to be found; raised so that the alarm and the dead letter say so."""


class _Context(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


@cache
def _settle() -> SettleContributions:
    return SettleContributions(
        steps=ContributionSteps(
            records=wiring.records(), originals=wiring.originals(), raw=wiring.raw_photos(), clock=system.now
        ),
        new_id=system.new_id,
        lease=timedelta(seconds=SETTLE_LEASE_S),
    )


def handler(_event: dict[str, Any], context: _Context) -> dict[str, int]:
    """Sweep once; return how many photos had which outcome."""
    settlement = _settle()(time_left_s=lambda: context.get_remaining_time_in_millis() / 1000, reserve_s=_RESERVE_S)
    log(
        "settled",
        completed=settlement.completed,
        withdrawn=settlement.withdrawn,
        postponed=settlement.postponed,
        failed=settlement.failed,
    )
    if settlement.failed:
        raise PhotoLostError(f"{len(settlement.failed)} accepted photos cannot be found; their ids are in the log")
    return {
        "completed": len(settlement.completed),
        "withdrawn": len(settlement.withdrawn),
        "postponed": len(settlement.postponed),
    }
