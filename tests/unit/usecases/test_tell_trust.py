"""What admins are told of a person's trust: the record, whose words it rests on, and when they were said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from avocet.domain.review import Action, Decision, Review, Vote
from avocet.domain.trust import Judgement, Standing, TrustRecord
from avocet.usecases.erase_person import AccountNotFoundError
from avocet.usecases.review_ports import AuditEntry
from avocet.usecases.tell_trust import LATEST, ByReviewer, TellTrust
from tests.made.accounts import MemoryAccounts, account
from tests.made.memory import START


@dataclass
class Books:
    """Trust, reviews and the trail, in memory."""

    record: TrustRecord = field(default_factory=TrustRecord)
    reviews: dict[str, Review] = field(default_factory=dict)
    entries: list[AuditEntry] = field(default_factory=list)

    def judge(self, photo_id: str, reviewer_id: str, *, said: str, shows: str | None) -> None:
        """Let a reviewer decide on a photo, as reviewing does."""
        action = Action.REJECT if shows is None else Action.ACCEPT if shows == said else Action.CORRECT
        votes = (Vote("bystander", Action.SKIP), Vote(reviewer_id, action, decides=True))
        self.reviews[photo_id] = Review(
            photo_id, votes=votes, decision=Decision(action, shows, said, reason="unfamiliar")
        )
        at = START + timedelta(minutes=len(self.entries))
        self.entries.append(AuditEntry(at, reviewer_id, action, photo_id, {"counts_as": shows or "rejected"}))
        self.record = self.record.with_judgement(Judgement(photo_id, said, shows == said))

    def find_many(self, photo_ids: Sequence[str]) -> Mapping[str, Review]:
        return {each: self.reviews[each] for each in photo_ids if each in self.reviews}

    def note(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    def newest(self, limit: int) -> Sequence[AuditEntry]:
        return self.entries[::-1][:limit]


@dataclass
class Trust:
    """The trust book, over the same books."""

    books: Books

    def find_many(self, owner_ids: Sequence[str]) -> Mapping[str, TrustRecord]:
        return {"ann": self.books.record} if self.books.record.judgements else {}

    def change(self, owner_id: str, change: object) -> tuple[TrustRecord, TrustRecord]:
        raise AssertionError("telling changes nothing")


def telling(books: Books) -> TellTrust:
    return TellTrust(accounts=MemoryAccounts.of(account("ann")), trust=Trust(books), reviews=books, trail=books)


def test_somebody_whose_labels_nobody_has_judged_has_a_record_all_the_same():
    told = telling(Books())("ann")
    assert (told.record.standing, told.latest, told.by_reviewer) == (Standing.EARNING, (), ())


def test_each_judgement_is_told_with_who_decided_what_and_when_the_newest_first():
    books = Books()
    books.judge("p1", "rob", said="mallard", shows="mallard")
    books.judge("p2", "eve", said="mallard", shows="gadwall")
    books.judge("p3", "rob", said="gadwall", shows=None)
    told = telling(books)("ann")
    shown = [(each.judgement.photo_id, each.reviewers, each.at) for each in told.latest]
    assert shown == [
        ("p3", ("rob",), START + timedelta(minutes=2)),
        ("p2", ("eve",), START + timedelta(minutes=1)),
        ("p1", ("rob",), START),
    ]
    assert [each.decision and each.decision.species_id for each in told.latest] == [None, "gadwall", "mallard"]
    assert told.by_reviewer == [ByReviewer("rob", 1, 1), ByReviewer("eve", 0, 1)]


def test_what_is_not_known_any_more_is_left_out_and_the_judgement_still_counts():
    books = Books()
    books.judge("p1", "rob", said="mallard", shows="gadwall")
    books.entries.clear()
    # The owner has answered anew since: the review is about another answer now.
    books.reviews["p1"] = Review("p1", revision=1)
    told = telling(books)("ann")
    (only,) = told.latest
    assert (only.decision, only.reviewers, only.at) == (None, (), None)
    assert (told.record.recent_mistakes, told.by_reviewer) == (1, [])


def test_no_more_than_the_latest_are_told_one_by_one_and_all_are_counted():
    books = Books()
    for number in range(LATEST + 5):
        books.judge(f"p{number}", "rob", said=f"species-{number % 6}", shows=f"species-{number % 6}")
    told = telling(books)("ann")
    assert (len(told.latest), told.latest[0].judgement.photo_id) == (LATEST, f"p{LATEST + 4}")
    assert told.by_reviewer == [ByReviewer("rob", LATEST + 5, 0)]
    assert told.record.standing is Standing.TRUSTED


def test_nobody_is_told_of_somebody_there_is_not():
    with pytest.raises(AccountNotFoundError):
        telling(Books())("nobody")
