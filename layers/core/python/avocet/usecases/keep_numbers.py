"""Keep the dataset's open numbers beside it; what a damaged or lost copy held of the past is lost, never a refresh."""

from collections.abc import Sequence
from dataclasses import dataclass

from avocet.domain.dataset import SpeciesStanding
from avocet.domain.numbers import DatasetNumbers, GrowthPoint
from avocet.usecases.dataset_ports import Head, Objects
from avocet.usecases.ports import Clock

NUMBERS_KEY = "numbers/dataset.json"


@dataclass(frozen=True)
class KeepNumbers:
    """The numbers as one object in the clean bucket, written by the one writer of a refresh."""

    objects: Objects
    clock: Clock

    def read(self) -> DatasetNumbers:
        """Return the numbers as last kept; none before the first refresh."""
        data = self.objects.get(NUMBERS_KEY)
        if data is None:
            return DatasetNumbers()
        try:
            return DatasetNumbers.from_json(data)
        except (ValueError, KeyError, TypeError):
            return DatasetNumbers()

    def note(self, head: Head, standings: Sequence[SpeciesStanding]) -> None:
        """Note what a refresh made of the dataset; doing it again changes nothing."""
        today = self.clock().date().isoformat()
        point = GrowthPoint(today, head.photos, head.species, dict(head.sources))
        self.objects.put(NUMBERS_KEY, self.read().after(point, standings, head.needed_photos).to_json())
