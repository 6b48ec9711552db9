"""What the dataset's use cases ask of the world outside, as protocols."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from avocet.domain.dataset import DatasetPhoto, SpeciesStanding
from avocet.domain.jobs import Job, Ledger
from avocet.domain.label_cases import LabelCase
from avocet.domain.reference_pictures import ReferencePicture

if TYPE_CHECKING:
    # Their arrays would pull numpy into functions that never see a photo.
    from avocet.domain.cleaning import Opinion
    from avocet.domain.duplicates import IndexEntry
    from avocet.usecases.ports import Pixels

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True)
class TaggedObject:
    """An object's bytes, and the tag that names them to the store."""

    data: bytes
    tag: str


class Objects(Protocol):
    """A bucket."""

    def get(self, key: str) -> bytes | None:
        """Return an object, or None when there is none."""

    def put(self, key: str, data: bytes) -> None:
        """Store an object, over whatever is there."""

    def put_new(self, key: str, data: bytes) -> bool:
        """Store an object unless there is one already; return whether it was stored."""

    def read_tagged(self, key: str) -> TaggedObject | None:
        """Return an object with its tag, or None when there is none."""

    def replace(self, key: str, data: bytes, tag: str) -> bool:
        """Store an object over the one with that tag; return whether it was still the one there."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``, in order."""

    def purge(self, key: str, *, keep_newest: bool = False) -> None:
        """Remove an object in all its versions, or all but the newest; nothing happens when there is none."""


@dataclass(frozen=True, slots=True)
class FreshContribution:
    """A finished contribution as the dataset sees it.

    Attributes:
        photo_id: Which.
        species_id: What it is said to show; None for unknown.
        raw_key: Where it lies in raw.
        revision: Grows with each different answer.
        owner_id: Who said so.
        is_reviewed: Whether a review decided this very answer.
    """

    photo_id: str
    species_id: str | None
    raw_key: str
    revision: int
    owner_id: str = ""
    is_reviewed: bool = False


class Contributions(Protocol):
    """People's answers that no refresh has acted on yet."""

    def fresh(self) -> Iterator[FreshContribution]:
        """Yield finished contributions whose present revision was not taken; may lag a little."""

    def take(self, photo_id: str, revision: int, snapshot_id: str | None) -> bool:
        """Note that the dataset acted on ``revision``, and lock the answer when a snapshot holds the photo.

        Doing it again changes nothing; an older revision never replaces a newer one.

        Returns:
            False when there is no such contribution (any more).
        """

    def licence_to_show(self, photo_id: str, species_id: str) -> str | None:
        """Return the licence under which others may be shown the photo as that species.

        None unless its person agreed to that, a review decided that very answer, and it was not taken back.
        """

    def forget(self, photo_id: str) -> None:
        """Remove the contribution's record and its original, if they are there."""


class DatasetPhotos(Protocol):
    """What the dataset knows of each photo."""

    def find(self, photo_id: str) -> DatasetPhoto | None:
        """Return the record as last saved."""

    def find_many(self, photo_ids: Sequence[str]) -> Mapping[str, DatasetPhoto]:
        """Return the records that exist, by id."""

    def save(self, photo: DatasetPhoto) -> DatasetPhoto:
        """Add (version 0) or replace the record of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """

    def delete(self, photo_id: str) -> None:
        """Remove the record, if there is one."""

    def fresh(self) -> Iterator[DatasetPhoto]:
        """Yield imported photos that a refresh has yet to act on; may lag a little."""

    def waiting(self, species_id: str) -> Sequence[str]:
        """Return the ids of the photos that wait for a species' gate, in order."""

    def labelled(self, label_id: str) -> Sequence[str]:
        """Return the ids of the imported photos that came under a label, in order; may lag a little."""

    def count_labelled(self, label_id: str) -> int:
        """Return how many imported photos came under a label; may lag a little."""


class LabelCases(Protocol):
    """Labels that a person has to settle, or did."""

    def find(self, label_id: str) -> LabelCase | None:
        """Return the case as last saved."""

    def save(self, case: LabelCase) -> LabelCase:
        """Add (version 0) or replace the case of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """

    def all(self) -> Iterator[LabelCase]:
        """Yield every case; may lag a little."""

    def unapplied(self) -> Iterator[LabelCase]:
        """Yield the cases whose decision no refresh has carried out; may lag a little."""


