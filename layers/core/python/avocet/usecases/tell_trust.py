"""Tell where a person stands with their labels, and which decisions brought them there; it changes nothing.

Who judged a photo is in its review, when it was is in the audit trail: of either, what is not there any more is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from avocet.domain.review import Action, Decision, Review
from avocet.domain.trust import Judgement, TrustRecord
from avocet.usecases.erase_person import AccountNotFoundError
from avocet.usecases.people_ports import Accounts, TrustBook
from avocet.usecases.review_ports import AuditTrail, ReviewsRead

LATEST = 20
# The trail grows for ever. Looking further back would cost more than a date is worth.
_ENTRIES_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement with what is known of it.

    Attributes:
        judgement: What it said of the label.
        decision: What counted for the photo; None when its owner has answered anew since.
        reviewers: Whose words led to it.
        at: When; None when that is further back than the trail is looked through.
    """

    judgement: Judgement
    decision: Decision | None
    reviewers: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ByReviewer:
    """How many of a person's labels a reviewer had a say in, by what came of them."""

    reviewer_id: str
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class TrustTold:
    """A person's record, whose words it rests on, and its latest judgements, the newest first."""

    record: TrustRecord
    by_reviewer: Sequence[ByReviewer]
    latest: Sequence[Judged]


@dataclass(frozen=True, kw_only=True)
class TellTrust:
    """Tells admins about one person.

    Attributes:
        accounts: Who there is.
        trust: What is known of people's labels.
        reviews: What reviewers said.
        trail: When it was decided.
    """

    accounts: Accounts
    trust: TrustBook
    reviews: ReviewsRead
    trail: AuditTrail

    def __call__(self, owner_id: str) -> TrustTold:
        """Tell it; somebody whose labels nobody has judged has an empty record.

        Raises:
            AccountNotFoundError: There is none of that id.
        """
        if self.accounts.find(owner_id) is None:
            raise AccountNotFoundError("Check the id; GET /admin/users lists them all.")
        record = self.trust.find_many([owner_id]).get(owner_id, TrustRecord())
        if not record.judgements:
            return TrustTold(record, (), ())
        reviews = self.reviews.find_many([each.photo_id for each in record.judgements])
        dates = self._dates()
        latest = [_judged(each, reviews, dates) for each in reversed(record.judgements[-LATEST:])]
        return TrustTold(record, _by_reviewer(record, reviews), latest)

    def _dates(self) -> Mapping[str, datetime]:
        """Return when photos were decided on, for those that the trail's newest entries name."""
        dates: dict[str, datetime] = {}
        for entry in self.trail.newest(_ENTRIES_LOOKED_AT):
            if entry.facts.get("counts_as"):
                dates.setdefault(entry.subject_id, entry.at)
        return dates


def _judged(judgement: Judgement, reviews: Mapping[str, Review], dates: Mapping[str, datetime]) -> Judged:
    decision, reviewers = _words_on(judgement, reviews)
    return Judged(judgement, decision, reviewers, dates.get(judgement.photo_id))


def _by_reviewer(record: TrustRecord, reviews: Mapping[str, Review]) -> Sequence[ByReviewer]:
    counts: dict[str, tuple[int, int]] = {}
    for judgement in record.judgements:
        for reviewer_id in _words_on(judgement, reviews)[1]:
            right, wrong = counts.get(reviewer_id, (0, 0))
            counts[reviewer_id] = (right + judgement.was_right, wrong + (not judgement.was_right))
    busiest_first = sorted(counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    return [ByReviewer(reviewer_id, right, wrong) for reviewer_id, (right, wrong) in busiest_first]


def _words_on(judgement: Judgement, reviews: Mapping[str, Review]) -> tuple[Decision | None, tuple[str, ...]]:
    review = reviews.get(judgement.photo_id)
    decision = review.decision if review else None
    # A review that has moved on to another answer says nothing of how this one was judged.
    if review is None or decision is None or decision.said_species_id != judgement.species_id:
        return None, ()
    return decision, tuple(vote.reviewer_id for vote in review.votes if vote.action is not Action.SKIP)
