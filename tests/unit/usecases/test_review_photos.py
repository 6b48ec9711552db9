"""Reviewing: photos handed out once, voices counted, decisions acted on, and taken back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.contribution import Feedback
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState
from avocet.domain.review import (
    CLAIM_LIFETIME,
    Action,
    ClaimedError,
    InvalidReviewError,
    NotInReviewError,
    Review,
    ReviewStatus,
    Vote,
)
from avocet.domain.trust import TrustRecord
from avocet.usecases.doubt_labels import DoubtLabels
from avocet.usecases.people_ports import DataRequest, OwnPage, PageMark
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.review_photos import InReview, Reviewed, Reviewer, ReviewPhotos
from avocet.usecases.review_ports import AuditEntry
from tests.made.bundles import GREEN, RED
from tests.made.events import ALICE, BOB
from tests.made.memory import World
from tests.made.people import CONFIRMED, UNKNOWN, WORLD_LIST, Said, a_named_photo, answer, lies_only_under, steps
from tests.unit.dataset.world import WELL_PROVEN, MemoryPhotos, MemoryTrust

ADMIN = Reviewer("admin", decides=True)
FIRST, SECOND, THIRD = (Reviewer(name, decides=False) for name in ("first", "second", "third"))


@dataclass
class MemoryReviews:
    photos: MemoryPhotos
    held: dict[str, Review] = field(default_factory=dict)
    trail: list[AuditEntry] = field(default_factory=list)

    def find_many(self, photo_ids: Sequence[str]) -> Mapping[str, Review]:
        return {photo_id: self.held[photo_id] for photo_id in photo_ids if photo_id in self.held}

    def save(self, review: Review, entry: AuditEntry | None = None) -> Review:
        before = self.held.get(review.photo_id)
        if (before.version if before else 0) != review.version:
            raise StaleRecordError(review.photo_id)
        self.held[review.photo_id] = replace(review, version=review.version + 1)
        self.trail += [entry] if entry else []
        return self.held[review.photo_id]

    def set_aside(self) -> Iterator[str]:
        yield from sorted(each.photo_id for each in self.photos.records.values() if each.state is PhotoState.REVIEW)


class PlainLinks:
    def link_to(self, key: str, *, lifetime_s: int, save_as: str = "") -> str:
        return f"https://photos.example.org/{key}"


@dataclass
class WrittenDown:
    """Requests that nobody fulfils."""

    sent: list[tuple[DataRequest, str]] = field(default_factory=list)

    def send(self, request: DataRequest, owner_id: str, *, after_s: int = 0) -> None:
        self.sent.append((request, owner_id))


@dataclass
class Desk:
    """Where reviews happen."""

    world: World = field(default_factory=World)
    photos: MemoryPhotos = field(default_factory=MemoryPhotos)
    trust: MemoryTrust = field(default_factory=MemoryTrust)
    requests: WrittenDown = field(default_factory=WrittenDown)

    def __post_init__(self) -> None:
        self.reviews = MemoryReviews(self.photos)
        self.review = ReviewPhotos(
            photos=self.photos,
            steps=steps(self.world),
            reviews=self.reviews,
            trust=self.trust,
            requests=self.requests,
            links=PlainLinks(),
            world_list=WORLD_LIST,
            clock=self.world.clock,
            new_id=self.world.new_id,
            lease=timedelta(seconds=60),
        )

    def set_aside(self, said: Said = CONFIRMED, reason: str = "new-contributor") -> str:
        """Bring a photo into review, as feedback and a refresh do."""
        photo_id = a_named_photo(self.world)
        answer(self.world, photo_id, said)
        self.refreshed(photo_id, reason)
        return photo_id

    def refreshed(self, photo_id: str, reason: str = "new-contributor") -> None:
        """Set the photo aside as it stands, as a refresh would."""
        record = self.world.records[photo_id]
        contribution = record.contribution
        assert contribution is not None
        self.world.records[photo_id] = replace(record, taken_revision=contribution.revision)
        self.photos.records[photo_id] = DatasetPhoto(
            photo_id,
            CONTRIBUTION,
            contribution.answer.species_id,
            contribution.target_key,
            revision=contribution.revision,
            taken_revision=contribution.revision,
            state=PhotoState.REVIEW,
            reason=reason,
            version=1,
        )

    def act(self, reviewer: Reviewer, photo_id: str, action: Action, species_id: str | None = None) -> Reviewed:
        return self.review.act(reviewer, photo_id, action, species_id)

    def handed(self, reviewer: Reviewer, limit: int = 10) -> list[str]:
        shown: Sequence[InReview] = self.review.next(reviewer, limit)
        return [each.photo.photo_id for each in shown]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_photo_is_shown_to_one_reviewer_at_a_time_and_comes_back_when_they_leave(desk):
    ids = sorted(desk.set_aside() for _ in range(3))
    assert desk.handed(FIRST, 2) == ids[:2]
    assert desk.handed(FIRST, 2) == ids[:2], "asking again hands out the same"
    assert desk.handed(SECOND) == ids[2:]
    with pytest.raises(ClaimedError):
        desk.act(SECOND, ids[0], Action.ACCEPT)
    desk.world.pass_time(seconds=CLAIM_LIFETIME.total_seconds() + 1)
    assert desk.handed(SECOND) == ids


def test_an_admin_s_word_decides_and_the_next_refresh_sees_a_reviewed_answer(desk):
    photo_id = desk.set_aside()
    assert desk.act(ADMIN, photo_id, Action.ACCEPT) == Reviewed(photo_id, ReviewStatus.DECIDED, RED)
    record = desk.world.records[photo_id]
    assert record.is_fresh
    assert record.reviewed_revision == record.contribution.revision
    assert desk.trust.records[ALICE].judgements[-1].was_right
    assert desk.handed(ADMIN) == []


def test_sending_the_same_again_changes_nothing(desk):
    photo_id = desk.set_aside()
    once = desk.act(ADMIN, photo_id, Action.CORRECT, GREEN)
    record = desk.world.records[photo_id]
    assert desk.act(ADMIN, photo_id, Action.CORRECT, GREEN) == once
    assert desk.world.records[photo_id] == record
    assert len(desk.reviews.trail) == 1


def test_a_correction_moves_the_photo_and_counts_against_who_said_otherwise(desk):
    photo_id = desk.set_aside()
    desk.act(ADMIN, photo_id, Action.CORRECT, GREEN)
    assert lies_only_under(desk.world, photo_id, Said(Feedback.CORRECTED, GREEN))
    assert not desk.trust.records[ALICE].judgements[-1].was_right


def test_an_unknown_photo_can_be_named_and_nobody_is_judged_for_not_knowing(desk):
    photo_id = desk.set_aside(UNKNOWN, "unknown")
    with pytest.raises(InvalidReviewError):
        desk.act(ADMIN, photo_id, Action.ACCEPT)
    desk.act(ADMIN, photo_id, Action.CORRECT, GREEN)
    assert lies_only_under(desk.world, photo_id, Said(Feedback.CORRECTED, GREEN))
    assert ALICE not in desk.trust.records


def test_one_reviewer_agreeing_with_the_owner_is_enough_and_one_disagreeing_is_not(desk):
    agreed, disputed = desk.set_aside(), desk.set_aside()
    assert desk.act(FIRST, agreed, Action.ACCEPT).status is ReviewStatus.DECIDED
    assert desk.act(FIRST, disputed, Action.CORRECT, GREEN).status is ReviewStatus.COUNTED
    assert disputed not in desk.handed(FIRST), "whoever has spoken is not asked again"
    assert desk.act(SECOND, disputed, Action.CORRECT, GREEN) == Reviewed(disputed, ReviewStatus.DECIDED, GREEN)


def test_a_rejected_photo_is_set_aside_for_good_and_stays_in_raw(desk):
    photo_id = desk.set_aside()
    desk.act(ADMIN, photo_id, Action.REJECT)
    assert (desk.photos.records[photo_id].state, desk.photos.records[photo_id].reason) == (
        PhotoState.REFUSED,
        "rejected",
    )
    assert desk.world.raw_keys(photo_id)


def test_a_skipped_photo_goes_to_the_next_reviewer(desk):
    photo_id = desk.set_aside()
    assert desk.handed(FIRST) == [photo_id]
    assert desk.act(FIRST, photo_id, Action.SKIP).status is ReviewStatus.SKIPPED
    assert desk.handed(FIRST) == []
    assert desk.handed(SECOND) == [photo_id]


@pytest.mark.parametrize(
    ("action", "species_id"), [(Action.ACCEPT, None), (Action.CORRECT, GREEN), (Action.REJECT, None)]
)
def test_undoing_leaves_everything_as_it_was_said(desk, action, species_id):
    photo_id = desk.set_aside()
    before = desk.world.records[photo_id].contribution.answer
    desk.act(ADMIN, photo_id, action, species_id)
    assert desk.act(ADMIN, photo_id, Action.UNDO).status is ReviewStatus.UNDONE
    record = desk.world.records[photo_id]
    assert record.contribution.answer.species_id == before.species_id
    assert record.reviewed_revision == 0
    assert lies_only_under(desk.world, photo_id, CONFIRMED)
    assert desk.trust.records[ALICE].judgements == ()
    desk.refreshed(photo_id)
    assert desk.handed(ADMIN) == [photo_id]
    assert [entry.action for entry in desk.reviews.trail] == [action, Action.UNDO]


def test_an_owner_s_new_answer_makes_older_voices_void(desk):
    photo_id = desk.set_aside()
    desk.act(FIRST, photo_id, Action.CORRECT, GREEN)
    answer(desk.world, photo_id, UNKNOWN)
    with pytest.raises(NotInReviewError):
        desk.act(SECOND, photo_id, Action.CORRECT, GREEN)
    desk.refreshed(photo_id, "unknown")
    assert desk.act(SECOND, photo_id, Action.CORRECT, GREEN).status is ReviewStatus.COUNTED
    assert desk.act(THIRD, photo_id, Action.CORRECT, GREEN).status is ReviewStatus.DECIDED


def test_nobody_reviews_their_own_photo_unless_their_word_decides(desk):
    photo_id = desk.set_aside()
    assert desk.handed(Reviewer(ALICE, decides=False)) == []
    with pytest.raises(InvalidReviewError):
        desk.act(Reviewer(ALICE, decides=False), photo_id, Action.ACCEPT)
    desk.act(Reviewer(ALICE, decides=True), photo_id, Action.ACCEPT)
    assert ALICE not in desk.trust.records, "agreeing with oneself proves nothing"


def test_a_flood_of_wrong_labels_buries_nobody_else_s(desk):
    flood = [desk.set_aside() for _ in range(8)]
    for photo_id in flood[:3]:
        desk.act(ADMIN, photo_id, Action.CORRECT, GREEN)
    other = desk.set_aside()
    desk.world.records[other] = replace(desk.world.records[other], owner_id=BOB)
    desk.trust.records[BOB] = TrustRecord()
    assert desk.handed(FIRST, 1) == [other]
    assert len(desk.handed(FIRST, 10)) == 6, "the rest still comes, last"


class AllOfThem:
    """A person's photos, all on one page."""

    def __init__(self, world: World) -> None:
        self.world = world

    def of_owner(self, owner_id: str, *, limit: int, after: PageMark | None = None) -> OwnPage:
        return OwnPage([each for each in self.world.records.values() if each.owner_id == owner_id], None)

    def ids_of_owner(self, owner_id: str) -> Iterator[str]:
        return iter(())


