"""The outside world of the dataset, in memory, and a way to let it die at any call."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from avocet.domain.cleaning import BlankPhotoError, CleanPhoto, Opinion
from avocet.domain.contribution import raw_key
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState, SpeciesStanding
from avocet.domain.duplicates import IndexEntry
from avocet.domain.hashing import band_keys, content_hash
from avocet.domain.jobs import FencedOutError
from avocet.domain.label_cases import LabelCase, label_id_of
from avocet.domain.reference_pictures import ReferencePicture
from avocet.domain.trust import Judgement, TrustRecord
from avocet.usecases.dataset_ports import FreshContribution, Head, TaggedObject
from avocet.usecases.keep_numbers import KeepNumbers
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.refresh import Refresh
from avocet.usecases.refresh_work import Run
from avocet.usecases.snapshot_store import discard_work

WELL_PROVEN = TrustRecord(tuple(Judgement(f"{number:032x}", f"species-{number}", True) for number in range(100)))
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Crash(BaseException):
    """The process dies here; nothing may catch it."""


def photo_bytes(phash: int, salt: int = 0) -> bytes:
    """A photo of the made-up kind: what it looks like, and what makes its bytes different."""
    return json.dumps({"phash": f"{phash:064x}", "salt": salt}).encode()


def clean_made_up(raw: bytes) -> CleanPhoto:
    try:
        phash = json.loads(raw)["phash"]
    except (ValueError, KeyError) as error:
        raise BlankPhotoError("broken") from error
    mirrored = phash[::-1]
    return CleanPhoto(raw, content_hash(raw), phash, mirrored, lambda: np.zeros((1, 1, 3), np.uint8))


@dataclass
class MemoryObjects:
    stored: dict[str, list[bytes]] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.stored[key][-1] if key in self.stored else None

    def put(self, key: str, data: bytes) -> None:
        self.stored.setdefault(key, []).append(data)

    def put_new(self, key: str, data: bytes) -> bool:
        if key in self.stored:
            return False
        self.put(key, data)
        return True

    def read_tagged(self, key: str) -> TaggedObject | None:
        data = self.get(key)
        return None if data is None else TaggedObject(data, content_hash(data))

    def replace(self, key: str, data: bytes, tag: str) -> bool:
        found = self.read_tagged(key)
        if found is None or found.tag != tag:
            return False
        self.put(key, data)
        return True

    def keys(self, prefix: str) -> Sequence[str]:
        return [key for key in sorted(self.stored) if key.startswith(prefix)]

    def purge(self, key: str, *, keep_newest: bool = False) -> None:
        if keep_newest and key in self.stored:
            del self.stored[key][:-1]
        else:
            self.stored.pop(key, None)


@dataclass
class MemoryContributions:
    raw: MemoryObjects
    answers: dict[str, FreshContribution] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)

    def answer(
        self,
        photo_id: str,
        species_id: str | None,
        data: bytes | None = None,
        *,
        owner_id: str | None = None,
        is_reviewed: bool = False,
    ) -> None:
        """Stand in for the whole feedback protocol, finished."""
        before = self.answers.get(photo_id)
        owner_id = owner_id or (before.owner_id if before else "somebody")
        key = raw_key(photo_id, species_id)
        if data is None:
            assert before is not None
            data = self.raw.get(before.raw_key)
        if before is not None and before.raw_key != key:
            self.raw.purge(before.raw_key)
        if data is not None:
            self.raw.put(key, data)
        revision = before.revision + 1 if before else 1
        self.answers[photo_id] = FreshContribution(photo_id, species_id, key, revision, owner_id, is_reviewed)

    def fresh(self) -> Sequence[FreshContribution]:
        return [each for each in self.answers.values() if self.taken.get(each.photo_id) != each.revision]

    def take(self, photo_id: str, revision: int, snapshot_id: str | None) -> bool:
        if photo_id not in self.answers:
            return False
        self.taken[photo_id] = max(revision, self.taken.get(photo_id, 0))
        if snapshot_id:
            self.locked.setdefault(photo_id, snapshot_id)
        return True

    def licence_to_show(self, photo_id: str, species_id: str) -> str | None:
        answer = self.answers.get(photo_id)
        is_sure = answer is not None and answer.is_reviewed and answer.species_id == species_id
        return "CC-BY-4.0" if is_sure else None

    def forget(self, photo_id: str) -> None:
        if answer := self.answers.pop(photo_id, None):
            self.raw.purge(answer.raw_key)


@dataclass
class MemoryPhotos:
    records: dict[str, DatasetPhoto] = field(default_factory=dict)

    def find(self, photo_id: str) -> DatasetPhoto | None:
        return self.records.get(photo_id)

    def find_many(self, photo_ids: Sequence[str]) -> Mapping[str, DatasetPhoto]:
        return {photo_id: self.records[photo_id] for photo_id in photo_ids if photo_id in self.records}

    def save(self, photo: DatasetPhoto) -> DatasetPhoto:
        stored = self.records.get(photo.photo_id)
        if (stored.version if stored else 0) != photo.version:
            raise StaleRecordError(photo.photo_id)
        self.records[photo.photo_id] = replace(photo, version=photo.version + 1)
        return self.records[photo.photo_id]

    def delete(self, photo_id: str) -> None:
        self.records.pop(photo_id, None)

    def fresh(self) -> Sequence[DatasetPhoto]:
        return [each for each in self.records.values() if each.source != CONTRIBUTION and each.is_fresh]

    def waiting(self, species_id: str) -> Sequence[str]:
        return sorted(
            each.photo_id
            for each in self.records.values()
            if each.state is PhotoState.WAITING and each.species_id == species_id
        )

    def labelled(self, label_id: str) -> Sequence[str]:
        return sorted(
            each.photo_id
            for each in self.records.values()
            if each.label is not None and label_id_of(each.source, each.label) == label_id
        )

    def count_labelled(self, label_id: str) -> int:
        return len(self.labelled(label_id))


@dataclass
class MemoryLabels:
    cases: dict[str, LabelCase] = field(default_factory=dict)

    def find(self, label_id: str) -> LabelCase | None:
        return self.cases.get(label_id)

    def save(self, case: LabelCase) -> LabelCase:
        stored = self.cases.get(case.label_id)
        if (stored.version if stored else 0) != case.version:
            raise StaleRecordError(case.label_id)
        self.cases[case.label_id] = replace(case, version=case.version + 1)
        return self.cases[case.label_id]

    def all(self) -> Sequence[LabelCase]:
        return list(self.cases.values())

    def unapplied(self) -> Sequence[LabelCase]:
        return [case for case in self.cases.values() if not case.is_applied]


@dataclass
class MemoryHeads:
    head: Head = field(default_factory=Head)

    def read(self) -> Head:
        return self.head

    def claim(self, fence: int) -> Head:
        if self.head.fence > fence:
            raise FencedOutError
        self.head = replace(self.head, fence=fence)
        return self.head

    def move(self, head: Head) -> None:
        if self.head.fence > head.fence:
            raise FencedOutError
        self.head = head


@dataclass
class MemoryIndex:
    heads: MemoryHeads
    buckets: dict[str, dict[str, IndexEntry]] = field(default_factory=dict)

    def _check(self, fence: int) -> None:
        if self.heads.head.fence > fence:
            raise FencedOutError

    def lookup(self, keys: Sequence[str]) -> Mapping[str, Sequence[IndexEntry]]:
        return {key: tuple(self.buckets[key].values()) for key in keys if key in self.buckets}

    def insert(self, entries: Sequence[IndexEntry], fence: int) -> None:
        self._check(fence)
        for entry in entries:
            for key in band_keys(bytes.fromhex(entry.phash)):
                self.buckets.setdefault(key, {})[entry.photo_id] = entry

    def remove(self, entries: Sequence[IndexEntry], fence: int) -> None:
        self._check(fence)
        for entry in entries:
            for key in band_keys(bytes.fromhex(entry.phash)):
                self.buckets.get(key, {}).pop(entry.photo_id, None)


@dataclass
class MemoryStandings:
    heads: MemoryHeads
    standings: dict[str, SpeciesStanding] = field(default_factory=dict)

    def find(self, species_id: str) -> SpeciesStanding | None:
        return self.standings.get(species_id)

    def find_many(self, species_ids: Sequence[str]) -> Mapping[str, SpeciesStanding]:
        return {name: self.standings[name] for name in species_ids if name in self.standings}

    def save(self, standings: Sequence[SpeciesStanding], fence: int) -> None:
        if self.heads.head.fence > fence:
            raise FencedOutError
        self.standings.update({each.species_id: each for each in standings})


@dataclass
class MemoryPictureBook:
    heads: MemoryHeads
    pictures: dict[str, ReferencePicture] = field(default_factory=dict)

    def find(self, species_id: str) -> ReferencePicture | None:
        return self.pictures.get(species_id)

    def find_many(self, species_ids: Sequence[str]) -> Mapping[str, ReferencePicture]:
        return {name: self.pictures[name] for name in species_ids if name in self.pictures}

    def save(self, pictures: Sequence[ReferencePicture], fence: int) -> None:
        if self.heads.head.fence > fence:
            raise FencedOutError
        self.pictures.update({each.species_id: each for each in pictures})


@dataclass
class FixedOpinion:
    """Thinks the same of every photo; None keeps it out of the matter."""

    opinion: Opinion | None = None

    def about(self, pixels: Any, species_id: str) -> Opinion | None:
        return self.opinion


@dataclass
class MemoryTrust:
    """What is known of people's labels; whoever is not in it is trusted, so that other tests need not care."""

    records: dict[str, TrustRecord] = field(default_factory=dict)

    def find_many(self, owner_ids: Sequence[str]) -> Mapping[str, TrustRecord]:
        return {owner_id: self.records.get(owner_id, WELL_PROVEN) for owner_id in owner_ids}

    def change(self, owner_id: str, change: Callable[[TrustRecord], TrustRecord]) -> tuple[TrustRecord, TrustRecord]:
        before = self.records.get(owner_id, TrustRecord())
        self.records[owner_id] = change(before)
        return before, self.records[owner_id]


