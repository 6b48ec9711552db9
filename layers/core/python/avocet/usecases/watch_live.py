"""What people's own photos say of a model version: how often it was confirmed, and whether what they send has changed.

The first photos a version answered are what it is held against; they are kept, so that the comparison stays the same.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from avocet.domain.evaluation import Rate
from avocet.domain.shifts import MIN_PHOTOS, Shift, shifts
from avocet.domain.sightings import photos_in, right_name, summed, wrong_name
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.ports import Clock

_LOOK_BACK = timedelta(days=60)
_LATELY = timedelta(days=7)
_REFERENCE_PHOTOS = 500


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """What people's own photos and answers say, where that is known."""

    accuracy: Rate | None = None
    shifts: tuple[Shift, ...] = ()


class Sightings(Protocol):
    """Counts of what photos are like, day by day."""

    def days(self, version: str, days: list[date]) -> Mapping[date, Mapping[str, int]]:
        """Return the counts of those days, as far as there are any."""


@dataclass(frozen=True, kw_only=True)
class WatchLive:
    """Looks at live predictions.

    Attributes:
        sightings: What photos are like.
        tallies: The public counts, by name.
        objects: Where a version's reference is kept.
        clock: The time.
    """

    sightings: Sightings
    tallies: Callable[[], Mapping[str, int]]
    objects: Objects
    clock: Clock

    def __call__(self, version: str) -> LiveFigures:
        """Return what is known of a version."""
        counts = self.tallies()
        right, wrong = counts.get(right_name(version), 0), counts.get(wrong_name(version), 0)
        accuracy = Rate.of(right, right + wrong) if right + wrong else None
        return LiveFigures(accuracy, self._shifts(version))

    def _shifts(self, version: str) -> tuple[Shift, ...]:
        today = self.clock().date()
        past = [today - timedelta(days=back) for back in range(1, _LOOK_BACK.days + 1)]
        days = self.sightings.days(version, past)
        reference = self._reference(version, days)
        if reference is None:
            return ()
        before, until = reference
        lately = [counts for day, counts in days.items() if day > until and today - day <= _LATELY]
        return shifts(before, summed(lately))

    def _reference(self, version: str, days: Mapping[date, Mapping[str, int]]) -> tuple[Mapping[str, int], date] | None:
        key = f"drift/{version}/live-reference.json"
        kept = self.objects.get(key)
        if kept is None:
            first: dict[str, int] = {}
            for day in sorted(days):
                first = summed([first, days[day]])
                if photos_in(first) >= max(_REFERENCE_PHOTOS, MIN_PHOTOS):
                    self.objects.put_new(key, json.dumps({"until": day.isoformat(), "counts": first}).encode())
                    return first, day
            return None
        values = json.loads(kept)
        return values["counts"], date.fromisoformat(values["until"])