class DuplicateIndex(Protocol):
    """The banded index of perceptual hashes."""

    def lookup(self, keys: Sequence[str]) -> "Mapping[str, Sequence[IndexEntry]]":
        """Return the buckets that exist, by key."""

    def insert(self, entries: "Sequence[IndexEntry]", fence: int) -> None:
        """Put photos into all their buckets; doing it again changes nothing.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """

    def remove(self, entries: "Sequence[IndexEntry]", fence: int) -> None:
        """Take photos out of all their buckets.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """


@dataclass(frozen=True, slots=True)
class Head:
    """Where the dataset stands; the one thing that moves when a snapshot becomes current.

    Attributes:
        snapshot_id: The current snapshot; empty before the first.
        fence: Fencing token of the last writer.
        plan_key: Outcomes that were decided with the snapshot and are yet to be applied; empty when they all are.
        job_id: The job that decided them.
        needed_photos: What the gate asks of a pending species.
        result: The job's result, in words.
        sources: Photos in the snapshot by where they came from.
        photos: Photos in the snapshot.
        species: Trainable species.
    """

    snapshot_id: str = ""
    fence: int = 0
    plan_key: str = ""
    job_id: str = ""
    needed_photos: int = 0
    result: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    photos: int = 0
    species: int = 0


class Heads(Protocol):
    """Keeper of the head."""

    def read(self) -> Head:
        """Return the head; the empty one before the first."""

    def claim(self, fence: int) -> Head:
        """Make ``fence`` the writer's token and return the head.

        Raises:
            FencedOutError: A newer token was seen.
        """

    def move(self, head: Head) -> None:
        """Replace the head in one step, as the writer with ``head.fence``.

        Raises:
            FencedOutError: A newer token was seen.
        """


class Standings(Protocol):
    """How far each species is."""

    def find(self, species_id: str) -> SpeciesStanding | None:
        """Return a species' standing; None when no photo of it was ever seen."""

    def find_many(self, species_ids: Sequence[str]) -> Mapping[str, SpeciesStanding]:
        """Return the standings there are, by species."""

    def save(self, standings: Sequence[SpeciesStanding], fence: int) -> None:
        """Replace those standings.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """


class PictureBook(Protocol):
    """Which photo people are shown of each species."""

    def find(self, species_id: str) -> ReferencePicture | None:
        """Return what is kept of a species; None when nothing is."""

    def find_many(self, species_ids: Sequence[str]) -> Mapping[str, ReferencePicture]:
        """Return what is kept, by species."""

    def save(self, pictures: Sequence[ReferencePicture], fence: int) -> None:
        """Replace what is kept of those species.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """


class JobLedger(Protocol):
    """Keeper of the ledger and of the history of jobs."""

    def load(self) -> Ledger:
        """Return the ledger as last saved."""

    def save(self, ledger: Ledger) -> Ledger:
        """Replace the ledger of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """

    def archive(self, job: Job) -> None:
        """Keep a closed job; doing it again changes nothing."""

    def find_closed(self, job_id: str) -> Job | None:
        """Return a closed job."""

    def history(self, limit: int) -> Sequence[Job]:
        """Return the jobs closed last, newest first."""


class JobLauncher(Protocol):
    """Sets a job's work going."""

    def can_launch(self, job: Job) -> bool:
        """Whether this deployment knows how to do that kind of job."""

    def launch(self, job: Job) -> None:
        """Begin the attempt; asking again for the same attempt changes nothing."""

    def has_broken_off(self, job: Job) -> bool:
        """Whether the attempt was begun and has ended badly; False when that cannot be told."""


class SecondOpinion(Protocol):
    """The champion, asked about a photo that somebody labelled."""

    def about(self, pixels: "Pixels", species_id: str) -> "Opinion | None":
        """Judge one image (uint8 ``[224, 224, 3]``, 0-255, RGB); None when no champion can be asked."""


class Spread(Protocol):
    """The built-in ``map``, or an executor's."""

    def __call__(self, function: Callable[[_In], _Out], values: Iterable[_In], /) -> Iterable[_Out]:
        """Yield the function's result of each value, in order."""
