"""One record per photo, and the steps by which it becomes a contribution; every step is a pure function.

It refuses: feedback on what is not there, expired or already in a snapshot, and two answers at once.

The record changes under optimistic concurrency: whoever saves it states the version read, and the store refuses when
another was faster. An *intent* (the contribution with ``finished`` false) is written before the photo is touched, so
that a crash leaves a trail which the same request, a later answer or the sweep completes.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from avocet.domain.errors import AvocetError
from avocet.domain.prediction import Prediction
from avocet.domain.taxonomy import UNKNOWN
from avocet.domain.terms import Consent

PHOTO_LIFETIME = timedelta(hours=24)

_PHOTO_ID = re.compile(r"[0-9a-f]{32}")
_SPECIES_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class PhotoNotFoundError(AvocetError):
    """No such photo, or it is somebody else's: the two must look the same from outside."""

    code: ClassVar[str] = "not-found"
    title: ClassVar[str] = "There is nothing here under that id"


class PhotoExpiredError(AvocetError):
    """More than a day went by without feedback."""

    code: ClassVar[str] = "upload-expired"
    title: ClassVar[str] = "The photo has expired"


class PhotoMissingError(AvocetError):
    """The upload was granted but nothing has arrived."""

    code: ClassVar[str] = "photo-missing"
    title: ClassVar[str] = "The photo has not been uploaded"


class PhotoChangedError(AvocetError):
    """The upload was overwritten after it was identified."""

    code: ClassVar[str] = "photo-changed"
    title: ClassVar[str] = "The photo is no longer the one that was identified"


class TooManyBytesError(AvocetError):
    """An upload is larger than we take; seen from its size alone, without the photo's decoder."""

    code: ClassVar[str] = "photo-too-large"
    title: ClassVar[str] = "This photo is too large"


class InSnapshotError(AvocetError):
    """The photo is part of the dataset; a correction goes another way."""

    code: ClassVar[str] = "in-snapshot"
    title: ClassVar[str] = "The photo is already part of the dataset"


class AnswerInProgressError(AvocetError):
    """Another answer to the same photo is being stored."""

    code: ClassVar[str] = "answer-in-progress"
    title: ClassVar[str] = "Another answer to this photo is being stored"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Another answer to this photo is being stored. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class InvalidAnswerError(AvocetError):
    """The answer does not fit its kind."""

    code: ClassVar[str] = "invalid-feedback"
    title: ClassVar[str] = "The feedback is not valid"


class UnknownSpeciesError(AvocetError):
    """No such species in the world list."""

    code: ClassVar[str] = "unknown-species"
    title: ClassVar[str] = "There is no such species"


