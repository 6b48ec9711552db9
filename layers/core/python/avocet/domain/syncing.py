"""Where the copy of the outside set stands: a small record that lasts, and what may follow from what its host said.

Pure; it fetches nothing. A version is taken in once: whoever comes back finds it noted and does not begin again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

# A pause that long fits into a running job; for a longer one the job ends and another begins when it is over.
MAX_PAUSE_S = 60
# Hosts that name no pause get this one.
DEFAULT_PAUSE_S = 30


class SyncStatus(StrEnum):
    """Where the copy stands."""

    NEVER_CHECKED = "never-checked"
    NOT_CONFIGURED = "not-configured"
    UP_TO_DATE = "up-to-date"
    FETCHING = "fetching"
    IMPORTING = "importing"
    WITHDRAWN = "withdrawn"
    DENIED = "denied"
    LIMITED = "limited"
    UNREACHABLE = "unreachable"
    BROKEN = "broken"


_SENTENCES = {
    SyncStatus.NEVER_CHECKED: "The set has not been looked for yet.",
    SyncStatus.NOT_CONFIGURED: "No credentials for Kaggle are stored, so no new photos are fetched.",
    SyncStatus.UP_TO_DATE: "The newest version of the set is here.",
    SyncStatus.FETCHING: "A new version of the set is being fetched.",
    SyncStatus.IMPORTING: "A new version of the set is being unpacked.",
    SyncStatus.WITHDRAWN: "The set is no longer offered; the photos taken in before stay.",
    SyncStatus.DENIED: "Kaggle refuses the stored credentials.",
    SyncStatus.LIMITED: "Kaggle asks for a pause; fetching goes on by itself.",
    SyncStatus.UNREACHABLE: "Kaggle cannot be reached; the next look is tomorrow.",
    SyncStatus.BROKEN: "The newest version's archive is damaged and was not taken in.",
}

# What a person has to hear of, once.
_TOLD = frozenset({SyncStatus.WITHDRAWN, SyncStatus.DENIED, SyncStatus.BROKEN})


@dataclass(frozen=True, slots=True)
class SyncRecord:
    """What lasts between two looks.

    Attributes:
        status: Where the copy stands.
        version_taken: The last version that was taken in whole; 0 before the first.
        version_in_hand: The version being fetched or unpacked; 0 when none is.
        version_broken: A version whose archive was damaged; it is not fetched again.
        upload_id: Names the open multipart upload of the archive.
        etag: Names the exact bytes being fetched.
        size_bytes: Of the archive.
        retry_at: When the host may be asked again; None for at once.
        checked_at: When the host last gave an answer.
        told: The last thing the admins were told, so that they are told once.
        photos: Photos that the last version brought.
        detail: More about the status, for people.
        version: Grows with each save; 0 before the first.
    """

    status: SyncStatus = SyncStatus.NEVER_CHECKED
    version_taken: int = 0
    version_in_hand: int = 0
    version_broken: int = 0
    upload_id: str = ""
    etag: str = ""
    size_bytes: int = 0
    retry_at: datetime | None = None
    checked_at: datetime | None = None
    told: str = ""
    photos: int = 0
    detail: str = ""
    version: int = 0

    @property
    def sentence(self) -> str:
        """The status in plain words."""
        return _SENTENCES[self.status]

    @property
    def news(self) -> str:
        """What the admins should have been told by now, as a name; empty when there is nothing."""
        if self.status not in _TOLD:
            return ""
        return f"{self.status}-{self.version_broken}" if self.status is SyncStatus.BROKEN else self.status.value

    def must_wait(self, now: datetime) -> bool:
        """Whether the host asked not to be asked yet."""
        return self.retry_at is not None and now < self.retry_at


def found_version(record: SyncRecord, newest: int, now: datetime) -> SyncRecord:
    """Note which version the host offers: take it in hand when it is new, go on with it when it is in hand already."""
    record = replace(record, checked_at=now, retry_at=None, detail="", told="")
    if newest <= record.version_taken:
        return _empty_handed(record, SyncStatus.UP_TO_DATE)
    if newest == record.version_broken:
        return replace(_empty_handed(record, SyncStatus.BROKEN), told=f"{SyncStatus.BROKEN}-{newest}")
    if newest == record.version_in_hand:
        unpacking = record.size_bytes and not record.upload_id
        return replace(record, status=SyncStatus.IMPORTING if unpacking else SyncStatus.FETCHING)
    return replace(_empty_handed(record, SyncStatus.FETCHING), version_in_hand=newest)


def is_due(record: SyncRecord, now: datetime) -> bool:
    """Whether a pause that the host asked for is over, so that the copy should go on."""
    return record.status is SyncStatus.LIMITED and not record.must_wait(now)


def opened_upload(record: SyncRecord, upload_id: str, etag: str, size_bytes: int) -> SyncRecord:
    """Note the upload into which the archive goes."""
    return replace(record, upload_id=upload_id, etag=etag, size_bytes=size_bytes)


def fetched(record: SyncRecord) -> SyncRecord:
    """Note that the archive is whole."""
    return replace(record, status=SyncStatus.IMPORTING, upload_id="")


def taken_in(record: SyncRecord, photos: int) -> SyncRecord:
    """Note that the version in hand is taken in; doing it again changes nothing."""
    if not record.version_in_hand:
        return record
    taken = replace(record, version_taken=record.version_in_hand, photos=photos)
    return _empty_handed(taken, SyncStatus.UP_TO_DATE)


def broken(record: SyncRecord, why: str) -> SyncRecord:
    """Note that the archive of the version in hand cannot be used."""
    noted = replace(record, version_broken=record.version_in_hand, detail=why)
    return _empty_handed(noted, SyncStatus.BROKEN)


def stopped(record: SyncRecord, status: SyncStatus, now: datetime, *, detail: str = "", pause_s: int = 0) -> SyncRecord:
    """Note why nothing goes on for now; what is in hand stays there."""
    return replace(
        record,
        status=status,
        checked_at=now,
        detail=detail,
        retry_at=now + timedelta(seconds=pause_s) if pause_s else None,
    )


def _empty_handed(record: SyncRecord, status: SyncStatus) -> SyncRecord:
    return replace(record, status=status, version_in_hand=0, upload_id="", etag="", size_bytes=0)
