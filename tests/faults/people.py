"""The campaigns of what people do to one another: accounts, sign-ins, and the review of what somebody gave."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3

from avocet.adapters.reviews import DynamoReviews
from avocet.domain.contribution import raw_key
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState
from avocet.domain.notifications import Language, NoticeKind, NotificationChoice
from avocet.domain.review import Action
from avocet.domain.roles import Role
from avocet.domain.trust import NEW_CONTRIBUTOR, Judgement
from avocet.http import learning_wiring, people_wiring, wiring
from avocet.settings import DATASET_BY_STATE_INDEX
from avocet.usecases.notice_ports import KeptChoice
from avocet.usecases.review_ports import AuditEntry
from tests.faults import office
from tests.faults.clouds import Campaigns, Cloud, Harm, Trial, reading
from tests.made.bundles import GREEN, RED
from tests.made.events import TERMS, claims_of, event

Answer = Mapping[str, Any]


def _noted(here: Cloud, action: str, subject_id: str) -> Harm:
    """Harm to the trail, which must tell of something exactly once."""
    found = [each for each in _trail(here) if (each.action, each.subject_id) == (action, subject_id)]
    return Harm(lost=int(not found), doubled=max(0, len(found) - 1))


def _clear_trail(here: Cloud) -> None:
    """Let the trail tell of nothing, so that looking through it stays quick."""
    listed = {":listed": {"S": "audit"}}
    pages = here.made.dynamodb.get_paginator("query").paginate(
        TableName="dataset",
        IndexName=DATASET_BY_STATE_INDEX,
        KeyConditionExpression="listed_as = :listed",
        ExpressionAttributeValues=listed,
    )
    for key in [item["key"] for page in pages for item in page["Items"]]:
        here.made.dynamodb.delete_item(TableName="dataset", Key={"key": key})


def _trail(here: Cloud) -> list[AuditEntry]:
    return list(DynamoReviews(here.made.dynamodb, "dataset").newest(10_000))


def _and(harm: Harm, *, lost: int = 0, doubled: int = 0) -> Harm:
    return Harm(harm.lost + lost, harm.doubled + doubled)


# Accounts.


def _invited(here: Cloud) -> Trial:
    _clear_trail(here)
    email = f"{uuid.uuid4().hex}@example.org"
    asked = here.by_admin("POST", "/admin/users", body={"email": email, "role": "reviewer"})

    def ask() -> Answer:
        answer = here.call("users", asked)
        whole = [each for each in here.pool.of_address(email) if each.groups == {Role.REVIEWER}]
        # Who was invited is not invited again: the same request learns that the account is there.
        return office.DONE if answer["statusCode"] == 409 and whole else answer

    def harm() -> Harm:
        (invited, *more) = here.pool.of_address(email)
        return _and(_noted(here, "invite", invited.sub), doubled=len(more) + int(invited.groups != {Role.REVIEWER}))

    return Trial(ask, harm)


def _changed(
    before: Role, body: Mapping[str, Any], action: str, *, is_enabled: bool = True
) -> Callable[[Cloud], Trial]:
    """An account of that role is changed, and its owner is told of models until then."""

    def prepare(here: Cloud) -> Trial:
        _clear_trail(here)
        person = here.pool.join(before)
        person.is_enabled = is_enabled
        choice = NotificationChoice(frozenset({NoticeKind.MODELS}), Language.EN)
        people_wiring.notification_choices().keep(person.sub, KeptChoice(choice, person.email))
        people_wiring.mailing_list().put(person.email, choice)
        asked = here.by_admin("PATCH", "/admin/users/{id}", path_parameters={"id": person.sub}, body=body)

        def harm() -> Harm:
            role, enabled = body.get("role", before), body.get("is_enabled", is_enabled)
            is_left = before is Role.ADMIN and (role != Role.ADMIN or not enabled)
            off = int(person.groups != {role}) + int(person.is_enabled is not enabled)
            if "is_enabled" in body and not enabled:
                off += int(not person.signed_out)
            told = int(people_wiring.notification_choices().find(person.sub) is not None) + _subscriptions(person.email)
            return _and(_noted(here, action, person.sub), lost=off, doubled=told if is_left else 0)

        return Trial(lambda: here.call("users", asked), harm)

    return prepare


def _subscriptions(email: str) -> int:
    topics = boto3.client("sns", region_name="eu-west-1").get_paginator("list_subscriptions").paginate()
    return sum(each["Endpoint"] == email for page in topics for each in page["Subscriptions"])


def _erased(here: Cloud) -> Trial:
    person = here.pool.join(Role.USER)
    asked = here.by_admin("DELETE", "/admin/users/{id}", path_parameters={"id": person.sub})

    def harm() -> Harm:
        # The wish may be sent twice: whoever fulfils it finds nothing left.
        wished = [each for each in here.requests() if person.sub in each and "erase" in each]
        return _and(_noted(here, "erase", person.sub), lost=int(not wished) + int(person.is_enabled))

    return Trial(lambda: here.call("users", asked), harm)


def _told(here: Cloud) -> Trial:
    person = here.pool.join(Role.ADMIN)
    people_wiring.notification_choices().keep(
        person.sub, KeptChoice(NotificationChoice(frozenset({NoticeKind.HEALTH}), Language.FR), "old@example.org")
    )
    body = {"kinds": ["models", "drift"], "language": "fr"}
    asked = event("PUT", "/admin/notifications", body=body, claims=claims_of(person.sub, groups="admin"))

    def harm() -> Harm:
        kept = people_wiring.notification_choices().find(person.sub)
        off = int(kept is None or kept.address != person.email or len(kept.choice.kinds) != len(body["kinds"]))
        subscribed = _subscriptions(person.email)
        return Harm(lost=off + int(not subscribed), doubled=max(0, subscribed - 1))

    return Trial(lambda: here.call("users", asked), harm)


# Sign-ins.


def _signed_in(here: Cloud) -> Trial:
    person = here.pool.join(Role.USER, Role.ADMIN)
    asked: dict[str, Any] = {
        "userPoolId": "eu-west-1_People",
        "userName": person.sub,
        "request": {
            "userAttributes": {"sub": person.sub, "custom:terms_version": TERMS},
            "groupConfiguration": {"groupsToOverride": [Role.ADMIN, Role.USER]},
        },
        "response": {},
    }

    def ask() -> Answer:
        with office.setting(AVOCET_ADMINS_NEED_SECOND_FACTOR="yes"):
            answer = here.call("pre_token", json.loads(json.dumps(asked)))
        shown = answer["response"]["claimsOverrideDetails"]["groupOverrideDetails"]["groupsToOverride"]
        return office.answered(lambda: shown == [Role.USER])

    def harm() -> Harm:
        accepted = wiring.people().find(person.sub)
        return Harm(lost=int(accepted is None or accepted.consent.terms_version != TERMS))

    return Trial(ask, harm)


# Reviews.


def _set_aside(here: Cloud, *, mistakes: int = 0) -> tuple[str, str]:
    """Have a photo wait for a review; return its id and its owner's."""
    _clear_trail(here)
    photos = learning_wiring.dataset_photos()
    for each in list(DynamoReviews(here.made.dynamodb, "dataset").set_aside()):
        waiting = photos.find(each)
        if waiting is not None:
            photos.save(replace(waiting, state=PhotoState.REFUSED))
    owner_id = str(uuid.uuid4())
    photo_id = here.given(owner_id)
    record = wiring.records().find(photo_id)
    assert record is not None
    wiring.records().save(replace(record, taken_revision=1))
    photos.save(
        DatasetPhoto(
            photo_id,
            CONTRIBUTION,
            RED,
            raw_key(photo_id, RED),
            taken_revision=1,
            state=PhotoState.REVIEW,
            reason=NEW_CONTRIBUTOR,
        )
    )
    proven = [Judgement(f"right-{number}", f"species-{number}", was_right=True) for number in range(10)]
    wrong = [Judgement(f"wrong-{number}", RED, was_right=False) for number in range(mistakes)]
    for each in [*proven, *wrong] if mistakes else []:
        wiring.trust_book().change(owner_id, lambda known, each=each: known.with_judgement(each))  # type: ignore[misc]
    return photo_id, owner_id


