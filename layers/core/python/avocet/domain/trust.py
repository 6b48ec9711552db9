"""Whose labels count without a second opinion: trust is earned photo by photo, bounded by what was proven, and can be lost.

Pure; it knows no scores to show anybody. A label counts when two agree (the person and the champion, which must be sure
of the same species by itself, or the person and a reviewer) or when the person has proven to be right before.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

# What a person has to have proven: so many photos that a reviewer found right, of so many different species. Distinct
# species, because ten sparrows prove that somebody knows sparrows.
TRUSTED_FROM_PHOTOS = 10
TRUSTED_FROM_SPECIES = 5
# Trust is lost with the third mistake among the last twenty judgements.
RECENT_JUDGEMENTS = 20
TOO_MANY_MISTAKES = 3
# How many photos of one refresh may enter on trust alone, for each species proven: a stolen or turned account does bounded harm.
PHOTOS_PER_SPECIES = 10
# One in so many photos that would enter on trust alone is looked at all the same: trust nobody checks could never be lost.
SPOT_CHECK_EVERY = 10
# Enough to remember; a record stays small however long somebody takes part.
KEPT_JUDGEMENTS = 200

NEW_CONTRIBUTOR = "new-contributor"
CORRECTION = "correction"
SPOT_CHECK = "spot-check"


class Standing(StrEnum):
    """Where a person stands."""

    EARNING = "earning"  # not enough is proven yet, or too many mistakes of late
    TRUSTED = "trusted"
    DOUBTFUL = "doubtful"  # wrong more often than right of late


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer's decision said of one label: the species that was claimed, and whether it was right."""

    photo_id: str
    species_id: str
    was_right: bool


@dataclass(frozen=True, slots=True)
class TrustRecord:
    """What is known of a person's labels.

    Attributes:
        judgements: One for each photo that was judged, the newest last.
    """

    judgements: tuple[Judgement, ...] = ()

    @property
    def proven_species(self) -> frozenset[str]:
        """Species that the person named rightly."""
        return frozenset(each.species_id for each in self.judgements if each.was_right)

    @property
    def right(self) -> int:
        """How many labels a reviewer found right."""
        return sum(each.was_right for each in self.judgements)

    @property
    def recent_mistakes(self) -> int:
        """How many of the latest labels were wrong."""
        return sum(not each.was_right for each in self.judgements[-RECENT_JUDGEMENTS:])

    @property
    def is_trusted(self) -> bool:
        """Whether the person's labels count without a second opinion."""
        return (
            self.right >= TRUSTED_FROM_PHOTOS
            and len(self.proven_species) >= TRUSTED_FROM_SPECIES
            and self.recent_mistakes < TOO_MANY_MISTAKES
        )

    @property
    def is_doubtful(self) -> bool:
        """Whether the person was wrong more often than right of late: reviewers see everybody else's photos first."""
        recent = self.judgements[-RECENT_JUDGEMENTS:]
        return self.recent_mistakes >= TOO_MANY_MISTAKES and 2 * self.recent_mistakes > len(recent)

    @property
    def standing(self) -> Standing:
        """Where the person stands."""
        if self.is_trusted:
            return Standing.TRUSTED
        return Standing.DOUBTFUL if self.is_doubtful else Standing.EARNING

    @property
    def allowance(self) -> int:
        """How many photos of one refresh may enter on trust alone."""
        return PHOTOS_PER_SPECIES * len(self.proven_species) if self.is_trusted else 0

    def with_judgement(self, judgement: Judgement) -> "TrustRecord":
        """Return the record with what was decided of a photo, in place of what was decided of it before."""
        others = tuple(each for each in self.judgements if each.photo_id != judgement.photo_id)
        return replace(self, judgements=(*others, judgement)[-KEPT_JUDGEMENTS:])

    def without(self, photo_id: str) -> "TrustRecord":
        """Return the record as if that photo had never been judged."""
        return replace(self, judgements=tuple(each for each in self.judgements if each.photo_id != photo_id))


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label that nobody has reviewed.

    Attributes:
        photo_id: Of which photo.
        owner_id: Who says so.
        is_agreed: Whether the champion, asked about the photo alone, is sure of the same species.
        is_correction: Whether the dataset held the photo under another answer before.
    """

    photo_id: str
    owner_id: str
    is_agreed: bool = False
    is_correction: bool = False


def held_back(labels: Sequence[NewLabel], records: Mapping[str, TrustRecord]) -> Mapping[str, str]:
    """Return which photos a person has to look at first, and why, in a stable code.

    The order of the labels does not matter, so that a refresh that is run again decides the same.

    Args:
        labels: All labels of one refresh that nobody reviewed.
        records: What is known of their owners; nothing means a new one.
    """
    by_owner: dict[str, list[NewLabel]] = defaultdict(list)
    for label in labels:
        if not label.is_agreed:
            by_owner[label.owner_id].append(label)
    held: dict[str, str] = {}
    for owner_id, claimed in by_owner.items():
        left = records.get(owner_id, TrustRecord()).allowance
        for label in sorted(claimed, key=lambda each: each.photo_id):
            if left <= 0:
                held[label.photo_id] = CORRECTION if label.is_correction else NEW_CONTRIBUTOR
            elif _is_spot_checked(label.photo_id):
                held[label.photo_id] = SPOT_CHECK
            else:
                left -= 1
    return held


def _is_spot_checked(photo_id: str) -> bool:
    # Ids are made by us and cannot be chosen, so nobody knows beforehand which photo will be looked at.
    return int(photo_id, 16) % SPOT_CHECK_EVERY == 0
