"""Have every label of a person that nobody reviewed looked at again: they entered on a trust that is lost."""

from dataclasses import dataclass, replace

from avocet.domain.contribution import PhotoRecord
from avocet.usecases.contention import ATTEMPTS, BusyRecordError
from avocet.usecases.people_ports import OwnPhotos, PageMark
from avocet.usecases.ports import PhotoRecords, StaleRecordError

_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class DoubtLabels:
    """Makes the next refresh ask again; without trust it then sets aside what the champion does not agree with."""

    own_photos: OwnPhotos
    records: PhotoRecords

    def __call__(self, owner_id: str) -> int:
        """Doubt the person's labels; return how many. Doing it again doubts nothing twice before a refresh.

        Raises:
            BusyRecordError: A record changed under each attempt.
        """
        doubted = 0
        after: PageMark | None = None
        while True:
            page = self.own_photos.of_owner(owner_id, limit=_PAGE, after=after)
            doubted += sum(self._doubt(record.photo_id) for record in page.records)
            after = page.next
            if after is None:
                return doubted

    def _doubt(self, photo_id: str) -> bool:
        for _ in range(ATTEMPTS):
            record = self.records.find(photo_id)
            if record is None or not _entered_on_trust(record) or record.contribution is None:
                return False
            # The same answer in a new revision: the dataset acts on it as if it were given now.
            again = replace(record.contribution, revision=record.contribution.revision + 1)
            try:
                self.records.save(replace(record, contribution=again))
            except StaleRecordError:
                continue
            return True
        raise BusyRecordError("Try again in a moment.")


def _entered_on_trust(record: PhotoRecord) -> bool:
    contribution = record.contribution
    return (
        contribution is not None
        and contribution.finished
        and contribution.answer.species_id is not None
        and record.withdrawn_at is None
        and not record.is_fresh
        and record.reviewed_revision != contribution.revision
    )