def _act(here: Cloud, photo_id: str, action: Action, reviewer_id: str, groups: str = "admin") -> Answer:
    body = {"action": action, **({"species_id": GREEN} if action is Action.CORRECT else {})}
    return event(
        "POST",
        "/admin/review/{id}",
        path_parameters={"id": photo_id},
        body=body,
        claims=claims_of(reviewer_id, groups=groups),
    )


def _settle(here: Cloud) -> None:
    # What a review leaves half-moved is finished by the sweep, as any answer is.
    with office.later(here, hours=1):
        here.call("settle", {})


def _decided(action: Action, *, mistakes: int = 0) -> Callable[[Cloud], Trial]:
    """An admin decides, and the photo, the trail and the owner's trust say so; a third mistake costs the trust."""

    def prepare(here: Cloud) -> Trial:
        photo_id, owner_id = _set_aside(here, mistakes=mistakes)
        asked = _act(here, photo_id, action, here.admin_id)

        def harm() -> Harm:
            _settle(here)
            harm = _as_decided(here, photo_id, owner_id, action)
            doubted = [each for each in here.requests() if owner_id in each and "doubt" in each]
            return _and(harm, lost=int(bool(mistakes) and not doubted))

        return Trial(lambda: here.call("review", asked), harm)

    return prepare


def _as_decided(here: Cloud, photo_id: str, owner_id: str, action: Action) -> Harm:
    photo = learning_wiring.dataset_photos().find(photo_id)
    record = wiring.records().find(photo_id)
    assert photo is not None
    assert record is not None
    assert record.contribution is not None
    is_refused = photo.state is PhotoState.REFUSED
    shows = GREEN if action is Action.CORRECT else RED
    off = int(is_refused is not (action is Action.REJECT)) + int(record.contribution.answer.species_id != shows)
    if action is not Action.REJECT:
        off += int(record.reviewed_revision != record.contribution.revision)
    judged = wiring.trust_book().find_many([owner_id])[owner_id].judgements
    about = [each for each in judged if each.photo_id == photo_id]
    keys = here.raw_keys(photo_id)
    harm = _noted(here, action, photo_id)
    return _and(
        harm,
        lost=off + int([each.was_right for each in about] != [action is Action.ACCEPT]) + int(not keys),
        doubled=len([key for key in keys if key != raw_key(photo_id, shows)]),
    )


