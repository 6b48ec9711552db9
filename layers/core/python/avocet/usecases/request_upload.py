"""Let a person upload one photo of up to 25 MB; refuses sizes outside that."""

from dataclasses import dataclass
from datetime import timedelta

from avocet.domain.contribution import PhotoRecord, TooManyBytesError
from avocet.usecases.ports import Clock, IdSource, Originals, PhotoRecords, UploadGrant

MAX_UPLOAD_BYTES = 25 * 1024 * 1024
GRANT_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class RequestUpload:
    """Makes the record of a photo that is about to arrive."""

    records: PhotoRecords
    originals: Originals
    clock: Clock
    new_id: IdSource

    def __call__(self, owner_id: str, *, size_bytes: int) -> tuple[PhotoRecord, UploadGrant]:
        """Return the new record and the leave to upload its photo.

        Raises:
            TooManyBytesError: ``size_bytes`` is over the limit.
        """
        if size_bytes > MAX_UPLOAD_BYTES:
            raise TooManyBytesError(f"The photo has {size_bytes} bytes; at most {MAX_UPLOAD_BYTES} are taken.")
        now = self.clock()
        record = self.records.add(PhotoRecord(photo_id=self.new_id(), owner_id=owner_id, created_at=now))
        grant = self.originals.grant_upload(
            record.photo_id, max_bytes=MAX_UPLOAD_BYTES, expires_at=now + GRANT_LIFETIME
        )
        return record, grant
