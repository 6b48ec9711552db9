"""Ask the set's host for a new version and bring its archive to raw, part by part, over as many invocations as it takes.

The parts that lie in the store are the only memory of how far it is: whoever comes next, after a crash or after the
function's time is over, fetches those that are missing. It takes no version twice and asks nobody who asked for a pause.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeVar

from avocet.domain.notifications import sync_stands
from avocet.domain.syncing import MAX_PAUSE_S, SyncRecord, SyncStatus, fetched, found_version, opened_upload, stopped
from avocet.usecases.notice_ports import Outbox
from avocet.usecases.ports import Clock
from avocet.usecases.sync_ports import (
    ArchiveChangedError,
    ArchiveStore,
    DeniedError,
    HostError,
    LimitedError,
    NotConfiguredError,
    RemoteArchive,
    SetHost,
    SyncRecords,
    UnreachableError,
    WithdrawnError,
)

# Large enough that 2 GB take 128 parts, small enough that four of them at once fit into a small function.
PART_BYTES = 16 * 1024 * 1024
_RESERVE_S = 60.0

_In = TypeVar("_In")
_Out = TypeVar("_Out")
Beat = Callable[[int, int | None, str], None]


class Spread(Protocol):
    """The built-in ``map``, or an executor's."""

    def __call__(self, function: Callable[[_In], _Out], values: list[_In], /) -> Iterator[_Out]:
        """Yield the function's result of each value, in order."""


class Next(StrEnum):
    """What the job does next."""

    FETCH = "fetch"
    PAUSE = "pause"
    EXTRACT = "extract"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Step:
    """How a step ended.

    Attributes:
        next: What to do now.
        pause_s: For how long, where that is a pause.
        result: What came of the job, where it is closed.
    """

    next: Next
    pause_s: int = 0
    result: dict[str, str] = field(default_factory=dict)


def archive_key(version: int) -> str:
    """Return where in raw a version's archive lies until it is unpacked."""
    return f"archives/{version}.zip"


