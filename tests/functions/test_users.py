"""What admins learn of a person's trust, through the handler alone."""

import json
from datetime import UTC, datetime

import pytest

from avocet.adapters.reviews import DynamoReviews
from avocet.adapters.trust_book import DynamoTrustBook
from avocet.domain.review import Action, Decision, Review, Vote
from avocet.domain.trust import Judgement
from avocet.usecases.review_ports import AuditEntry
from tests.made.accounts import MemoryAccounts, account
from tests.made.events import ALICE, BOB, claims_of, event

PHOTO = "5f2b8c1e9a7d4c3fb0e6d1a2c3b4f5e6"
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def asked(cloud, function, monkeypatch):
    """Ask for a person's trust, in a deployment where Bob has corrected one of Alice's labels."""
    from avocet.http import people_wiring

    monkeypatch.setattr(people_wiring, "accounts", lambda: MemoryAccounts.of(account(ALICE), account(BOB, "admin")))
    for name in ("AVOCET_DATA_REQUESTS_QUEUE", "AVOCET_ADMIN_TOPIC"):
        monkeypatch.setenv(name, "arn:aws:sns:eu-west-1:123456789012:admins")
    decision = Decision(Action.CORRECT, "gadwall", "mallard", reason="new-contributor")
    review = Review(PHOTO, votes=(Vote(BOB, Action.CORRECT, "gadwall", decides=True),), decision=decision)
    entry = AuditEntry(AT, BOB, Action.CORRECT, PHOTO, {"counts_as": "gadwall"})
    DynamoReviews(cloud.dynamodb, "dataset").save(review, entry)
    judged = Judgement(PHOTO, "mallard", was_right=False)
    DynamoTrustBook(cloud.dynamodb, "people").change(ALICE, lambda known: known.with_judgement(judged))
    users = function("users")

    def ask(user_id: str, groups: str = "admin"):
        path, claims = {"id": user_id}, claims_of(BOB, groups=groups)
        answer = users(event("GET", "/admin/users/{id}/trust", path_parameters=path, claims=claims), None)
        return answer["statusCode"], json.loads(answer["body"])

    return ask


def test_an_admin_learns_where_somebody_stands_who_judged_them_when_and_why(asked):
    status, told = asked(ALICE)
    assert status == 200
    assert (told["standing"], told["right"], told["wrong"], told["allowance"]) == ("earning", 0, 1, 0)
    assert told["reviewers"] == [{"reviewer_id": BOB, "right": 0, "wrong": 1}]
    (only,) = told["latest"]
    assert (only["species_id"], only["counts_as"], only["action"]) == ("mallard", "gadwall", "correct")
    assert (only["reason"], only["reviewers"]) == ("new-contributor", [BOB])
    assert datetime.fromisoformat(only["at"]) == AT


def test_whoever_was_never_judged_has_proven_nothing_and_others_learn_nothing(asked):
    status, told = asked(BOB)
    assert (status, told["latest"], told["proven_species"], told["standing"]) == (200, [], [], "earning")
    assert asked("nobody")[0] == 404
    assert asked(ALICE, groups="reviewer")[0] == 403