def _one_voice(action: Action) -> Callable[[Cloud], Trial]:
    """A reviewer whose word needs a second one has said something."""

    def prepare(here: Cloud) -> Trial:
        photo_id, _ = _set_aside(here)
        reviewer_id = here.pool.join(Role.REVIEWER).sub
        asked = _act(here, photo_id, action, reviewer_id, groups="reviewer")

        def harm() -> Harm:
            review = DynamoReviews(here.made.dynamodb, "dataset").find_many([photo_id])[photo_id]
            off = int([each.action for each in review.votes] != [action]) + int(review.decision is not None)
            return _and(_noted(here, action, photo_id), lost=off)

        return Trial(lambda: here.call("review", asked), harm)

    return prepare


def _undone(action: Action) -> Callable[[Cloud], Trial]:
    """An admin takes a decision back; everything is as if it had never been taken."""

    def prepare(here: Cloud) -> Trial:
        photo_id, owner_id = _set_aside(here)
        assert here.call("review", _act(here, photo_id, action, here.admin_id))["statusCode"] == 200
        asked = _act(here, photo_id, Action.UNDO, here.admin_id)

        def harm() -> Harm:
            _settle(here)
            review = DynamoReviews(here.made.dynamodb, "dataset").find_many([photo_id])[photo_id]
            photo = learning_wiring.dataset_photos().find(photo_id)
            record = wiring.records().find(photo_id)
            assert record is not None
            assert record.contribution is not None
            judged = wiring.trust_book().find_many([owner_id])[owner_id].judgements
            left = len(review.votes) + int(review.decision is not None) + len(judged) + record.reviewed_revision
            off = int(photo is None or photo.state is not PhotoState.REVIEW)
            off += int(record.contribution.answer.species_id != RED)
            keys = here.raw_keys(photo_id)
            return _and(
                _noted(here, Action.UNDO, photo_id), lost=off, doubled=left + int(keys != [raw_key(photo_id, RED)])
            )

        return Trial(lambda: here.call("review", asked), harm)

    return prepare


def _handed_out(here: Cloud) -> Trial:
    """A reviewer is shown a photo; nobody else is, for ten minutes, and the same one is however often they ask."""
    photo_id, _ = _set_aside(here)
    everything = {"limit": "50"}
    asked = event("GET", "/admin/review", query=everything, claims=claims_of(here.admin_id, groups="admin"))
    another_s = claims_of(here.pool.join(Role.REVIEWER).sub, groups="reviewer")

    def shown(answer: Answer) -> int:
        return sum(each["photo_id"] == photo_id for each in json.loads(answer["body"])["items"])

    clocks = [here.off_by]

    def ask() -> Answer:
        clocks.append(here.off_by)
        answer = here.call("review", asked)
        return answer if answer["statusCode"] >= 400 or shown(answer) == 1 else office.NOT_DONE

    def harm() -> Harm:
        # By the clock of whoever handed it out.
        handed_out_s = clocks[-1].total_seconds()
        with office.later(here, seconds=handed_out_s):
            held = shown(here.call("review", event("GET", "/admin/review", query=everything, claims=another_s)))
        with office.later(here, minutes=11, seconds=handed_out_s):
            free = shown(here.call("review", event("GET", "/admin/review", query=everything, claims=another_s)))
        return Harm(lost=int(not free), doubled=held)

    return Trial(ask, harm)


CAMPAIGNS: Campaigns = {
    "users": {
        "an invitation": _invited,
        "made an admin": _changed(Role.USER, {"role": "admin"}, "role"),
        "an admin no more": _changed(Role.ADMIN, {"role": "user"}, "role"),
        "shut": _changed(Role.ADMIN, {"is_enabled": False}, "disable"),
        "opened": _changed(Role.USER, {"is_enabled": True}, "enable", is_enabled=False),
        "erased": _erased,
        "told by mail": _told,
        "the list": reading("users", lambda here: here.by_admin("GET", "/admin/users")),
        "somebody's trust": reading(
            "users",
            lambda here: here.by_admin("GET", "/admin/users/{id}/trust", path_parameters={"id": here.admin_id}),
        ),
    },
    "pre_token": {"an admin without a second factor": _signed_in},
    "review": {
        "accepted": _decided(Action.ACCEPT),
        "corrected": _decided(Action.CORRECT),
        "rejected": _decided(Action.REJECT),
        "corrected, and trust lost": _decided(Action.CORRECT, mistakes=2),
        "one voice of two": _one_voice(Action.CORRECT),
        "skipped": _one_voice(Action.SKIP),
        "a correction undone": _undone(Action.CORRECT),
        "a rejection undone": _undone(Action.REJECT),
        "handed out": _handed_out,
        "the trail": reading("review", lambda here: here.by_admin("GET", "/admin/audit")),
    },
}