@dataclass
class Bomb:
    """Lets the process die at one outside call, before or after it took effect."""

    at: int = -1
    after: bool = False
    calls: int = 0


class Doomed:
    """Wraps a port so that the bomb counts its calls."""

    def __init__(self, port: Any, bomb: Bomb) -> None:
        self._port, self._bomb = port, bomb

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            bomb = self._bomb
            bomb.calls += 1
            dies = bomb.calls == bomb.at
            if dies and not bomb.after:
                raise Crash
            result = method(*args, **kwargs)
            if isinstance(result, Iterator):
                result = list(result)
            if dies:
                raise Crash
            return result

        return call


@dataclass
class World:
    """One dataset and all it stands on."""

    floor_photos: int = 3
    opinion: FixedOpinion = field(default_factory=FixedOpinion)
    trust: MemoryTrust = field(default_factory=MemoryTrust)
    clean: MemoryObjects = field(default_factory=MemoryObjects)
    raw: MemoryObjects = field(default_factory=MemoryObjects)
    models: MemoryObjects = field(default_factory=MemoryObjects)
    photos: MemoryPhotos = field(default_factory=MemoryPhotos)
    heads: MemoryHeads = field(default_factory=MemoryHeads)
    labels: MemoryLabels = field(default_factory=MemoryLabels)
    fence: int = 0
    shard_bytes: int = 400

    def __post_init__(self) -> None:
        self.contributions = MemoryContributions(self.raw)
        self.index = MemoryIndex(self.heads)
        self.standings = MemoryStandings(self.heads)
        self.picture_book = MemoryPictureBook(self.heads)

    def refresher(self, bomb: Bomb | None = None, **changes: Any) -> Refresh:
        ports: dict[str, Any] = {
            "clean_objects": self.clean,
            "raw_objects": self.raw,
            "models_objects": self.models,
            "photos": self.photos,
            "contributions": self.contributions,
            "heads": self.heads,
            "index": self.index,
            "standings": self.standings,
            "picture_book": self.picture_book,
            "labels": self.labels,
            "numbers": KeepNumbers(self.clean, lambda: NOW),
            "opinion": self.opinion,
            "trust": self.trust,
        }
        if bomb is not None:
            ports = {name: Doomed(port, bomb) for name, port in ports.items()}
        ports |= {name: port for name, port in changes.items() if name in ports}
        return Refresh(
            **ports,
            floor_photos=self.floor_photos,
            cleaner=changes.get("cleaner", clean_made_up),
            shard_bytes=self.shard_bytes,
        )

    def refresh(self, job_id: str = "job", bomb: Bomb | None = None, **changes: Any) -> Mapping[str, str]:
        """Run a whole refresh as one attempt with a new token."""
        self.fence += 1
        run = Run(job_id, self.fence)
        refresher = self.refresher(bomb, **changes)
        plan = refresher.plan(run, _beat)
        if not plan.photos and not plan.others:
            return {}
        for key in plan.batches:
            refresher.clean(key, _beat)
        result = refresher.write(run, _beat)
        discard_work(refresher.clean_objects, job_id)
        return result

    def import_photo(self, photo_id: str, species_id: str, data: bytes, source: str = "kaggle") -> None:
        if photo_id in self.photos.records:
            return
        key = raw_key(photo_id, species_id)
        self.raw.put(key, data)
        self.photos.save(DatasetPhoto(photo_id, source, species_id, key))

    def relabel_import(self, photo_id: str, species_id: str) -> None:
        record = self.photos.records[photo_id]
        self.photos.save(replace(record, species_id=species_id, revision=record.revision + 1))


def _beat(advance: int, total: int | None, note: str) -> None:
    return None
