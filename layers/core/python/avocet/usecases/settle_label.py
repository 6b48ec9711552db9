"""Settle labels that name no species by themselves: the decision is written down at once, the next refresh carries it out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from avocet.domain.contribution import UnknownSpeciesError
from avocet.domain.label_cases import LabelCase, LabelNotFoundError, LabelState
from avocet.domain.taxonomy import WorldList
from avocet.usecases.contention import ATTEMPTS, BusyRecordError
from avocet.usecases.dataset_ports import DatasetPhotos, LabelCases
from avocet.usecases.ports import StaleRecordError


@dataclass(frozen=True, slots=True)
class CountedLabel:
    """A label's case and how many photos came with it."""

    case: LabelCase
    photos: int


@dataclass(frozen=True, kw_only=True)
class SettleLabel:
    """Lists labels and takes decisions about them.

    Attributes:
        cases: The labels.
        photos: The dataset's records.
        world_list: Every bird there is a name for.
        count_all: Returns how many photos came under each of some labels, in order; may ask for several at once.
    """

    cases: LabelCases
    photos: DatasetPhotos
    world_list: WorldList
    count_all: Callable[[Sequence[str]], Sequence[int]] | None = None

    def listed(self) -> Sequence[CountedLabel]:
        """Return every label that needed a person, the open ones with most photos first."""
        cases = list(self.cases.all())
        ids = [case.label_id for case in cases]
        counts = self.count_all(ids) if self.count_all else [self.photos.count_labelled(each) for each in ids]
        counted = [CountedLabel(case, photos) for case, photos in zip(cases, counts, strict=True)]
        return sorted(
            counted, key=lambda each: (each.case.state is not LabelState.OPEN, -each.photos, each.case.label_id)
        )

    def __call__(self, label_id: str, species_id: str | None, decided_by: str) -> CountedLabel:
        """Note what the photos under a label show, or (None) that they are left out; saying it again changes nothing.

        Raises:
            LabelNotFoundError: There is no such label.
            UnknownSpeciesError: The world list does not hold the species.
            LabelInUseError: It cannot be left out any more.
            BusyRecordError: Somebody else settles it this very moment.
        """
        if species_id is not None:
            taxon = self.world_list.find(species_id)
            if taxon is None:
                raise UnknownSpeciesError(
                    "There is no species of that id. Find one with GET /species, or add it first."
                )
            species_id = taxon.species_id
        for _ in range(ATTEMPTS):
            case = self.cases.find(label_id)
            if case is None:
                raise LabelNotFoundError("GET /admin/dataset/labels lists the labels and their ids.")
            settled = case.settled(species_id, decided_by)
            if settled != case:
                try:
                    settled = self.cases.save(settled)
                except StaleRecordError:
                    continue
            return CountedLabel(settled, self.photos.count_labelled(label_id))
        raise BusyRecordError("Try again in a moment.")


def apply_settled(cases: LabelCases, photos: DatasetPhotos) -> None:
    """Take every decision that no refresh has carried out yet to its label's photos; doing it again changes nothing."""
    for case in cases.unapplied():
        for photo in photos.find_many(sorted(photos.labelled(case.label_id))).values():
            if (changed := case.applied_to(photo)) != photo:
                try:
                    photos.save(changed)
                except StaleRecordError:
                    # A correction of this very photo came in between; it stands, or the next refresh sees it again.
                    return
        try:
            cases.save(case.applied())
        except StaleRecordError:
            # Decided anew meanwhile: the next refresh carries that out.
            continue