def test_whoever_loses_trust_has_everything_looked_at_that_entered_on_it(desk):
    desk.trust.records[ALICE] = WELL_PROVEN
    entered, reviewed = desk.set_aside(), desk.set_aside()
    desk.act(ADMIN, reviewed, Action.ACCEPT)
    desk.refreshed(reviewed)
    for _ in range(3):
        assert desk.requests.sent == []
        desk.act(ADMIN, desk.set_aside(), Action.CORRECT, GREEN)
    assert desk.requests.sent == [(DataRequest.DOUBT, ALICE)]
    doubt = DoubtLabels(own_photos=AllOfThem(desk.world), records=desk.review.steps.records)
    assert doubt(ALICE) == 1
    assert desk.world.records[entered].is_fresh
    assert not desk.world.records[reviewed].is_fresh
    assert doubt(ALICE) == 0


class ProcessGoneError(BaseException):
    """The environment was ended."""


def dying(port: object, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``port`` do ``at`` once more, and the process be gone right after."""
    does = getattr(port, at)

    def die(*asked: object) -> None:
        monkeypatch.setattr(port, at, does)
        does(*asked)
        raise ProcessGoneError

    monkeypatch.setattr(port, at, die)


@pytest.mark.parametrize(
    ("action", "species_id"), [(Action.ACCEPT, None), (Action.CORRECT, GREEN), (Action.REJECT, None)]
)
@pytest.mark.parametrize("step", ["reviews", "photos", "trust"])
def test_an_undo_that_a_crash_cut_off_is_completed_by_undoing_again_and_noted_once(
    desk, action, species_id, step, monkeypatch
):
    photo_id = desk.set_aside()
    desk.act(ADMIN, photo_id, action, species_id)
    with monkeypatch.context() as killed:
        dying(getattr(desk, step), "change" if step == "trust" else "save", killed)
        if step != "photos" or action is Action.REJECT:
            with pytest.raises(ProcessGoneError):
                desk.act(ADMIN, photo_id, Action.UNDO)
    for _ in range(2):
        assert desk.act(ADMIN, photo_id, Action.UNDO) == Reviewed(photo_id, ReviewStatus.UNDONE, RED)
    assert lies_only_under(desk.world, photo_id, CONFIRMED)
    assert desk.photos.records[photo_id].state is PhotoState.REVIEW
    assert desk.trust.records[ALICE].judgements == ()
    assert [entry.action for entry in desk.reviews.trail] == [action, Action.UNDO]
    with pytest.raises(NotInReviewError):
        desk.act(FIRST, photo_id, Action.UNDO)


def test_an_undo_that_nobody_completed_takes_nothing_from_an_owner_who_answers_anew(desk, monkeypatch):
    photo_id = desk.set_aside()
    desk.act(ADMIN, photo_id, Action.REJECT)
    with monkeypatch.context() as killed:
        dying(desk.reviews, "save", killed)
        with pytest.raises(ProcessGoneError):
            desk.act(ADMIN, photo_id, Action.UNDO)
    answer(desk.world, photo_id, UNKNOWN)
    desk.refreshed(photo_id, "unknown")
    desk.photos.records[photo_id] = replace(desk.photos.records[photo_id], state=PhotoState.REFUSED, reason="small")
    desk.act(ADMIN, photo_id, Action.UNDO)
    assert desk.photos.records[photo_id].reason == "small"


@pytest.mark.parametrize(("action", "species_id"), [(Action.CORRECT, GREEN), (Action.SKIP, None)])
def test_a_voice_that_is_sent_again_is_noted_once(desk, action, species_id):
    photo_id = desk.set_aside()
    once = desk.act(FIRST, photo_id, action, species_id)
    assert desk.act(FIRST, photo_id, action, species_id) == once
    assert [entry.action for entry in desk.reviews.trail] == [action]


def test_trust_that_is_lost_in_a_crash_is_acted_on_when_the_decision_is_sent_again(desk, monkeypatch):
    desk.trust.records[ALICE] = WELL_PROVEN
    for _ in range(2):
        desk.act(ADMIN, desk.set_aside(), Action.CORRECT, GREEN)
    third = desk.set_aside()
    with monkeypatch.context() as killed:
        dying(desk.trust, "change", killed)
        with pytest.raises(ProcessGoneError):
            desk.act(ADMIN, third, Action.CORRECT, GREEN)
    assert desk.requests.sent == []
    desk.act(ADMIN, third, Action.CORRECT, GREEN)
    assert desk.requests.sent == [(DataRequest.DOUBT, ALICE)]


VOTES = st.lists(
    st.builds(
        Vote,
        st.sampled_from("abcdef"),
        st.sampled_from([Action.ACCEPT, Action.CORRECT, Action.REJECT, Action.SKIP]),
        st.sampled_from(["x", "y"]),
    ).map(lambda vote: vote if vote.action is Action.CORRECT else replace(vote, species_id=None)),
    max_size=8,
)


@given(VOTES, st.sampled_from([None, "x", "y"]))
def test_what_counts_has_two_voices_and_two_thirds_of_all(votes, said):
    review = Review("p")
    for vote in votes:
        if vote.action is Action.ACCEPT and said is None:
            continue
        review = review.voted(vote, said)
    spoken = [vote for vote in review.votes if vote.action is not Action.SKIP]
    if review.decision is None:
        return
    labels = [said if vote.action is Action.ACCEPT else vote.species_id for vote in spoken] + ([said] if said else [])
    share = labels.count(review.decision.species_id)
    assert share >= 2
    assert 3 * share >= 2 * len(labels)