class Feedback(StrEnum):
    """The three answers to a prediction."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    UNKNOWN = "unknown"


class ContributionStatus(StrEnum):
    """Where a contribution stands."""

    PENDING = "pending"  # accepted, the photo is on its way to raw
    RECEIVED = "received"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said; ``species_id`` is None exactly when the feedback is unknown."""

    feedback: Feedback
    species_id: str | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """A photo given with feedback.

    Attributes:
        answer: What was said last.
        given_at: When that was said.
        consent: The terms it was given under.
        revision: Grows by one with each different answer.
        target_key: Where in raw the photo belongs.
        touched_keys: Every key in raw that may hold it; once finished, the target alone.
        stored_key: Where the last finished answer left it; None before the first.
        leases: Until when each worker on this revision may still write, by its token. A different answer waits for
            all of them: one that is merely slow could otherwise write the old place again after the photo moved.
        finished: Whether the photo lies at its target and nowhere else.
    """

    answer: Answer
    given_at: datetime
    consent: Consent
    revision: int
    target_key: str
    touched_keys: tuple[str, ...]
    stored_key: str | None = None
    leases: Mapping[str, datetime] = field(default_factory=dict)
    finished: bool = False

    @property
    def status(self) -> ContributionStatus:
        """Where the contribution stands."""
        if not self.finished:
            return ContributionStatus.PENDING
        return ContributionStatus.REVIEW if self.answer.feedback is Feedback.UNKNOWN else ContributionStatus.RECEIVED

    def leased_until(self, now: datetime) -> datetime | None:
        """Return when the last live lease ends, or None when nobody is at work."""
        return max((until for until in self.leases.values() if until > now), default=None)


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """Everything known about one photo; upload, prediction and contribution share its id.

    Attributes:
        photo_id: 32 hexadecimal digits, made by us.
        owner_id: Whose photo it is.
        created_at: UTC.
        version: Grows with every save; 0 before the first.
        original_tag: Names the exact bytes that were identified, where the store can name them.
        prediction: None until the photo was identified.
        contribution: None until feedback was given.
        snapshot_id: The first snapshot that holds it.
        taken_revision: The revision of the answer that the dataset acted on last; 0 before the first.
        reviewed_revision: The revision that a review decided; whoever answers anew is asked about anew. 0 for none.
        withdrawn_at: When its owner took it back; from then on nobody is shown it and no refresh takes it.
        counted_as: The species under which the stored record is counted towards the next refresh; the store keeps it.
    """

    photo_id: str
    owner_id: str
    created_at: datetime
    version: int = 0
    original_tag: str | None = None
    prediction: Prediction | None = None
    contribution: Contribution | None = None
    snapshot_id: str | None = None
    taken_revision: int = 0
    reviewed_revision: int = 0
    withdrawn_at: datetime | None = None
    counted_as: str | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether the dataset has yet to act on the answer as it stands."""
        contribution = self.contribution
        return (
            contribution is not None
            and contribution.finished
            and contribution.revision != self.taken_revision
            and self.withdrawn_at is None
        )

    @property
    def is_open(self) -> bool:
        """Whether an answer was begun and is yet to be finished."""
        return self.contribution is not None and not self.contribution.finished and self.withdrawn_at is None

    @property
    def expires_at(self) -> datetime:
        """When a photo without feedback is refused."""
        return self.created_at + PHOTO_LIFETIME

    def require_live(self, now: datetime) -> None:
        """Refuse a photo whose day is over; one with feedback lives on.

        Raises:
            PhotoExpiredError: The day is over.
        """
        if self.contribution is None and now >= self.expires_at:
            raise PhotoExpiredError("Photos without feedback are kept for 24 hours. Send the photo again.")


# No species is called so: in raw, photos of none lie under this name.
UNNAMED = "unknown"


def to_be_counted_as(record: PhotoRecord) -> str | None:
    """Return the species under which the record as it stands counts towards the next refresh; None when it does not.

    What nobody can name is counted apart: it adds nothing to the dataset before somebody reviewed it, and is then counted
    as what the review says.
    """
    if record.contribution is None or not record.is_fresh:
        return None
    return record.contribution.answer.species_id or UNNAMED


def owned(record: PhotoRecord | None, owner_id: str) -> PhotoRecord:
    """Return the record if it is this person's and was not withdrawn.

    Raises:
        PhotoNotFoundError: There is none, it is somebody else's, or its owner took it back.
    """
    if record is None or record.owner_id != owner_id:
        raise PhotoNotFoundError("Check the id; only your own photos can be seen.")
    if record.withdrawn_at is not None:
        raise PhotoNotFoundError("You have withdrawn this photo. Send it again if you have changed your mind.")
    return record


def is_photo_id(text: str) -> bool:
    """Whether ``text`` could be an id that we made."""
    return _PHOTO_ID.fullmatch(text) is not None


def raw_key(photo_id: str, species_id: str | None) -> str:
    """Return the place in raw of a photo of ``species_id``, or of an unknown bird.

    Raises:
        ValueError: An id that we did not make would become a path.
    """
    folder = UNKNOWN if species_id is None else species_id
    if not is_photo_id(photo_id) or not _SPECIES_ID.fullmatch(folder) or species_id == UNKNOWN:
        raise ValueError("not an id of ours")
    return f"{folder}/{photo_id}.jpg"


def answer_of(prediction: Prediction, feedback: Feedback, species_id: str | None) -> Answer:
    """Combine what the person sent with what was predicted.

    Raises:
        InvalidAnswerError: A species is missing, or given where none belongs.
    """
    if feedback is Feedback.CORRECTED:
        if species_id is None:
            raise InvalidAnswerError("Say which species it is: species_id is required when feedback is corrected.")
        return Answer(feedback, species_id)
    if species_id is not None:
        raise InvalidAnswerError(f"Leave species_id out when feedback is {feedback}.")
    return Answer(feedback, prediction.first.species_id if feedback is Feedback.CONFIRMED else None)


def is_settled_as(record: PhotoRecord, answer: Answer) -> bool:
    """Whether this very answer was given and finished before."""
    contribution = record.contribution
    return contribution is not None and contribution.finished and contribution.answer == answer


def with_intent(
    record: PhotoRecord,
    answer: Answer,
    consent: Consent,
    *,
    token: str,
    now: datetime,
    lease: timedelta,
    is_correction: bool = False,
) -> PhotoRecord:
    """Note on the record what is about to happen, before anything does.

    The same answer joins the work that is under way; every step of it can be done twice. A correction is taken even when
    a snapshot holds the photo: the next one then says otherwise.

    Raises:
        PhotoExpiredError: The photo's day is over.
        InSnapshotError: The dataset already holds the photo.
        AnswerInProgressError: A different answer is being stored.
    """
    record.require_live(now)
    if record.snapshot_id is not None and not is_correction:
        raise InSnapshotError("Its answer can no longer be changed here; ask for a correction instead.")
    old = record.contribution
    if old is not None and old.answer == answer:
        return replace(record, contribution=_leased(old, token, now, lease))
    if old is not None and (until := old.leased_until(now)):
        raise AnswerInProgressError(math.ceil((until - now).total_seconds()))
    target = raw_key(record.photo_id, answer.species_id)
    contribution = Contribution(
        answer=answer,
        given_at=now,
        consent=consent,
        revision=old.revision + 1 if old else 1,
        target_key=target,
        touched_keys=tuple(sorted({target, *(old.touched_keys if old else ())})),
        stored_key=old.stored_key if old else None,
    )
    return replace(record, contribution=_leased(contribution, token, now, lease))


def with_lease(record: PhotoRecord, *, token: str, now: datetime, lease: timedelta) -> PhotoRecord:
    """Join the open intent of ``record`` to complete it.

    Raises:
        ValueError: There is no contribution.
    """
    if record.contribution is None:
        raise ValueError("no intent to join")
    return replace(record, contribution=_leased(record.contribution, token, now, lease))


def with_finish(record: PhotoRecord, *, token: str) -> PhotoRecord:
    """Note that the photo lies at its target and nowhere else; only the own lease is given back.

    Raises:
        ValueError: There is no contribution.
    """
    contribution = record.contribution
    if contribution is None:
        raise ValueError("no intent to finish")
    others = {other: until for other, until in contribution.leases.items() if other != token}
    return replace(
        record,
        contribution=replace(
            contribution,
            leases=others,
            finished=True,
            stored_key=contribution.target_key,
            touched_keys=(contribution.target_key,),
        ),
    )


def without_intent(record: PhotoRecord, *, token: str, now: datetime) -> PhotoRecord | None:
    """Withdraw an intent whose photo cannot be had, or return None while that must not be decided.

    An answer that was once finished stays on record, whatever became of the photo; and as long as somebody else is at
    work the photo may still arrive.
    """
    contribution = record.contribution
    if contribution is None or contribution.stored_key is not None:
        return None
    if any(until > now for other, until in contribution.leases.items() if other != token):
        return None
    return replace(record, contribution=None)


def with_withdrawal(record: PhotoRecord, *, now: datetime) -> PhotoRecord:
    """Note that the owner takes the photo back, whatever became of it; doing it again changes nothing.

    Raises:
        PhotoNotFoundError: No feedback was given, so there is nothing to take back: the photo goes by itself.
        AnswerInProgressError: An answer is being stored; the photo could still arrive after it was removed.
    """
    if record.withdrawn_at is not None:
        return record
    if record.contribution is None:
        raise PhotoNotFoundError("No feedback was given on that photo; it is deleted by itself within two days.")
    if until := record.contribution.leased_until(now):
        raise AnswerInProgressError(math.ceil((until - now).total_seconds()))
    return replace(record, withdrawn_at=now)


def without_photo(record: PhotoRecord) -> PhotoRecord:
    """Note that nothing is left of a withdrawn photo but the memory of it.

    Raises:
        ValueError: It was not withdrawn.
    """
    if record.withdrawn_at is None or record.contribution is None:
        raise ValueError("not withdrawn")
    return replace(
        record,
        prediction=replace(record.prediction, sketch=b"") if record.prediction else None,
        contribution=replace(record.contribution, touched_keys=(), stored_key=None, leases={}),
    )


def _leased(contribution: Contribution, token: str, now: datetime, lease: timedelta) -> Contribution:
    live = {other: until for other, until in contribution.leases.items() if until > now}
    return replace(contribution, leases={**live, token: now + lease}, finished=False)
