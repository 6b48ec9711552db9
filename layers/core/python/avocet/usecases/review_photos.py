"""Review photos that were set aside: hand them out one reviewer each, count what reviewers say, and act on what counts.

What counts is saved with a note in the audit trail before anything is moved; the same request, sent again, completes what
a crash left. The next refresh acts on it. Nobody reviews their own photos, unless their word decides anyway.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from avocet.domain.audit import AuditAction
from avocet.domain.contribution import (
    Answer,
    Feedback,
    PhotoNotFoundError,
    PhotoRecord,
    UnknownSpeciesError,
    with_intent,
)
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState
from avocet.domain.review import (
    Action,
    Decision,
    InvalidReviewError,
    NotInReviewError,
    Review,
    ReviewStatus,
    Vote,
)
from avocet.domain.taxonomy import WorldList
from avocet.domain.trust import Judgement, TrustRecord
from avocet.domain.whereabouts import BRIDGES_SPLITS
from avocet.usecases.contention import ATTEMPTS, BusyRecordError
from avocet.usecases.dataset_ports import DatasetPhotos
from avocet.usecases.give_feedback import ContributionSteps
from avocet.usecases.people_ports import DataRequest, DataRequests, Links, TrustBook
from avocet.usecases.ports import Clock, IdSource, StaleRecordError
from avocet.usecases.review_ports import AuditEntry, Reviews

LINK_LIFETIME_S = 900
REJECTED = "rejected"
_LOOKED_AT_ONCE = 100
# Where thousands wait and others hold the first of them, looking further costs more than it finds.
_LOOKED_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviews; ``decides`` when their word needs no second."""

    person_id: str
    decides: bool


