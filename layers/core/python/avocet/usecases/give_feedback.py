"""Take a person's answer to a prediction and bring the photo to raw: never lost, never doubled.

The protocol: (1) read the record; (2) write the intent, under the version read; (3) put the photo at its target;
(4) delete it wherever else it may lie; (5) note the finish. Each step may be the last one before a crash, and each may
be done twice: the same request, another answer after the lease, or ``settle_contributions`` goes on from the intent.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from avocet.domain.contribution import (
    Contribution,
    Feedback,
    PhotoExpiredError,
    PhotoNotFoundError,
    PhotoRecord,
    UnknownSpeciesError,
    answer_of,
    is_settled_as,
    owned,
    with_finish,
    with_intent,
    without_intent,
)
from avocet.domain.errors import AvocetError
from avocet.domain.imaging import to_stored_photo
from avocet.domain.numbers import CONTRIBUTIONS_TALLY, answer_tally
from avocet.domain.sightings import right_name, wrong_name
from avocet.domain.taxonomy import WorldList
from avocet.domain.terms import Consent, consent_to
from avocet.usecases.contention import ATTEMPTS, BusyRecordError
from avocet.usecases.ports import (
    Clock,
    IdSource,
    Originals,
    People,
    PhotoRecords,
    RawPhotos,
    StaleRecordError,
    Tally,
)
from avocet.usecases.request_upload import MAX_UPLOAD_BYTES


class LostLeaseError(AvocetError):
    """The worker took so long that another answer was accepted meanwhile."""

    code: ClassVar[str] = "answer-superseded"
    title: ClassVar[str] = "Another answer was accepted meanwhile"
    retry_after_s: ClassVar[int] = 1


@dataclass(frozen=True, kw_only=True)
class ContributionSteps:
    """Steps three to five, shared by feedback and the sweep."""

    records: PhotoRecords
    originals: Originals
    raw: RawPhotos
    clock: Clock

    def complete(self, record: PhotoRecord, *, token: str) -> PhotoRecord:
        """Carry out the intent of ``record``, on which the caller holds the lease ``token``.

        Raises:
            PhotoExpiredError: The photo is gone; the intent is withdrawn.
            PhotoChangedError: The upload was overwritten; the intent is withdrawn.
            PhotoError: The photo cannot be re-encoded; the intent is withdrawn.
            LostLeaseError: Another answer was accepted meanwhile.
        """
        contribution = _intent(record)
        try:
            self._place(record, contribution, token)
        except LostLeaseError:
            raise
        except AvocetError:
            # The photo itself is at fault, not the moment: no later attempt could bring it to raw.
            self._withdraw(record, token)
            raise
        for key in contribution.touched_keys:
            if key != contribution.target_key:
                self.raw.delete(key)
        return self._finish(record, contribution.revision, token)

    def _place(self, record: PhotoRecord, contribution: Contribution, token: str) -> None:
        # From raw where it already lies there: it is encoded already, and the original may be gone.
        target = contribution.target_key
        if contribution.stored_key == target and self.raw.has(target):
            return
        sources = [key for key in contribution.touched_keys if key != target]
        if contribution.stored_key is not None and any(
            self._copied(key, target, contribution, token) for key in sources
        ):
            return
        original = self.originals.get(record.photo_id, max_bytes=MAX_UPLOAD_BYTES, tag=record.original_tag)
        if original is not None:
            stored = to_stored_photo(original.data)
            self._require_lease(contribution, token)
            self.raw.put(target, stored.data)
            return
        if self.raw.has(target) or any(self._copied(key, target, contribution, token) for key in sources):
            return
        raise PhotoExpiredError("The photo is no longer here. Send it again.")

    def _copied(self, source_key: str, target_key: str, contribution: Contribution, token: str) -> bool:
        self._require_lease(contribution, token)
        return self.raw.copy(source_key, target_key)

    def _require_lease(self, contribution: Contribution, token: str) -> None:
        # A worker that was stopped for longer than its lease must not write: the photo may have moved on.
        if contribution.leases[token] <= self.clock():
            raise LostLeaseError("Storing took too long. Ask for the prediction to see which answer counts.")

    def _finish(self, record: PhotoRecord, revision: int, token: str) -> PhotoRecord:
        for _ in range(ATTEMPTS):
            contribution = record.contribution
            if contribution is None or contribution.revision != revision:
                raise LostLeaseError("Another answer to this photo was accepted meanwhile.")
            try:
                finished = with_finish(record, token=token)
                return self.records.save(finished, _tally(record, contribution))
            except StaleRecordError:
                record = _found(self.records, record.photo_id)
        raise BusyRecordError("The answer is noted and will be completed by itself.")

    def _withdraw(self, record: PhotoRecord, token: str) -> None:
        withdrawn = without_intent(record, token=token, now=self.clock())
        if withdrawn is None:
            return
        try:
            self.records.save(withdrawn)
        except StaleRecordError:
            # Somebody joined meanwhile; the intent is theirs to complete or withdraw.
            return


@dataclass(frozen=True, kw_only=True)
class GiveFeedback:
    """Takes answers."""

    steps: ContributionSteps
    people: People
    world_list: WorldList
    new_id: IdSource
    lease: timedelta

    def __call__(
        self,
        owner_id: str,
        prediction_id: str,
        *,
        feedback: Feedback,
        species_id: str | None,
        claimed_terms: str | None,
    ) -> PhotoRecord:
        """Record the answer and return once the photo lies where it belongs.

        Args:
            owner_id: Who answers.
            prediction_id: What is answered.
            feedback: The kind of answer.
            species_id: The right species; for corrected only.
            claimed_terms: Terms version that the identity provider vouches for.

        Raises:
            AvocetError: See the classes in ``domain.contribution``; each says what to do.
        """
        species_id = self._listed(species_id)
        consent = self._consent(owner_id, claimed_terms)
        records, clock = self.steps.records, self.steps.clock
        token = self.new_id()
        for _ in range(ATTEMPTS):
            record = owned(records.find(prediction_id), owner_id)
            if record.prediction is None:
                raise PhotoNotFoundError("That photo has not been identified yet.")
            answer = answer_of(record.prediction, feedback, species_id)
            if is_settled_as(record, answer):
                return record
            intent = with_intent(record, answer, consent, token=token, now=clock(), lease=self.lease)
            try:
                record = records.save(intent)
            except StaleRecordError:
                continue
            return self.steps.complete(record, token=token)
        raise BusyRecordError("Answer again in a moment.")

    def _listed(self, species_id: str | None) -> str | None:
        if species_id is None:
            return None
        taxon = self.world_list.find(species_id)
        if taxon is None:
            raise UnknownSpeciesError("There is no species of that id. Find one with GET /species.")
        return taxon.species_id

    def _consent(self, owner_id: str, claimed_terms: str | None) -> Consent:
        accepted = self.people.find(owner_id)
        return accepted.consent if accepted else consent_to(claimed_terms or "")


def _intent(record: PhotoRecord) -> Contribution:
    if record.contribution is None:
        raise ValueError("no intent to complete")
    return record.contribution


def _found(records: PhotoRecords, photo_id: str) -> PhotoRecord:
    record = records.find(photo_id)
    if record is None:
        raise PhotoNotFoundError("The record was erased meanwhile.")
    return record


def _tally(record: PhotoRecord, before: Contribution) -> Tally | None:
    """Count a contribution once: with the finish that first stored it, however many workers come after.

    The first answer also says whether that version of the model was right; a change of mind does not count again.
    """
    if before.stored_key is not None:
        return None
    changes = {CONTRIBUTIONS_TALLY: 1, answer_tally(before.given_at, before.answer.feedback): 1}
    names = {Feedback.CONFIRMED: right_name, Feedback.CORRECTED: wrong_name}
    counted = names.get(before.answer.feedback)
    if counted is not None and record.prediction is not None:
        changes[counted(record.prediction.model_version)] = 1
    return Tally(changes)
