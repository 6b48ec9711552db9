"""Complete every intent that a crash left open; safe to run at any time and any number of times."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from avocet.domain.contribution import with_lease
from avocet.domain.errors import AvocetError
from avocet.usecases.contention import BusyRecordError
from avocet.usecases.give_feedback import ContributionSteps, LostLeaseError
from avocet.usecases.ports import IdSource, StaleRecordError


class _Outcome(StrEnum):
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    POSTPONED = "postponed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one sweep did, by photo id.

    Attributes:
        completed: The photo now lies where it belongs.
        withdrawn: The photo could not be had and nobody had been told otherwise.
        postponed: Somebody is at work, or there was no time left; the next sweep looks again.
        failed: A photo that was accepted before cannot be found any more; a person has to look.
    """

    completed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    postponed: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SettleContributions:
    """Sweeps open intents."""

    steps: ContributionSteps
    new_id: IdSource
    lease: timedelta

    def __call__(self, *, time_left_s: Callable[[], float], reserve_s: float) -> Settlement:
        """Sweep until nothing is open or less than ``reserve_s`` seconds are left."""
        outcomes: dict[_Outcome, list[str]] = {outcome: [] for outcome in _Outcome}
        for photo_id in self.steps.records.open_intents():
            if time_left_s() < reserve_s:
                outcomes[_Outcome.POSTPONED].append(photo_id)
                break
            outcomes[self._settle(photo_id)].append(photo_id)
        return Settlement(**{outcome.value: tuple(ids) for outcome, ids in outcomes.items()})

    def _settle(self, photo_id: str) -> _Outcome:
        records = self.steps.records
        record = records.find(photo_id)
        if record is None or record.contribution is None or not record.is_open:
            return _Outcome.COMPLETED
        now = self.steps.clock()
        if record.contribution.leased_until(now):
            return _Outcome.POSTPONED
        token = self.new_id()
        try:
            record = records.save(with_lease(record, token=token, now=now, lease=self.lease))
            self.steps.complete(record, token=token)
        except (StaleRecordError, LostLeaseError, BusyRecordError):
            return _Outcome.POSTPONED
        except AvocetError:
            left = records.find(photo_id)
            return _Outcome.FAILED if left and left.contribution else _Outcome.WITHDRAWN
        return _Outcome.COMPLETED