@dataclass(frozen=True, slots=True)
class InReview:
    """A photo to look at.

    Attributes:
        photo: What the dataset knows of it.
        record: The contribution's record; None for an imported photo.
        review: Who looks, and what was said so far.
        photo_url: Link to it, for a while.
    """

    photo: DatasetPhoto
    record: PhotoRecord | None
    review: Review
    photo_url: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of an action; ``species_id`` is what the photo counts as now."""

    photo_id: str
    status: ReviewStatus
    species_id: str | None


@dataclass(frozen=True, kw_only=True)
class ReviewPhotos:
    """Reviews photos.

    Attributes:
        photos: What the dataset knows of photos.
        steps: Moves a contribution in raw to what it shows.
        reviews: What reviewers said.
        trust: What is known of people's labels.
        requests: Has what entered on a lost trust looked at after all.
        links: To the photos.
        world_list: Every bird there is a name for.
        clock: Says when.
        new_id: Makes tokens.
        lease: How long a move may take.
    """

    photos: DatasetPhotos
    steps: ContributionSteps
    reviews: Reviews
    trust: TrustBook
    requests: DataRequests
    links: Links
    world_list: WorldList
    clock: Clock
    new_id: IdSource
    lease: timedelta

    def next(self, reviewer: Reviewer, limit: int) -> Sequence[InReview]:
        """Hand out photos that nobody else is shown for ten minutes; those handed out before come again.

        Photos of people who are mostly wrong come last, so that nobody can bury everybody else's under their own.
        """
        handed: list[InReview] = []
        last: list[tuple[DatasetPhoto, PhotoRecord | None, Review]] = []
        doubtful: dict[str, bool] = {}
        for photo, record, review in self._free(reviewer):
            if len(handed) == limit:
                return handed
            if record is not None and self._is_doubtful(record.owner_id, doubtful):
                last.append((photo, record, review))
            else:
                handed += self._claimed(reviewer, photo, record, review)
        for photo, record, review in last:
            if len(handed) < limit:
                handed += self._claimed(reviewer, photo, record, review)
        return handed

    def act(self, reviewer: Reviewer, photo_id: str, action: Action, species_id: str | None = None) -> Reviewed:
        """Do something with a photo; sending the same again completes what a crash left and changes nothing else.

        Raises:
            PhotoNotFoundError: There is no such photo.
            NotInReviewError: It is not waiting for a review, or there is nothing to undo.
            ClaimedError: Somebody else is looking at it.
            InvalidReviewError: The action does not fit the photo.
            UnknownSpeciesError: The world list does not hold the species.
            AnswerInProgressError: Its owner is just answering.
            BusyRecordError: The photo changed under each attempt.
        """
        if action is Action.UNDO:
            return self._undone(reviewer, photo_id)
        if (species_id is not None) != (action is Action.CORRECT):
            raise InvalidReviewError("Name a species for corrections, and for nothing else.")
        vote = Vote(reviewer.person_id, action, self._listed(species_id), decides=reviewer.decides)
        for _ in range(ATTEMPTS):
            photo, record = self._waiting(reviewer, photo_id)
            review = self._review(photo)
            if vote in review.votes:
                return self._said(photo, record, review, action)
            if photo.state is not PhotoState.REVIEW or photo.is_fresh or (record is not None and record.is_fresh):
                raise NotInReviewError("It was decided meanwhile, or its owner has answered anew.")
            if action is Action.ACCEPT and photo.species_id is None:
                raise InvalidReviewError("Nobody has said what it shows; name the species to correct it.")
            voted = review.claimed(reviewer.person_id, self.clock()).voted(vote, photo.species_id)
            if voted.decision is not None:
                feedback = record.contribution.answer.feedback if record and record.contribution else ""
                voted = replace(voted, decision=replace(voted.decision, said_feedback=feedback, reason=photo.reason))
            try:
                voted = self.reviews.save(voted, self._entry(reviewer, photo, action, voted))
            except StaleRecordError:
                continue
            return self._said(photo, record, voted, action)
        raise BusyRecordError("Try again in a moment.")

    # Handing out.

    def _free(self, reviewer: Reviewer) -> Iterator[tuple[DatasetPhoto, PhotoRecord | None, Review]]:
        """Yield what waits, nobody else looks at, and the reviewer may be shown."""
        now, ids = self.clock(), islice(self.reviews.set_aside(), _LOOKED_AT_MOST)
        while batch := list(islice(ids, _LOOKED_AT_ONCE)):
            known, said = self.photos.find_many(batch), self.reviews.find_many(batch)
            for photo in (known[photo_id] for photo_id in batch if photo_id in known):
                review = (said.get(photo.photo_id) or Review(photo.photo_id)).about(photo.revision)
                if photo.state is not PhotoState.REVIEW or photo.is_fresh or photo.reason == BRIDGES_SPLITS:
                    continue
                if not review.is_free_for(reviewer.person_id, now):
                    continue
                record = self.steps.records.find(photo.photo_id) if photo.source == CONTRIBUTION else None
                if photo.source != CONTRIBUTION or _may_be_reviewed(record, reviewer):
                    yield photo, record, review

    def _is_doubtful(self, owner_id: str, known: dict[str, bool]) -> bool:
        if owner_id not in known:
            known[owner_id] = self.trust.find_many([owner_id]).get(owner_id, TrustRecord()).is_doubtful
        return known[owner_id]

    def _claimed(
        self, reviewer: Reviewer, photo: DatasetPhoto, record: PhotoRecord | None, review: Review
    ) -> Iterator[InReview]:
        try:
            review = self.reviews.save(review.claimed(reviewer.person_id, self.clock()))
        except StaleRecordError:
            return  # somebody was faster
        yield InReview(photo, record, review, self.links.link_to(_key(photo, record), lifetime_s=LINK_LIFETIME_S))

    def _waiting(self, reviewer: Reviewer, photo_id: str) -> tuple[DatasetPhoto, PhotoRecord | None]:
        photo = self.photos.find(photo_id)
        if photo is None:
            raise PhotoNotFoundError("No photo of that id waits for a review.")
        if photo.source != CONTRIBUTION:
            return photo, None
        record = self.steps.records.find(photo_id)
        if record is None or record.contribution is None or record.withdrawn_at is not None:
            raise PhotoNotFoundError("Its owner has taken it back.")
        if record.owner_id == reviewer.person_id and not reviewer.decides:
            raise InvalidReviewError("It is your own photo; somebody else has to look at it.")
        return photo, record

    def _review(self, photo: DatasetPhoto) -> Review:
        held = self.reviews.find_many([photo.photo_id]).get(photo.photo_id) or Review(photo.photo_id)
        return held.about(photo.revision)

    def _listed(self, species_id: str | None) -> str | None:
        if species_id is None:
            return None
        taxon = self.world_list.find(species_id)
        if taxon is None:
            raise UnknownSpeciesError("There is no species of that id. Find one with GET /species.")
        return taxon.species_id

    def _entry(self, reviewer: Reviewer, photo: DatasetPhoto, action: Action, review: Review) -> AuditEntry:
        decision = review.decision
        facts = {
            "said": photo.species_id or "unknown",
            "reason": photo.reason,
            "counts_as": (decision.species_id or REJECTED) if decision else "",
        }
        return AuditEntry(self.clock(), reviewer.person_id, AuditAction(action), photo.photo_id, facts)

    # Acting on what counts.

    def _said(self, photo: DatasetPhoto, record: PhotoRecord | None, review: Review, action: Action) -> Reviewed:
        if review.decision is not None:
            return self._settled(photo, record, review)
        status = ReviewStatus.SKIPPED if action is Action.SKIP else ReviewStatus.COUNTED
        return Reviewed(photo.photo_id, status, photo.species_id)

    def _settled(self, photo: DatasetPhoto, record: PhotoRecord | None, review: Review) -> Reviewed:
        decision = review.decision
        if decision is None:
            raise ValueError("nothing counts yet")
        if decision.action is Action.REJECT:
            self._change(
                photo.photo_id, lambda each: replace(each, state=PhotoState.REFUSED, reason=REJECTED), photo.revision
            )
        elif record is None:
            self._change(
                photo.photo_id,
                lambda each: replace(each, species_id=decision.species_id, revision=each.revision + 1, reviewed=True),
                photo.revision,
            )
        elif record.contribution is not None and record.contribution.revision == review.revision:
            answer = record.contribution.answer
            if decision.action is Action.CORRECT:
                answer = Answer(Feedback.CORRECTED, decision.species_id)
            self._answer(record, answer, is_reviewed=True)
        if record is not None and decision.said_species_id is not None:
            was_right = decision.species_id == decision.said_species_id
            self._judge(record, review, Judgement(photo.photo_id, decision.said_species_id, was_right))
        return Reviewed(photo.photo_id, ReviewStatus.DECIDED, decision.species_id)

    def _judge(self, record: PhotoRecord, review: Review, judgement: Judgement) -> None:
        # Nobody proves anything by agreeing with themselves.
        if all(vote.reviewer_id == record.owner_id for vote in review.votes):
            return
        _, after = self.trust.change(record.owner_id, lambda known: known.with_judgement(judgement))
        # Not what it was before: whoever died right after the change and is repeated must ask all the same.
        if after.without(record.photo_id).is_trusted and not after.is_trusted:
            self.requests.send(DataRequest.DOUBT, record.owner_id)

    def _undone(self, reviewer: Reviewer, photo_id: str) -> Reviewed:
        for _ in range(ATTEMPTS):
            photo, record = self._waiting(reviewer, photo_id)
            review = self.reviews.find_many([photo_id]).get(photo_id) or Review(photo_id)
            try:
                if any(vote.reviewer_id == reviewer.person_id for vote in review.votes):
                    if review.decision is not None and not _still_stands(photo, record, review):
                        raise NotInReviewError("Its owner has answered anew; there is nothing left to undo.")
                    entry = AuditEntry(self.clock(), reviewer.person_id, AuditAction.UNDO, photo_id, {})
                    # The word first, which remembers what counted: whoever repeats this finds what to put back.
                    review = self.reviews.save(review.without(reviewer.person_id), entry)
                if review.undo is None or review.undo.reviewer_id != reviewer.person_id:
                    raise NotInReviewError("You have said nothing about this photo that could be undone.")
                decision = review.undo.decision
                if decision is not None:
                    self._reverted(photo, record, review, decision)
                    self.reviews.save(replace(review, undo=replace(review.undo, decision=None)))
            except StaleRecordError:
                continue
            return Reviewed(photo_id, ReviewStatus.UNDONE, decision.said_species_id if decision else photo.species_id)
        raise BusyRecordError("Try again in a moment.")

    def _reverted(self, photo: DatasetPhoto, record: PhotoRecord | None, review: Review, decision: Decision) -> None:
        """Put back what counted; where that is done already, or the owner has answered anew, nothing changes."""
        if decision.action is Action.REJECT:
            self._change(
                photo.photo_id,
                lambda each: replace(each, state=PhotoState.REVIEW, reason=decision.reason),
                review.revision,
            )
        elif record is None:
            self._change(
                photo.photo_id,
                lambda each: replace(
                    each, species_id=decision.said_species_id, revision=each.revision + 1, reviewed=False
                ),
                review.revision + 1,
            )
        elif record.contribution is not None and record.reviewed_revision == record.contribution.revision:
            self._answer(record, Answer(Feedback(decision.said_feedback), decision.said_species_id), is_reviewed=False)
        if record is not None:
            self.trust.change(record.owner_id, lambda known: known.without(photo.photo_id))

    def _answer(self, record: PhotoRecord, answer: Answer, *, is_reviewed: bool) -> None:
        """Have the record say ``answer`` in a new revision, so that the next refresh acts on it, and move the photo."""
        contribution = record.contribution
        if contribution is None:
            raise ValueError("no answer to decide on")
        revision = contribution.revision + 1
        decided = revision if is_reviewed else 0
        try:
            if answer == contribution.answer:
                renewed = replace(contribution, revision=revision)
                self.steps.records.save(replace(record, contribution=renewed, reviewed_revision=decided))
                return
            token = self.new_id()
            intent = with_intent(
                record,
                answer,
                contribution.consent,
                token=token,
                now=self.steps.clock(),
                lease=self.lease,
                is_correction=True,
            )
            saved = self.steps.records.save(replace(intent, reviewed_revision=decided))
        except StaleRecordError as error:
            raise BusyRecordError("The photo has just changed. Try again.") from error
        self.steps.complete(saved, token=token)

    def _change(self, photo_id: str, change: Callable[[DatasetPhoto], DatasetPhoto], revision: int) -> None:
        for _ in range(ATTEMPTS):
            photo = self.photos.find(photo_id)
            if photo is None or photo.revision != revision:
                return
            changed = change(photo)
            if changed == photo:
                return
            try:
                self.photos.save(changed)
            except StaleRecordError:
                continue
            return
        raise BusyRecordError("Try again in a moment.")


def _may_be_reviewed(record: PhotoRecord | None, reviewer: Reviewer) -> bool:
    if record is None or record.contribution is None or record.withdrawn_at is not None:
        return False
    if record.is_fresh or not record.contribution.finished:
        return False
    return reviewer.decides or record.owner_id != reviewer.person_id


def _still_stands(photo: DatasetPhoto, record: PhotoRecord | None, review: Review) -> bool:
    if review.decision is not None and review.decision.action is Action.REJECT:
        return photo.revision == review.revision and photo.state is PhotoState.REFUSED
    if record is not None:
        contribution = record.contribution
        return contribution is not None and record.reviewed_revision == contribution.revision
    return photo.revision == review.revision + 1


def _key(photo: DatasetPhoto, record: PhotoRecord | None) -> str:
    stored = record.contribution.stored_key if record and record.contribution else None
    return stored or photo.raw_key
