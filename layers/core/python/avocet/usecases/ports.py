"""What the use cases ask of the world outside, as protocols; each adapter answers one of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from avocet.domain.contribution import PhotoRecord
from avocet.domain.errors import AvocetError
from avocet.domain.terms import AcceptedTerms

if TYPE_CHECKING:
    # Most functions never see an array, and have no numpy.
    import numpy as np
    import numpy.typing as npt

    from avocet.domain.scoring import ModelLabels, Scores, Thresholds

Clock = Callable[[], datetime]
IdSource = Callable[[], str]
Pixels: TypeAlias = "npt.NDArray[np.uint8]"


class StaleRecordError(Exception):
    """Somebody else saved the record since it was read; read it again."""


class BrokenBundleError(Exception):
    """A model bundle that is incomplete, damaged or does not do what it promises."""


class NoModelError(AvocetError):
    """No model can answer at present."""

    code: ClassVar[str] = "no-model"
    title: ClassVar[str] = "No model can answer right now"


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """Leave to upload one photo as a browser form.

    Attributes:
        url: Where to post the form.
        fields: To be sent before the file, unchanged.
        expires_at: Until when the upload may begin.
    """

    url: str
    fields: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Original:
    """A photo as it came; ``tag`` names these exact bytes to the store."""

    data: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How a save changes the public counts, by name of the count."""

    changes: Mapping[str, int]


class PhotoRecords(Protocol):
    """The records of photos."""

    def find(self, photo_id: str) -> PhotoRecord | None:
        """Return the record as last saved."""

    def add(self, record: PhotoRecord) -> PhotoRecord:
        """Save a new record; return it with its version.

        Raises:
            StaleRecordError: There is one already.
        """

    def save(self, record: PhotoRecord, tally: Tally | None = None) -> PhotoRecord:
        """Replace the record of that version, and count, in one step; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """

    def open_intents(self) -> Iterator[str]:
        """Yield the ids of photos with an unfinished intent, the longest idle first; may lag a little."""

    def tallies(self) -> Mapping[str, int]:
        """Return the public counts."""


class Originals(Protocol):
    """Photos as they came, for a day."""

    def grant_upload(self, photo_id: str, *, max_bytes: int, expires_at: datetime) -> UploadGrant:
        """Let a browser upload this one photo."""

    def put(self, photo_id: str, data: bytes) -> None:
        """Store a photo that came with the request."""

    def get(self, photo_id: str, *, max_bytes: int, tag: str | None = None) -> Original | None:
        """Return the photo, or None when there is none.

        Raises:
            TooManyBytesError: It is larger than ``max_bytes``; it is then not read.
            PhotoChangedError: ``tag`` is given and names other bytes.
        """


class RawPhotos(Protocol):
    """Contributed photos, without metadata, under their species."""

    def put(self, key: str, data: bytes) -> None:
        """Store a JPEG, over whatever is there."""

    def copy(self, source_key: str, target_key: str) -> bool:
        """Copy a photo; False when there is none at ``source_key``."""

    def has(self, key: str) -> bool:
        """Whether a photo lies at ``key``."""

    def delete(self, key: str) -> None:
        """Remove the photo at ``key``, if there is one."""


class People(Protocol):
    """Who accepted which terms."""

    def find(self, owner_id: str) -> AcceptedTerms | None:
        """Return what the person accepted."""

    def record(self, accepted: AcceptedTerms) -> None:
        """Keep the first acceptance of a version; doing it again changes nothing."""


class Classifier(Protocol):
    """A model that passed its self-test."""

    @property
    def model_version(self) -> str:
        """The version written into each prediction."""

    @property
    def size_px(self) -> int:
        """Side of the square it looks at."""

    @property
    def labels(self) -> "ModelLabels":
        """What its outputs stand for."""

    @property
    def thresholds(self) -> "Thresholds":
        """When it may be believed."""

    def score(self, pixels: Pixels) -> "Scores":
        """Score one image: uint8, shape (size_px, size_px, 3), RGB, 0..255."""


class Sightings(Protocol):
    """Counts of what people's photos are like."""

    def note(self, version: str, moment: datetime, places: Mapping[str, int]) -> None:
        """Count one photo that a version answered; failing to is nobody's trouble."""


class Champion(Protocol):
    """The model that serves."""

    def current(self) -> Classifier:
        """Return the champion.

        Raises:
            NoModelError: There is none, or it cannot be loaded and no earlier one is at hand.
        """


class ChampionPointer(Protocol):
    """Which model version serves."""

    def read(self) -> str | None:
        """Return the champion's version; None before the first."""


class BundleStore(Protocol):
    """The stored bundles."""

    def fetch(self, model_version: str, folder: Path) -> None:
        """Write the bundle's files into ``folder``.

        Raises:
            BrokenBundleError: A file is missing.
        """
