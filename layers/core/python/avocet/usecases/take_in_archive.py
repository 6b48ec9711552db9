"""Unpack a fetched archive where it lies, batch by batch, into raw; each batch and each step can be run again.

Photos go the way of every import: the same photo is known by the same id, so what came in before is not taken again.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from avocet.domain.archives import (
    MAX_LIST_BYTES,
    BrokenArchiveError,
    BrokenEntryError,
    Entry,
    RangedFile,
    batches,
    read_directory,
    scientific_names,
    unpack,
)
from avocet.domain.hashing import content_hash
from avocet.domain.imports import ImportedPhoto
from avocet.domain.jobs import JobKind, Request
from avocet.domain.notifications import sync_brought, sync_stands
from avocet.domain.syncing import SyncRecord, broken, taken_in
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.fetch_archive import Beat, Next, Spread, Step, archive_key
from avocet.usecases.import_photos import ImportPhotos, ImportReport
from avocet.usecases.notice_ports import Outbox
from avocet.usecases.run_jobs import RunJobs
from avocet.usecases.sync_ports import ArchiveStore, SyncRecords

SOURCE = "kaggle"
WORK = "sync/"
_THREADS = 4
_COUNTS = ("taken", "known", "unresolved", "left_out", "refused")


@dataclass(frozen=True, slots=True)
class Listed:
    """What there is to unpack.

    Attributes:
        step: What to do now.
        batches: Keys of the batches.
    """

    step: Step
    batches: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TakeInArchive:
    """Unpacks.

    Attributes:
        store: Where the archive lies.
        work: Where working files go.
        records: Keeper of the record.
        import_photos: Takes the photos.
        jobs: Where the refresh is asked for.
        notifier: Tells the admins.
        spread: Like the built-in ``map``; may take several shares of a batch at once.
    """

    store: ArchiveStore
    work: Objects
    records: SyncRecords
    import_photos: ImportPhotos
    jobs: RunJobs
    notifier: Outbox
    spread: Spread

    def list_photos(self, beat: Beat) -> Listed:
        """Read the archive's directory and write down the batches.

        Raises:
            FencedOutError: The work is another's now.
        """
        beat(0, None, "reading the archive's directory")
        record = self.records.read()
        version = record.version_in_hand
        if not version:
            self._tidy_what_is_over(record)
            return Listed(_closed(record))
        key = archive_key(version)
        size_bytes = self.store.size_bytes(key) or 0
        try:
            directory = read_directory(RangedFile(lambda start, end: self.store.read(key, start, end), size_bytes))
            if not directory.photos:
                raise BrokenArchiveError("it holds no labelled photos")
        except BrokenArchiveError as error:
            return Listed(self._refuse(record, key, str(error)))
        names = self._names(key, directory.names)
        keys: list[str] = []
        for number, batch in enumerate(batches(directory.photos)):
            keys.append(f"{WORK}{version}/batches/{number:05d}.json")
            labels = {entry.label.strip().upper() for entry in batch}
            written = {
                "entries": [asdict(entry) for entry in batch],
                "names": {label: names[label] for label in sorted(labels & names.keys())},
            }
            self.work.put(keys[-1], json.dumps(written).encode())
        self.work.put(f"{WORK}{version}/refused.json", json.dumps(directory.refused).encode())
        beat(0, len(directory.photos), "unpacking photos")
        return Listed(Step(Next.EXTRACT), tuple(keys))

    def _names(self, key: str, entry: Entry | None) -> dict[str, str]:
        if entry is None:
            return {}
        try:
            return dict(scientific_names(self._bytes_of(key, entry)))
        except BrokenEntryError:
            # The labels alone name most species; those they do not are kept as unresolved.
            return {}

    def _bytes_of(self, key: str, entry: Entry) -> bytes:
        if entry.end - entry.start > MAX_LIST_BYTES:
            raise BrokenEntryError("too-large")
        stretch = memoryview(self.store.read(key, entry.start, entry.end))
        return unpack(entry, stretch, entry.start, MAX_LIST_BYTES)

    def take_batch(self, batch_key: str, beat: Beat) -> int:
        """Take one batch's photos into raw; return how many it has. A batch that was taken before is not read again.

        Raises:
            FencedOutError: The work is another's now.
        """
        done_key = batch_key.replace("/batches/", "/results/")
        if self.work.get(done_key) is not None:
            return 0
        written = json.loads(self.work.get(batch_key) or b'{"entries": [], "names": {}}')
        entries = [Entry(**each) for each in written["entries"]]
        if not entries:
            return 0
        key = archive_key(int(batch_key.split("/")[1]))
        stretch = memoryview(self.store.read(key, entries[0].start, entries[-1].end))
        shares = [(number, entries[number::_THREADS]) for number in range(_THREADS) if entries[number::_THREADS]]
        counts = dict.fromkeys(_COUNTS, 0)
        refused: list[tuple[str, str]] = []

        def take(share: tuple[int, Sequence[Entry]]) -> ImportReport:
            number, its_entries = share
            before_key = f"{batch_key.replace('/batches/', '/before/')}.{number}"
            return self._take(its_entries, stretch, entries[0].start, written["names"], before_key)

        for report in self.spread(take, shares):
            counts["taken"] += report.taken
            counts["known"] += report.known
            counts["unresolved"] += len(report.unresolved)
            counts["left_out"] += sum(report.left_out.values())
            refused += [(name, code) for name, code, _ in report.refused]
        counts["refused"] = len(refused)
        self.work.put(done_key, json.dumps({"counts": counts, "refused": refused}).encode())
        beat(len(entries), None, "unpacking photos")
        return len(entries)

    def _take(
        self,
        entries: Sequence[Entry],
        stretch: memoryview,
        stretch_start: int,
        names: dict[str, str],
        before_key: str,
    ) -> ImportReport:
        damaged: list[tuple[str, str, str]] = []
        whole: list[ImportedPhoto] = []
        for entry in entries:
            try:
                data = unpack(entry, stretch, stretch_start)
            except BrokenEntryError as error:
                damaged.append((entry.name, str(error), "It is damaged in the archive."))
            else:
                scientific = names.get(entry.label.strip().upper(), "")
                whole.append(ImportedPhoto(entry.name, entry.label, scientific, data))
        # Asked in one request: a version brings few photos that an older one did not.
        known = self.import_photos.known(SOURCE, [(photo.label, content_hash(photo.data)) for photo in whole])
        before = self._before(before_key, known)
        report = self.import_photos(SOURCE, _new(whole, known))
        report.known += sum(before)
        # Taken by an attempt at this very batch that died before it could say so.
        report.taken += sum(now and not then for now, then in zip(known, before, strict=True))
        report.refused += damaged
        return report

    def _before(self, key: str, known: Sequence[bool]) -> list[bool]:
        """Return which photos were here when the first attempt at the batch looked."""
        if self.work.put_new(key, json.dumps(list(known)).encode()):
            return list(known)
        kept: list[bool] = json.loads(self.work.get(key) or b"[]")
        return kept

    def finish(self, batch_keys: Sequence[str], beat: Beat) -> dict[str, str]:
        """Note that the version is taken in, ask for a refresh, tell the admins, and tidy up; return the result.

        Raises:
            FencedOutError: The work is another's now.
            StaleRecordError: Another saved meanwhile.
        """
        beat(0, None, "noting the new version")
        record = self.records.read()
        version = record.version_in_hand
        if not version:
            self._tidy_what_is_over(record)
            return _closed(record).result
        counts = self._sum(version, batch_keys)
        # Asked for before the version counts as taken: a crash in between asks again, and joins.
        if counts["taken"]:
            because = f"version {version} of the set brought {counts['taken']} new photos"
            self.jobs.request(Request(JobKind.REFRESH, "system", because=because))
        facts = {name: str(count) for name, count in counts.items() if count}
        letters = self.notifier.write(sync_brought(version, counts["taken"], facts), f"sync-brought-{version}")
        record = self.records.save(taken_in(record, counts["taken"]))
        self.notifier.send(letters)
        self._tidy(version)
        return {"status": record.status.value, "version": str(version), **facts}

    def _sum(self, version: int, batch_keys: Sequence[str]) -> dict[str, int]:
        counts = dict.fromkeys(_COUNTS, 0)
        for key in batch_keys:
            done = json.loads(self.work.get(key.replace("/batches/", "/results/")) or b'{"counts": {}}')
            for name, count in done["counts"].items():
                counts[name] += count
        counts["refused"] += len(json.loads(self.work.get(f"{WORK}{version}/refused.json") or b"[]"))
        return counts

    def _refuse(self, record: SyncRecord, key: str, why: str) -> Step:
        record = broken(record, why)
        # Written down before the version counts as broken: whoever comes after a crash looks at it no more.
        letters = self.notifier.write(sync_stands(record), f"sync-{record.news}")
        record = self.records.save(replace(record, told=record.news))
        self.notifier.send(letters)
        self.store.purge(key)
        return _closed(record)

    def _tidy_what_is_over(self, record: SyncRecord) -> None:
        """Remove what is left of versions that nobody has in hand: whoever ended one may have died before tidying up."""
        for version in {record.version_taken, record.version_broken} - {0}:
            self._tidy(version)

    def _tidy(self, version: int) -> None:
        self.store.purge(archive_key(version))
        for key in list(self.work.keys(f"{WORK}{version}/")):
            self.work.purge(key)


def _new(photos: Sequence[ImportedPhoto], known: Sequence[bool]) -> Iterator[ImportedPhoto]:
    return (photo for photo, is_known in zip(photos, known, strict=True) if not is_known)


def _closed(record: SyncRecord) -> Step:
    return Step(Next.CLOSE, result={"status": record.status.value, "says": record.sentence})
