"""The open numbers of the dataset: how it grew, who has most photos, who is nearly there. Pure; it knows no photo and no person.

They follow from the head and the standings of each refresh, so that nobody has to count when somebody looks.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from avocet.domain.contribution import Feedback
from avocet.domain.dataset import SpeciesStanding

MAX_POINTS = 400
CONTRIBUTIONS_TALLY = "contributions"
_ANSWERED = "#answered#"


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """The dataset at the end of a day on which it changed.

    Attributes:
        day: ISO date.
        photos: Photos in it.
        species: Trainable species.
        sources: Photos by where they came from.
    """

    day: str
    photos: int
    species: int
    sources: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatasetNumbers:
    """What is known after the last refresh.

    Attributes:
        growth: The oldest first, one for a day.
        photos: Photos in the dataset by species.
        waiting: Photos that wait for the gate by species.
        needed_photos: What the gate asks of a pending species.
    """

    growth: tuple[GrowthPoint, ...] = ()
    photos: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    needed_photos: int = 0

    def after(self, point: GrowthPoint, standings: Iterable[SpeciesStanding], needed_photos: int) -> "DatasetNumbers":
        """Return the numbers after a refresh changed those standings; saying it again changes nothing."""
        photos, waiting = dict(self.photos), dict(self.waiting)
        for each in standings:
            _put(photos, each.species_id, each.counts.total)
            _put(waiting, each.species_id, 0 if each.is_trainable else each.waiting_photos)
        growth = thinned((*(known for known in self.growth if known.day != point.day), point))
        return DatasetNumbers(growth, photos, waiting, needed_photos)

    def largest(self, limit: int) -> Sequence[tuple[str, int]]:
        """Return the species with the most photos in the dataset."""
        return _most(self.photos, limit)

    def closest(self, limit: int) -> Sequence[tuple[str, int]]:
        """Return the pending species that miss the fewest photos."""
        return _most(self.waiting, limit)

    def to_json(self) -> bytes:
        """Return the numbers as they are kept."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "DatasetNumbers":
        """Read them back.

        Raises:
            ValueError, KeyError, TypeError: They are damaged.
        """
        values = json.loads(data)
        return cls(**{**values, "growth": tuple(GrowthPoint(**each) for each in values["growth"])})


def thinned(points: tuple[GrowthPoint, ...]) -> tuple[GrowthPoint, ...]:
    """Leave out every second point of the older half while there are too many; the first and the last stay."""
    while len(points) > MAX_POINTS:
        half = len(points) // 2
        points = points[:half:2] + points[half:]
    return points


def answer_tally(given_at: datetime, feedback: Feedback) -> str:
    """Return the name of the tally that counts such answers in that week."""
    day = given_at.date()
    return f"{(day - timedelta(days=day.weekday())).isoformat()}{_ANSWERED}{feedback.value}"


def tallied_answer(name: str) -> tuple[str, Feedback] | None:
    """Return the week (its Monday) and the kind of answer that a tally counts; None for other tallies."""
    week, separator, feedback = name.partition(_ANSWERED)
    return (week, Feedback(feedback)) if separator and feedback in set(Feedback) else None


def _put(counts: dict[str, int], species_id: str, photos: int) -> None:
    if photos:
        counts[species_id] = photos
    else:
        counts.pop(species_id, None)


def _most(counts: Mapping[str, int], limit: int) -> Sequence[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
