"""Take a contribution back: nobody is shown it from this moment on, raw loses it now, and a snapshot with the next refresh."""

from collections.abc import Callable
from dataclasses import dataclass

from avocet.domain.contribution import PhotoNotFoundError, PhotoRecord, with_withdrawal
from avocet.usecases.contention import ATTEMPTS, BusyRecordError
from avocet.usecases.dataset_ports import DatasetPhotos, Objects
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.ports import Clock, PhotoRecords, StaleRecordError


@dataclass(frozen=True, kw_only=True)
class WithdrawContribution:
    """Takes contributions back.

    Attributes:
        records: The photos' records.
        photos: What the dataset knows of them.
        raw_objects: The raw bucket.
        original_objects: The bucket of photos as they came.
        erase: Marks photos so that the next refresh removes every byte.
        ask_for_refresh: Has a refresh started, or joined where one waits already.
        clock: Says when.
    """

    records: PhotoRecords
    photos: DatasetPhotos
    raw_objects: Objects
    original_objects: Objects
    erase: ErasePhotos
    ask_for_refresh: Callable[[], None]
    clock: Clock

    def __call__(self, owner_id: str, photo_id: str) -> PhotoRecord:
        """Withdraw the photo; doing it again finishes what a crash left and otherwise changes nothing.

        Raises:
            PhotoNotFoundError: There is no such contribution of that person.
            AnswerInProgressError: An answer is being stored; try again when it is.
            BusyRecordError: The record changed under each attempt.
        """
        record = self._noted(owner_id, photo_id)
        contribution = record.contribution
        if contribution is None or not contribution.touched_keys:
            return record
        # The mark first: whatever refresh is running now, the one after it removes what that one may have taken.
        self.erase([photo_id])
        for key in contribution.touched_keys:
            self.raw_objects.purge(key)
        self.original_objects.purge(f"photos/{photo_id}")
        known = self.photos.find(photo_id)
        if known is not None and known.split is not None:
            self.ask_for_refresh()
        return record

    def _noted(self, owner_id: str, photo_id: str) -> PhotoRecord:
        for _ in range(ATTEMPTS):
            record = self.records.find(photo_id)
            if record is None or record.owner_id != owner_id:
                raise PhotoNotFoundError("Check the id; only your own photos can be seen.")
            noted = with_withdrawal(record, now=self.clock())
            if noted == record:
                return record
            try:
                return self.records.save(noted)
            except StaleRecordError:
                continue
        raise BusyRecordError("Try again in a moment.")
