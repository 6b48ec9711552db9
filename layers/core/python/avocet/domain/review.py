"""When a label counts: two voices and two thirds of all, or one whose word decides. Pure; it refuses what fits no photo.

The person who gave the photo has a voice too, unless they said that they do not know.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from avocet.domain.errors import AvocetError

# Long enough to look something up; whoever leaves for lunch keeps nobody else waiting for long.
CLAIM_LIFETIME = timedelta(minutes=10)
_ENOUGH_VOICES = 2


class Action(StrEnum):
    """What a reviewer does with a photo."""

    ACCEPT = "accept"
    CORRECT = "correct"
    REJECT = "reject"
    SKIP = "skip"
    UNDO = "undo"


class ReviewStatus(StrEnum):
    """What came of it."""

    DECIDED = "decided"
    COUNTED = "counted"  # one voice more; another is needed
    SKIPPED = "skipped"
    UNDONE = "undone"


class ClaimedError(AvocetError):
    """Somebody else is looking at the photo."""

    code: ClassVar[str] = "claimed-by-another"
    title: ClassVar[str] = "Somebody else is looking at this photo"


class NotInReviewError(AvocetError):
    """The photo is not waiting for a review."""

    code: ClassVar[str] = "not-in-review"
    title: ClassVar[str] = "This photo is not waiting for a review"


class InvalidReviewError(AvocetError):
    """The action does not fit the photo."""

    code: ClassVar[str] = "invalid-review"
    title: ClassVar[str] = "That cannot be done with this photo"


@dataclass(frozen=True, slots=True)
class Vote:
    """A reviewer's word.

    Attributes:
        reviewer_id: Whose.
        action: Accept, correct, reject or skip.
        species_id: For corrections: what it shows.
        decides: Whether this word needs no second.
    """

    reviewer_id: str
    action: Action
    species_id: str | None = None
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What counts.

    Attributes:
        action: Accept, correct or reject.
        species_id: What the photo shows; None when it is rejected.
        said_species_id: What its owner had said.
        said_feedback: In which way; empty for imported photos.
        reason: Why it was in review.
    """

    action: Action
    species_id: str | None
    said_species_id: str | None
    said_feedback: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who looks at the photo, and until when nobody else is shown it."""

    reviewer_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Undo:
    """A word that was taken back.

    Attributes:
        reviewer_id: Whose it was.
        decision: What counted until then, as long as the photo has yet to be put back; None when nothing is to be done.
    """

    reviewer_id: str
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """All that reviewers said of one photo.

    Attributes:
        photo_id: Which.
        revision: The answer it is about; votes on an older one do not count.
        claim: Who is looking.
        votes: One of each reviewer at the most.
        decision: What counted; None as long as nothing does.
        undo: The word taken back last, until somebody speaks again.
        version: Grows with each save; 0 before the first.
    """

    photo_id: str
    revision: int = 0
    claim: Claim | None = None
    votes: tuple[Vote, ...] = ()
    decision: Decision | None = None
    undo: Undo | None = None
    version: int = field(default=0, compare=False)

    def about(self, revision: int) -> "Review":
        """Return what there is of an answer: this, or a review begun anew."""
        return (
            self if revision == self.revision else replace(self, revision=revision, votes=(), decision=None, undo=None)
        )

    def is_free_for(self, reviewer_id: str, now: datetime) -> bool:
        """Whether the reviewer may be shown the photo: nobody else looks, and they have not spoken yet."""
        if self.decision is not None or any(vote.reviewer_id == reviewer_id for vote in self.votes):
            return False
        return not self._is_claimed_by_another(reviewer_id, now)

    def claimed(self, reviewer_id: str, now: datetime) -> "Review":
        """Return it with the reviewer looking.

        Raises:
            ClaimedError: Somebody else is.
        """
        if self._is_claimed_by_another(reviewer_id, now):
            raise ClaimedError("Take another one; this one comes back if they leave it.")
        return replace(self, claim=Claim(reviewer_id, now + CLAIM_LIFETIME))

    def voted(self, vote: Vote, said_species_id: str | None) -> "Review":
        """Return it with a reviewer's word, in place of an earlier one of theirs, and what counts now."""
        votes = (*(each for each in self.votes if each.reviewer_id != vote.reviewer_id), vote)
        return replace(self, votes=votes, claim=None, decision=_counting(said_species_id, votes), undo=None)

    def without(self, reviewer_id: str) -> "Review":
        """Return it as if the reviewer had said nothing; it remembers what is to be put back."""
        votes = tuple(vote for vote in self.votes if vote.reviewer_id != reviewer_id)
        return replace(self, votes=votes, claim=None, decision=None, undo=Undo(reviewer_id, self.decision))

    def _is_claimed_by_another(self, reviewer_id: str, now: datetime) -> bool:
        return self.claim is not None and self.claim.reviewer_id != reviewer_id and self.claim.until > now


def _counting(said_species_id: str | None, votes: Sequence[Vote]) -> Decision | None:
    spoken = [vote for vote in votes if vote.action is not Action.SKIP]
    deciding = [vote for vote in spoken if vote.decides]
    if deciding:
        return _decision(_label(deciding[-1], said_species_id), said_species_id)
    voices = Counter(_label(vote, said_species_id) for vote in spoken)
    if said_species_id is not None:
        voices[said_species_id] += 1
    if not spoken or not voices:
        return None
    label, count = max(voices.items(), key=lambda item: (item[1], item[0] or ""))
    if count < _ENOUGH_VOICES or 3 * count < 2 * voices.total():
        return None
    return _decision(label, said_species_id)


def _label(vote: Vote, said_species_id: str | None) -> str | None:
    """Return what the vote is for; None for no usable photo."""
    match vote.action:
        case Action.ACCEPT:
            return said_species_id
        case Action.CORRECT:
            return vote.species_id
        case _:
            return None


def _decision(label: str | None, said_species_id: str | None) -> Decision:
    if label is None:
        return Decision(Action.REJECT, None, said_species_id)
    return Decision(Action.ACCEPT if label == said_species_id else Action.CORRECT, label, said_species_id)
