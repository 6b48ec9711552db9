"""Say what a photo really shows, wherever it stands: the next snapshot says it too, and the photo keeps its split."""

from dataclasses import dataclass, replace
from datetime import timedelta

from avocet.domain.contribution import (
    Answer,
    Feedback,
    PhotoNotFoundError,
    PhotoRecord,
    UnknownSpeciesError,
    is_settled_as,
    owned,
    with_intent,
)
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto
from avocet.domain.taxonomy import WorldList
from avocet.usecases.contention import ATTEMPTS, BusyRecordError
from avocet.usecases.dataset_ports import DatasetPhotos
from avocet.usecases.give_feedback import ContributionSteps
from avocet.usecases.ports import IdSource, StaleRecordError


@dataclass(frozen=True, kw_only=True)
class CorrectLabel:
    """Takes corrections of people's own contributions; the photo moves in raw by the steps of feedback."""

    steps: ContributionSteps
    world_list: WorldList
    new_id: IdSource
    lease: timedelta

    def __call__(self, owner_id: str, photo_id: str, species_id: str) -> PhotoRecord:
        """Record the correction and return once the photo lies where it belongs.

        Raises:
            PhotoNotFoundError: There is no such contribution of that person.
            UnknownSpeciesError: The world list does not hold the species.
            AnswerInProgressError: Another answer is being stored.
        """
        answer = Answer(Feedback.CORRECTED, _listed(self.world_list, species_id))
        records, token = self.steps.records, self.new_id()
        for _ in range(ATTEMPTS):
            record = owned(records.find(photo_id), owner_id)
            if record.contribution is None:
                raise PhotoNotFoundError("No feedback was given on that photo yet; give it first.")
            if is_settled_as(record, answer):
                return record
            intent = with_intent(
                record,
                answer,
                record.contribution.consent,
                token=token,
                now=self.steps.clock(),
                lease=self.lease,
                is_correction=True,
            )
            try:
                record = records.save(intent)
            except StaleRecordError:
                continue
            return self.steps.complete(record, token=token)
        raise BusyRecordError("Try again in a moment.")


@dataclass(frozen=True, kw_only=True)
class CorrectImportedLabel:
    """Takes an admin's corrections of imported photos; in raw they stay where they are."""

    photos: DatasetPhotos
    world_list: WorldList

    def __call__(self, photo_id: str, species_id: str) -> DatasetPhoto:
        """Note what the photo shows; the next refresh acts on it. Saying the same again changes nothing.

        Raises:
            PhotoNotFoundError: There is no such imported photo.
            UnknownSpeciesError: The world list does not hold the species.
        """
        species_id = _listed(self.world_list, species_id)
        for _ in range(ATTEMPTS):
            photo = self.photos.find(photo_id)
            if photo is None or photo.source == CONTRIBUTION:
                raise PhotoNotFoundError("There is no imported photo of that id.")
            if photo.species_id == species_id:
                return photo
            try:
                # A person has looked: whatever the rules would set aside may enter now.
                changed = replace(photo, species_id=species_id, revision=photo.revision + 1, reviewed=True)
                return self.photos.save(changed)
            except StaleRecordError:
                continue
        raise BusyRecordError("Try again in a moment.")


def _listed(world_list: WorldList, species_id: str) -> str:
    taxon = world_list.find(species_id)
    if taxon is None:
        raise UnknownSpeciesError("There is no species of that id. Find one with GET /species.")
    return taxon.species_id
