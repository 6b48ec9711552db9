"""The dataset, and photos imported into it, in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.dataset import PhotoState, Split


@dataclass(frozen=True, slots=True)
class SplitCount:
    """Photos of a species by split."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A snapshot without its rows."""

    snapshot_id: str
    parent_id: str | None
    depth: int = field(metadata={"ge": 0, "description": "Snapshots before it."})
    photos: int = field(metadata={"ge": 0})
    changes: dict[str, int] = field(metadata={"description": "Rows it added, relabelled and removed."})
    species: dict[str, SplitCount]


@dataclass(frozen=True, slots=True)
class SyncView:
    """Where the copy of the outside set stands."""

    status: str = field(metadata={"examples": ["up-to-date", "withdrawn"]})
    message: str = field(metadata={"description": "The same in plain words."})
    version: int = field(metadata={"ge": 0, "description": "The last version that was taken in; 0 for none."})
    detail: str | None
    checked_at: str | None
    retry_at: str | None = field(metadata={"description": "When the host may be asked again."})


@dataclass(frozen=True, slots=True)
class DatasetView:
    """Where the dataset stands."""

    snapshot: SnapshotView | None
    needed_photos: int = field(metadata={"ge": 0, "description": "Clean photos that make a species trainable."})
    sources: dict[str, int] = field(metadata={"description": "Photos in the snapshot by where they came from."})
    in_review: int = field(
        metadata={"ge": 0, "description": "Photos set aside for a person to look at; 500 stands for more."}
    )
    unresolved: dict[str, int] = field(metadata={"description": "Labels that name no species yet, with their photos."})
    is_being_written: bool
    sync: SyncView


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo that is about to be imported."""

    label: str
    sha256: str = field(metadata={"pattern": "^[0-9a-f]{64}$", "examples": ["0" * 64]})


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """Which of these photos are here already?"""

    source: str = field(metadata={"examples": ["kaggle"]})
    photos: tuple[KnownPhoto, ...] = field(metadata={"max_length": 2000})


@dataclass(frozen=True, slots=True)
class KnownPhotos:
    """For each photo asked about, whether it is here."""

    known: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class UnresolvedLabel:
    """A label that names no species yet; its photos are kept."""

    label: str
    proposals: tuple[str, ...] = field(metadata={"description": "Ids of species it may mean."})


@dataclass(frozen=True, slots=True)
class RefusedPhoto:
    """A photo that cannot be used."""

    name: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImportAnswer:
    """What became of a batch."""

    taken: int = field(metadata={"ge": 0})
    known: int = field(metadata={"ge": 0, "description": "They were here already."})
    unresolved: tuple[UnresolvedLabel, ...]
    left_out: dict[str, int] = field(metadata={"description": "Labels that are no birds, with their photos."})
    refused: tuple[RefusedPhoto, ...]


@dataclass(frozen=True, slots=True)
class PhotoInDataset:
    """What the dataset knows of a photo."""

    photo_id: str
    source: str
    species_id: str | None
    label: str | None
    state: PhotoState
    reason: str | None
    split: Split | None
    snapshot_id: str | None
