"""What one step of a refresh leaves for the next: the photos it is about, in batches, and what cleaning found of each."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from avocet.domain.jobs import FencedOutError
from avocet.domain.refreshing import Candidate
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.snapshot_store import WORK

Beat = Callable[[int, int | None, str], None]
"""A sign of life: units done since the last, units to do where that is news, and what is being done.

It raises FencedOutError when the work is another's now.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a refresh.

    Attributes:
        job_id: The job it serves.
        fence: Its fencing token.
    """

    job_id: str
    fence: int

    @property
    def prefix(self) -> str:
        """Where its working files lie; another attempt never sees them."""
        return f"{WORK}{self.job_id}/{self.fence}/"

    @property
    def batches_key(self) -> str:
        """Where the list of its batches lies."""
        return f"{self.prefix}batches.json"


@dataclass(frozen=True, slots=True)
class Work:
    """A fresh photo to be cleaned."""

    photo_id: str
    species_id: str
    source: str
    raw_key: str
    revision: int
    reviewed: bool = False
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A photo that has its split already and about which something else is said now."""

    photo_id: str
    species_id: str | None
    revision: int
    source: str = ""
    owner_id: str = ""
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What cleaning found of one photo; ``refused`` says why it cannot be used."""

    photo_id: str
    species_id: str
    source: str
    revision: int
    reviewed: bool
    refused: str = ""
    content_sha256: str = ""
    phash: str = ""
    mirrored_phash: str = ""
    doubt: str = ""
    proposed_species_id: str | None = None
    owner_id: str = ""
    is_agreed: bool = False

    @property
    def candidate(self) -> Candidate:
        """The photo as it stands for election."""
        return Candidate(
            photo_id=self.photo_id,
            species_id=self.species_id,
            source=self.source,
            revision=self.revision,
            content_sha256=self.content_sha256,
            phash=self.phash,
            mirrored_phash=self.mirrored_phash,
            doubt=self.doubt,
            proposed_species_id=self.proposed_species_id,
            reviewed=self.reviewed,
        )


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a refresh has to do.

    Attributes:
        batches: Keys of the batches to clean, in the order of the photos in them.
        batches_key: Where the same keys lie as a JSON list, for a Map that reads its items itself.
        photos: Fresh photos in them.
        others: Photos whose answer changed or that were erased; they need no cleaning.
    """

    batches: tuple[str, ...]
    batches_key: str
    photos: int
    others: int


def dumped(values: Iterable[Mapping[str, object]]) -> bytes:
    """Return values as a working file holds them."""
    return json.dumps(list(values)).encode()


def loaded(objects: Objects, key: str) -> list[Any]:
    """Read a working file.

    Raises:
        FencedOutError: It is gone, and with it whoever still looks for it.
    """
    data = objects.get(key)
    if data is None:
        # Working files go when their job is closed: whoever still looks for them was given up.
        raise FencedOutError(f"the working file {key} is gone")
    values: list[Any] = json.loads(data)
    return values


def staged_key(batch_key: str) -> str:
    """Where the clean bytes of a batch wait for the snapshot."""
    return batch_key.replace("/batches/", "/staged/").replace(".json", ".tar")


def results_key(batch_key: str) -> str:
    """Where what cleaning found of a batch lies."""
    return batch_key.replace("/batches/", "/results/")


def cleaned_results(objects: Objects, batch_key: str) -> list[Cleaned]:
    """Return what cleaning found of a batch."""
    return [Cleaned(**each) for each in loaded(objects, results_key(batch_key))]
