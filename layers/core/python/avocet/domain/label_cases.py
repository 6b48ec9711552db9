"""Labels that named no species by themselves, and what an admin decided about them. It refuses to leave out what came in."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from avocet.domain.dataset import DatasetPhoto, PhotoState
from avocet.domain.errors import AvocetError

LEFT_OUT = "left-out"
"""Why a photo is refused whose label an admin says is no bird of ours."""


class LabelNotFoundError(AvocetError):
    """No photo came with such a label, or it named its species by itself."""

    code: ClassVar[str] = "no-label"
    title: ClassVar[str] = "There is no such label to settle"


class LabelInUseError(AvocetError):
    """Photos of the label may be in the dataset already."""

    code: ClassVar[str] = "label-in-use"
    title: ClassVar[str] = "Photos of this label are on their way into the dataset"


class LabelState(StrEnum):
    """How far the case of a label is."""

    OPEN = "open"
    SETTLED = "settled"
    LEFT_OUT = LEFT_OUT


@dataclass(frozen=True, slots=True)
class LabelCase:
    """A label of a set that has to be settled by a person.

    Attributes:
        label_id: 32 hexadecimal digits, of source and label.
        source: The set.
        label: As the set spells it.
        scientific: The scientific name that came with it; may be empty.
        proposals: Ids of taxa it may mean, the likeliest first.
        state: How far it is.
        species_id: What its photos show, once that is settled.
        decided_by: Who said so.
        is_applied: Whether a refresh has taken the decision to the label's photos.
        version: Grows with each save; 0 before the first.
    """

    label_id: str
    source: str
    label: str
    scientific: str
    proposals: Sequence[str]
    state: LabelState = LabelState.OPEN
    species_id: str | None = None
    decided_by: str = ""
    is_applied: bool = True
    version: int = 0

    def settled(self, species_id: str | None, decided_by: str) -> "LabelCase":
        """Return the case with a decision: a species, or None to leave its photos out.

        Raises:
            LabelInUseError: It has a species already; its photos can be given another, and cannot be left out.
        """
        if species_id is None and self.state is LabelState.SETTLED:
            raise LabelInUseError("Name another species for it, or erase its photos one by one.")
        state = LabelState.SETTLED if species_id else LabelState.LEFT_OUT
        if (state, species_id) == (self.state, self.species_id):
            return self
        return replace(self, state=state, species_id=species_id, decided_by=decided_by, is_applied=False)

    def applied(self) -> "LabelCase":
        """Return the case when its decision was carried out."""
        return replace(self, is_applied=True)

    def reopened(self) -> "LabelCase":
        """Return the case when photos may have come in beside its decision."""
        return self if self.state is LabelState.OPEN else replace(self, is_applied=False)

    def applied_to(self, photo: DatasetPhoto) -> DatasetPhoto:
        """Return a photo of this label as the decision wants it; what a person said of that very photo stands."""
        if self.state is LabelState.OPEN or photo.reviewed:
            return photo
        if self.state is LabelState.LEFT_OUT:
            return replace(photo, state=PhotoState.REFUSED, reason=LEFT_OUT, taken_revision=photo.revision)
        if photo.species_id == self.species_id:
            return photo
        return replace(photo, species_id=self.species_id, reason="", revision=photo.revision + 1)


def label_id_of(source: str, label: str) -> str:
    """Return the id of a set's label: whatever letters are in it, an id is 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps([source, label]).encode()).hexdigest()[:32]
