"""The ports of the use cases in memory, with a seam before and after every outside call where a test can step in."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from avocet.domain.contribution import PhotoChangedError, PhotoRecord, TooManyBytesError
from avocet.domain.taxonomy import Group, Taxon
from avocet.domain.terms import AcceptedTerms
from avocet.usecases.ports import Original, StaleRecordError, Tally, UploadGrant

Seam = Callable[[str], None]
T = TypeVar("T")

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def nothing_happens(_point: str) -> None:
    """The seam of an undisturbed caller."""


@dataclass
class World:
    """What everybody shares: the stored state and the clock."""

    records: dict[str, PhotoRecord] = field(default_factory=dict)
    originals: dict[str, bytes] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    tallies: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, AcceptedTerms] = field(default_factory=dict)
    now: datetime = START
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def clock(self) -> datetime:
        return self.now

    def new_id(self) -> str:
        return f"{next(self.ids):032x}"

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def raw_keys(self, photo_id: str) -> list[str]:
        return [key for key in self.raw if photo_id in key]


@dataclass
class _Port:
    world: World
    seam: Seam = nothing_happens

    def _call(self, name: str, effect: Callable[[], T]) -> T:
        self.seam(f"before {name}")
        result = effect()
        self.seam(f"after {name}")
        return result


class MemoryRecords(_Port):
    """Photo records under optimistic concurrency."""

    def find(self, photo_id: str) -> PhotoRecord | None:
        return self._call("find", lambda: self.world.records.get(photo_id))

    def add(self, record: PhotoRecord) -> PhotoRecord:
        def effect() -> PhotoRecord:
            if record.photo_id in self.world.records:
                raise StaleRecordError
            return self._keep(replace(record, version=1))

        return self._call("add", effect)

    def save(self, record: PhotoRecord, tally: Tally | None = None) -> PhotoRecord:
        def effect() -> PhotoRecord:
            if self.world.records[record.photo_id].version != record.version:
                raise StaleRecordError
            for name, change in (tally.changes if tally else {}).items():
                self.world.tallies[name] = self.world.tallies.get(name, 0) + change
            return self._keep(replace(record, version=record.version + 1))

        return self._call("save", effect)

    def open_intents(self) -> Iterator[str]:
        def effect() -> list[str]:
            return [r.photo_id for r in self.world.records.values() if r.contribution and not r.contribution.finished]

        yield from self._call("open_intents", effect)

    def tallies(self) -> Mapping[str, int]:
        return self.world.tallies

    def _keep(self, record: PhotoRecord) -> PhotoRecord:
        self.world.records[record.photo_id] = record
        return record


class MemoryOriginals(_Port):
    """Photos as they came; a photo's bytes are its tag."""

    def grant_upload(self, photo_id: str, *, max_bytes: int, expires_at: datetime) -> UploadGrant:
        return UploadGrant("https://uploads.example.org", {"key": photo_id}, expires_at)

    def put(self, photo_id: str, data: bytes) -> None:
        self._call("put original", lambda: self.world.originals.update({photo_id: data}))

    def get(self, photo_id: str, *, max_bytes: int, tag: str | None = None) -> Original | None:
        def effect() -> Original | None:
            data = self.world.originals.get(photo_id)
            if data is None:
                return None
            if tag is not None and tag != str(hash(data)):
                raise PhotoChangedError("The upload was overwritten.")
            if len(data) > max_bytes:
                raise TooManyBytesError("Too large.")
            return Original(data, str(hash(data)))

        return self._call("get original", effect)


class MemoryRaw(_Port):
    """Contributed photos."""

    def put(self, key: str, data: bytes) -> None:
        self._call("put raw", lambda: self.world.raw.update({key: data}))

    def copy(self, source_key: str, target_key: str) -> bool:
        def effect() -> bool:
            if source_key not in self.world.raw:
                return False
            self.world.raw[target_key] = self.world.raw[source_key]
            return True

        return self._call("copy raw", effect)

    def has(self, key: str) -> bool:
        return self._call("head raw", lambda: key in self.world.raw)

    def delete(self, key: str) -> None:
        self._call("delete raw", lambda: self.world.raw.pop(key, None))


class MemoryPeople(_Port):
    """Accepted terms."""

    def find(self, owner_id: str) -> AcceptedTerms | None:
        return self._call("find person", lambda: self.world.accepted.get(owner_id))

    def record(self, accepted: AcceptedTerms) -> None:
        self._call("record person", lambda: self.world.accepted.setdefault(accepted.owner_id, accepted))


@dataclass
class MemoryWorldList:
    """A world list of a few birds."""

    taxa: dict[str, Taxon]

    @classmethod
    def of(cls, *species_ids: str) -> "MemoryWorldList":
        return cls({species_id: taxon(species_id) for species_id in species_ids})

    def find(self, species_id: str) -> Taxon | None:
        return self.taxa.get(species_id)

    def find_many(self, species_ids: Sequence[str]) -> list[Taxon | None]:
        return [self.taxa.get(species_id) for species_id in species_ids]

    def family(self, scientific: str) -> Group | None:
        return Group(scientific, "A family", "Une famille")

    def order(self, scientific: str) -> Group | None:
        return Group(scientific, "An order", "Un ordre")


def taxon(species_id: str, *, genus: str | None = "Genus", family: str = "Familidae", rank: str = "species") -> Taxon:
    """A taxon with made-up names."""
    return Taxon(
        species_id=species_id,
        scientific=f"{genus or family} {species_id}",
        en=species_id.replace("-", " ").title(),
        fr=None,
        rank=rank,  # type: ignore[arg-type]
        order="Ordo",
        family=family,
        genus=genus,
        avibase_id=None,
    )
