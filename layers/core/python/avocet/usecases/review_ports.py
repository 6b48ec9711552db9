"""What reviewing asks of the world outside, as protocols."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from avocet.domain.audit import AuditAction
from avocet.domain.review import Review


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something somebody decided about others' photos or accounts; it is kept and never changed.

    Attributes:
        at: When.
        actor_id: Who.
        action: What was done; of a later version of the service it may be a word that this one does not know.
        subject_id: To which photo or account.
        facts: What else belongs to it, in words.
    """

    at: datetime
    actor_id: str
    action: AuditAction | str
    subject_id: str
    facts: Mapping[str, str]


class ReviewsRead(Protocol):
    """What reviewers said, for whoever only reads it."""

    def find_many(self, photo_ids: Sequence[str]) -> Mapping[str, Review]:
        """Return the reviews that exist, by photo."""


class Reviews(ReviewsRead, Protocol):
    """What reviewers said, and the trail of it."""

    def save(self, review: Review, entry: AuditEntry | None = None) -> Review:
        """Replace the review of that version, and note the entry, in one step; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """

    def set_aside(self) -> Iterator[str]:
        """Yield the ids of photos that wait for a review; may lag a little."""


class Licences(Protocol):
    """What people let others see."""

    def licence_to_show(self, photo_id: str, species_id: str) -> str | None:
        """Return the licence under which others may be shown a contributed photo as that species; None when they may not."""


class AuditTrail(Protocol):
    """The trail."""

    def note(self, entry: AuditEntry) -> None:
        """Keep an entry."""

    def newest(self, limit: int) -> Sequence[AuditEntry]:
        """Return the newest entries, the newest first."""


class TrailAhead(AuditTrail, Protocol):
    """The trail, for what takes several steps: written before the first of them, and known to be open until the last."""

    def is_begun(self, entry: AuditEntry) -> bool:
        """Whether the same was noted of the same subject, by the same person, and has not ended; ``at`` does not count."""

    def begin(self, entry: AuditEntry) -> None:
        """Keep an entry of what is about to be done, in place of anything else that was begun with its subject."""

    def end(self, subject_id: str) -> None:
        """Note that what was begun with the subject is done."""
