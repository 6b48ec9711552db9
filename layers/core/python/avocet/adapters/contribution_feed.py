"""People's answers as the dataset sees them, out of the photos table."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from avocet.adapters.dynamodb import DynamoPhotoRecords
from avocet.adapters.objects import S3Objects
from avocet.domain.contribution import without_photo
from avocet.usecases.dataset_ports import FreshContribution
from avocet.usecases.ports import StaleRecordError

_ATTEMPTS = 8


@dataclass(frozen=True)
class ContributionFeed:
    """The feed.

    Attributes:
        records: The photos table.
        originals: The bucket of photos as they came.
        raw: The raw bucket.
    """

    records: DynamoPhotoRecords
    originals: S3Objects
    raw: S3Objects

    def fresh(self) -> Iterator[FreshContribution]:
        """Yield finished contributions whose present revision was not taken; may lag a little."""
        for record in self.records.fresh_contributions():
            contribution = record.contribution
            if contribution is not None and contribution.stored_key is not None:
                yield FreshContribution(
                    photo_id=record.photo_id,
                    species_id=contribution.answer.species_id,
                    raw_key=contribution.stored_key,
                    revision=contribution.revision,
                    owner_id=record.owner_id,
                    is_reviewed=record.reviewed_revision == contribution.revision,
                )

    def take(self, photo_id: str, revision: int, snapshot_id: str | None) -> bool:
        """Note that the dataset acted on ``revision``, and lock the answer when a snapshot holds the photo.

        Returns:
            False when there is no such contribution (any more).

        Raises:
            StaleRecordError: The record changed under each attempt.
        """
        for _ in range(_ATTEMPTS):
            record = self.records.find(photo_id)
            if record is None or record.contribution is None:
                return False
            taken = replace(
                record,
                taken_revision=max(record.taken_revision, revision),
                snapshot_id=record.snapshot_id or snapshot_id,
            )
            if taken == record:
                return True
            try:
                self.records.save(taken)
            except StaleRecordError:
                continue
            return True
        raise StaleRecordError(photo_id)

    def licence_to_show(self, photo_id: str, species_id: str) -> str | None:
        """Return the licence under which others may be shown the photo as that species.

        None unless its person agreed to that, a review decided that very answer, and it was not taken back.
        """
        record = self.records.find(photo_id)
        contribution = record.contribution if record is not None else None
        if record is None or contribution is None or record.withdrawn_at is not None:
            return None
        is_reviewed = record.reviewed_revision == contribution.revision
        if not is_reviewed or contribution.answer.species_id != species_id:
            return None
        return contribution.consent.licence if contribution.consent.lets_others_see else None

    def forget(self, photo_id: str) -> None:
        """Remove the contribution's photo in raw, its original and its record, if they are there.

        Of a withdrawn photo the record stays, so that its owner can see that it is gone.

        Raises:
            StaleRecordError: The record changed under each attempt.
        """
        record = self.records.find(photo_id)
        if record is not None and record.contribution is not None:
            for key in record.contribution.touched_keys:
                self.raw.purge(key)
        self.originals.purge(f"photos/{photo_id}")
        for _ in range(_ATTEMPTS):
            if record is None or record.withdrawn_at is None:
                self.records.delete(photo_id)
                return
            try:
                self.records.save(without_photo(record))
            except StaleRecordError:
                record = self.records.find(photo_id)
                continue
            return
        raise StaleRecordError(photo_id)
