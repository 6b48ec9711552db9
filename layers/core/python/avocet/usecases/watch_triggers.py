"""Ask for a refresh when what people gave is worth one; looking again changes nothing while one is on its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from avocet.domain.contribution import UNNAMED
from avocet.domain.jobs import JobKind, Request
from avocet.domain.syncing import is_due
from avocet.domain.triggers import is_review_round_due, may_ask, reasons_to_refresh
from avocet.usecases.dataset_ports import Heads, Standings
from avocet.usecases.ports import Clock
from avocet.usecases.run_jobs import RunJobs
from avocet.usecases.sync_ports import SyncRecords

_HISTORY = 20


class FreshCounts(Protocol):
    """Counts of the answers that no refresh has acted on."""

    def fresh_by_species(self) -> Mapping[str, int]:
        """Return how many there are of each species that has any."""


@dataclass(frozen=True, kw_only=True)
class WatchTriggers:
    """Looks at the counters.

    Attributes:
        counts: The counters.
        heads: Where the dataset stands.
        standings: How far each species is.
        jobs: Where a refresh is asked for.
        clock: The moment.
        floor_photos: The least a species needs to become trainable.
        floor_contributions: The least number of contributions that is worth a refresh.
    """

    counts: FreshCounts
    heads: Heads
    standings: Standings
    jobs: RunJobs
    clock: Clock
    floor_photos: int
    floor_contributions: int

    def __call__(self) -> tuple[str, ...]:
        """Ask for a refresh if one is due; return why, or nothing.

        Two who look at the same moment ask for the same job: the second joins the first's.
        """
        fresh = dict(self.counts.fresh_by_species())
        if not fresh:
            return ()
        closed, now = self.jobs.ledger.history(_HISTORY), self.clock()
        if not may_ask(self.jobs.active().jobs, closed, now):
            return ()
        unnamed = fresh.pop(UNNAMED, 0)
        head = self.heads.read()
        standings = self.standings.find_many(sorted(fresh))
        waiting = {
            species_id: standings[species_id].waiting_photos if species_id in standings else 0
            for species_id in fresh
            if species_id not in standings or not standings[species_id].is_trainable
        }
        reasons = reasons_to_refresh(
            fresh,
            dataset_photos=head.photos,
            floor_contributions=self.floor_contributions,
            needed_photos=max(head.needed_photos, self.floor_photos),
            waiting=waiting,
            unnamed=unnamed if is_review_round_due(closed, now) else 0,
        )
        if reasons:
            self.jobs.request(Request(JobKind.REFRESH, "system", because="; ".join(reasons)))
        return reasons


def resume_sync(records: SyncRecords, jobs: RunJobs, clock: Clock) -> bool:
    """Go on with the copy of the outside set when the pause its host asked for is over; return whether that was due."""
    if not is_due(records.read(), clock()) or any(job.kind is JobKind.SYNC for job in jobs.active().jobs):
        return False
    jobs.request(Request(JobKind.SYNC, "system", because="the pause that the host asked for is over"))
    return True