@dataclass(frozen=True, kw_only=True)
class FetchArchive:
    """Fetches.

    Attributes:
        host: Makes the set's host; raises where no credentials are stored.
        store: Where the archive goes.
        records: Keeper of the record.
        notifier: Tells the admins.
        clock: The moment.
        spread: Like the built-in ``map``; may fetch several parts at once.
        side_by_side: How many parts are on their way at once.
        part_bytes: Size of a part.
    """

    host: Callable[[], SetHost]
    store: ArchiveStore
    records: SyncRecords
    notifier: Outbox
    clock: Clock
    spread: Spread
    side_by_side: int = 4
    part_bytes: int = PART_BYTES

    def check(self, beat: Beat) -> Step:
        """See whether there is a version to take in.

        Raises:
            FencedOutError: The work is another's now.
            StaleRecordError: Another saved meanwhile.
        """
        beat(0, None, "asking for a new version")
        record = self.records.read()
        if record.must_wait(self.clock()):
            return self._closed(record)
        try:
            newest = self.host().newest_version()
        except HostError as error:
            return self._stop(record, error)
        found = found_version(record, newest, self.clock())
        if found.upload_id == "" and record.upload_id:
            # A newer version came while an older one was on its way.
            self.store.abort(archive_key(record.version_in_hand), record.upload_id)
        found = self.records.save(found)
        if found.status is SyncStatus.IMPORTING:
            return Step(Next.EXTRACT)
        return Step(Next.FETCH) if found.status is SyncStatus.FETCHING else self._closed(found)

    def fetch(self, time_left_s: Callable[[], float], beat: Beat) -> Step:
        """Fetch parts until all are there or the time is over.

        Raises:
            FencedOutError: The work is another's now.
            StaleRecordError: Another saved meanwhile.
            HostError: Nothing more came in a whole invocation; the machine tries again, and then the next day.
        """
        record = self.records.read()
        if not record.version_in_hand:
            return self._closed(record)
        if record.status is SyncStatus.IMPORTING:
            return Step(Next.EXTRACT)
        before = self._stored()
        try:
            archive = self.host().open(record.version_in_hand)
            record = self._upload(record, archive)
            return self._fetch(record, archive, time_left_s, beat)
        except UnreachableError as error:
            # As long as something came, whatever breaks off is asked again and again.
            if self._stored() > before:
                return Step(Next.FETCH)
            return self._stop(self.records.read(), error)
        except HostError as error:
            return self._stop(self.records.read(), error)

    def _stored(self) -> int:
        """Return how many parts of the archive are in the store."""
        record = self.records.read()
        return (
            0
            if not record.upload_id
            else len(self.store.parts(archive_key(record.version_in_hand), record.upload_id) or {})
        )

    def _upload(self, record: SyncRecord, archive: RemoteArchive) -> SyncRecord:
        """Return the record with an upload for exactly these bytes; one for other bytes is thrown away."""
        key = archive_key(record.version_in_hand)
        if record.upload_id:
            same = (record.etag, record.size_bytes) == (archive.etag, archive.size_bytes)
            if same and (self.store.parts(key, record.upload_id) is not None or self._is_whole(record)):
                return record
            self.store.abort(key, record.upload_id)
        # A crash here leaves an upload nobody knows of; the bucket's own rule removes it after a day.
        upload_id = self.store.begin(key)
        return self.records.save(opened_upload(record, upload_id, archive.etag, archive.size_bytes))

    def _is_whole(self, record: SyncRecord) -> bool:
        return self.store.size_bytes(archive_key(record.version_in_hand)) == record.size_bytes

    def _fetch(self, record: SyncRecord, archive: RemoteArchive, time_left_s: Callable[[], float], beat: Beat) -> Step:
        key, count = archive_key(record.version_in_hand), max(1, -(-archive.size_bytes // self.part_bytes))
        there = self.store.parts(key, record.upload_id)
        if there is not None:
            missing = [n for n in range(1, count + 1) if there.get(n) != self._size_of(n, archive.size_bytes)]
            beat(0, count, "fetching the archive")

            def bring(number: int) -> None:
                start = (number - 1) * self.part_bytes
                data = archive.read(start, start + self._size_of(number, archive.size_bytes))
                self.store.put_part(key, record.upload_id, number, data)

            for at in range(0, len(missing), self.side_by_side):
                if time_left_s() < _RESERVE_S:
                    return Step(Next.FETCH)
                together = missing[at : at + self.side_by_side]
                for _ in self.spread(bring, together):
                    pass
                beat(len(together), None, "fetching the archive")
            self.store.complete(key, record.upload_id)
        self.records.save(fetched(record))
        return Step(Next.EXTRACT)

    def _size_of(self, number: int, size_bytes: int) -> int:
        return min(self.part_bytes, size_bytes - (number - 1) * self.part_bytes)

    def _stop(self, record: SyncRecord, error: HostError) -> Step:
        now, pause_s = self.clock(), 0
        match error:
            case NotConfiguredError():
                status = SyncStatus.NOT_CONFIGURED
            case WithdrawnError():
                status = SyncStatus.WITHDRAWN
            case DeniedError():
                status = SyncStatus.DENIED
            case LimitedError():
                if error.pause_s <= MAX_PAUSE_S and record.status is SyncStatus.FETCHING:
                    return Step(Next.PAUSE, error.pause_s)
                status, pause_s = SyncStatus.LIMITED, error.pause_s
            case ArchiveChangedError() | UnreachableError() if record.version_in_hand:
                # In the middle of an archive: the machine tries again. Other bytes begin anew, the same ones go on.
                raise error
            case _:
                status = SyncStatus.UNREACHABLE
        stopped_record = stopped(record, status, now, detail=str(error), pause_s=pause_s)
        return self._closed(self.records.save(stopped_record))

    def _closed(self, record: SyncRecord) -> Step:
        """Tell the admins what they have not been told, and close."""
        if record.news and record.news != record.told:
            letters = self.notifier.write(sync_stands(record), f"sync-{record.news}")
            record = self.records.save(replace(record, told=record.news))
            self.notifier.send(letters)
        return Step(Next.CLOSE, result={"status": record.status.value, "says": record.sentence})
