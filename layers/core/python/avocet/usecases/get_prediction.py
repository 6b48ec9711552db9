"""Read back one's own prediction and the feedback given on it; refuses foreign and expired ones."""

from dataclasses import dataclass

from avocet.domain.contribution import PhotoNotFoundError, PhotoRecord, owned
from avocet.usecases.ports import Clock, PhotoRecords


@dataclass(frozen=True, kw_only=True)
class GetPrediction:
    """Finds a prediction."""

    records: PhotoRecords
    clock: Clock

    def __call__(self, owner_id: str, prediction_id: str) -> PhotoRecord:
        """Return the record, which holds a prediction.

        Raises:
            PhotoNotFoundError: No such prediction of this person.
            PhotoExpiredError: Its day went by without feedback.
        """
        record = owned(self.records.find(prediction_id), owner_id)
        if record.prediction is None:
            raise PhotoNotFoundError("That photo has not been identified yet.")
        record.require_live(self.clock())
        return record
