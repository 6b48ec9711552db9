"""The nouns of the dataset: photos, splits, gates. It refuses nothing; it says where a photo belongs and when a species counts.

A photo's split is for ever. A new duplicate group goes whole to the split furthest below its quota, so that within a
species each split stays within the largest group's size of 70/15/15.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

CONTRIBUTION = "contribution"
"""The source of photos that people gave; imported sets have names of their own."""


class Split(StrEnum):
    """What a photo is for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


# Hundredths, so that deviations are whole numbers and no rounding decides where a photo goes.
QUOTA_PERCENT: Mapping[Split, int] = {Split.TRAIN: 70, Split.VALIDATION: 15, Split.TEST: 15}

# One group in each split is the least that can be trained, tuned and judged.
MIN_GROUPS = len(Split)


class PhotoState(StrEnum):
    """Where a photo stands on its way into the dataset."""

    NEW = "new"
    WAITING = "waiting"  # clean; its species has too few photos yet
    REVIEW = "review"  # set aside for a person to look at, with a reason
    DUPLICATE = "duplicate"  # the dataset holds the same photo already
    REFUSED = "refused"  # not a usable photo, with a reason
    UNRESOLVED = "unresolved"  # its label names no species yet
    IN_DATASET = "in-dataset"


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """How many photos of a species each split holds."""

    train: int = 0
    validation: int = 0
    test: int = 0

    @property
    def total(self) -> int:
        """Photos in all three splits."""
        return self.train + self.validation + self.test

    def of(self, split: Split) -> int:
        """Photos in ``split``."""
        return {Split.TRAIN: self.train, Split.VALIDATION: self.validation, Split.TEST: self.test}[split]

    def plus(self, split: Split, photos: int) -> "SplitCounts":
        """Return the counts with ``photos`` more (or fewer) in ``split``."""
        match split:
            case Split.TRAIN:
                return replace(self, train=self.train + photos)
            case Split.VALIDATION:
                return replace(self, validation=self.validation + photos)
            case Split.TEST:
                return replace(self, test=self.test + photos)

    def excess_percent(self, split: Split) -> int:
        """Return how far ``split`` is above its quota, in hundredths of a photo; negative below it."""
        return 100 * self.of(split) - QUOTA_PERCENT[split] * self.total


@dataclass(frozen=True, slots=True)
class DatasetPhoto:
    """What the dataset knows of one photo, imported or contributed.

    Attributes:
        photo_id: 32 hexadecimal digits.
        source: ``contribution``, or the name of the set it was imported from.
        species_id: What it shows, as last said; None while unknown or unresolved.
        label: The set's own label, for imported photos.
        raw_key: Where it lies in raw.
        revision: Grows with each different answer about what it shows.
        taken_revision: The last revision a refresh acted on; a photo is fresh while the two differ.
        state: Where it stands.
        reason: Why it stands there, in a few stable words; empty when there is nothing to say.
        proposed_species_id: What the champion would rather call it.
        reviewed: A person looked at it and it may enter, whatever the champion thinks.
        content_sha256: Of the cleaned bytes; empty until cleaned.
        phash: Perceptual hash, hexadecimal; empty until cleaned.
        split: Given once, kept for ever.
        group_id: Its duplicate group; the smallest photo id that the group began with.
        dataset_species_id: The species it stands under in the current snapshot; None when it is not in it.
        snapshot_id: The first snapshot that held it; its bytes lie in that snapshot's shards.
        taken_species_id: What the last refresh took it to show.
        writer_fence: Fencing token of the refresh that last wrote the record.
        version: Grows with each save; 0 before the first.
    """

    photo_id: str
    source: str
    species_id: str | None
    raw_key: str
    label: str | None = None
    revision: int = 1
    taken_revision: int = 0
    state: PhotoState = PhotoState.NEW
    reason: str = ""
    proposed_species_id: str | None = None
    reviewed: bool = False
    content_sha256: str = ""
    phash: str = ""
    split: Split | None = None
    group_id: str | None = None
    dataset_species_id: str | None = None
    snapshot_id: str | None = None
    taken_species_id: str | None = None
    writer_fence: int = 0
    version: int = 0

    @property
    def is_fresh(self) -> bool:
        """Whether a refresh has yet to act on what was last said."""
        return self.revision != self.taken_revision


def choose_split(counts: SplitCounts, group_size: int, largest_group: int) -> Split:
    """Return where a new group of a species goes: the split furthest below its quota.

    While the validation or the test split is empty it goes there instead, as long as no split then strays from its
    quota by more than the largest group's size: a species that cannot be tested is no use. Ties go to train first.

    Args:
        counts: The species' photos so far.
        group_size: Photos in the group.
        largest_group: Photos in the species' largest group, this one included.
    """
    for split in (Split.TEST, Split.VALIDATION):
        if counts.of(split) == 0 and counts.total > 0:
            then = counts.plus(split, group_size)
            if all(abs(then.excess_percent(each)) <= 100 * largest_group for each in Split):
                return split
    grown = counts.total + group_size
    return max(Split, key=lambda split: QUOTA_PERCENT[split] * grown - 100 * counts.of(split))


@dataclass(frozen=True, slots=True)
class Gate:
    """When a species becomes trainable: when it has as many clean photos as the smallest trainable one, or the floor.

    Attributes:
        floor_photos: The least a species needs, whatever the others have.
        smallest_trainable_photos: Photos of the smallest trainable species; None while there is none.
    """

    floor_photos: int
    smallest_trainable_photos: int | None = None

    @property
    def needed_photos(self) -> int:
        """Clean photos a pending species needs."""
        return max(self.floor_photos, self.smallest_trainable_photos or 0)

    def opens(self, photos: int, groups: int) -> bool:
        """Whether a species with so many photos in so many duplicate groups becomes trainable."""
        return photos >= self.needed_photos and groups >= MIN_GROUPS

    @classmethod
    def before(cls, species: Mapping[str, SplitCounts], floor_photos: int) -> "Gate":
        """Return the gate that a dataset with those trainable ``species`` puts before the others."""
        # A trainable species may have lost all its photos to erasure; that must not open the gate for everyone.
        sizes = [counts.total for counts in species.values() if counts.total]
        return cls(floor_photos, min(sizes, default=None))


@dataclass(frozen=True, slots=True)
class SpeciesStanding:
    """How far a species is.

    Attributes:
        species_id: Which.
        counts: Its photos in the current snapshot.
        is_trainable: Whether it is in the dataset for ever.
        waiting_photos: Clean photos waiting for the gate.
    """

    species_id: str
    counts: SplitCounts = field(default_factory=SplitCounts)
    is_trainable: bool = False
    waiting_photos: int = 0

    def missing_photos(self, needed_photos: int) -> int:
        """Return how many photos are missing until the species becomes trainable; 0 when it is.

        At least one is: a failed gate opens for new photos only.
        """
        return 0 if self.is_trainable else max(1, needed_photos - self.waiting_photos)


def largest_group_size(groups: Iterable[str]) -> int:
    """Return the size of the largest of the groups named, once for each photo."""
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    return max(sizes.values(), default=0)
