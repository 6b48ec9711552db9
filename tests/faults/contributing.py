"""The campaigns of a contribution's way: upload, prediction, feedback, taking it back, and what is read on the way."""

import itertools
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tests.faults import shadowing
from tests.faults.clouds import Campaigns, Cloud, Harm, Trial, feedback, prediction, reading
from tests.faults.injection import Fault, ProcessGoneError, Seam, armed
from tests.made.bundles import GREEN, RED
from tests.made.events import ALICE, claims_of, event


def _only_at(here: Cloud, photo_id: str, key: str, counted: int) -> Harm:
    """Harm to a photo that must lie at ``key`` alone and be counted so that there are ``counted`` contributions."""
    found = here.raw_keys(photo_id)
    off = here.counted() - counted
    return Harm(lost=int(key not in found) + max(0, -off), doubled=len([k for k in found if k != key]) + max(0, off))


def _upload(here: Cloud) -> Trial:
    granted: list[str] = []

    def ask() -> Mapping[str, Any]:
        answer = here.call("upload", event("POST", "/uploads", body={"size_bytes": 9}, claims=claims_of(ALICE)))
        if answer["statusCode"] == 201:
            granted.append(json.loads(answer["body"])["upload_id"])
        return answer

    def harm() -> Harm:
        kept = set(here.made.photo_ids())
        return Harm(lost=len(set(granted) - kept), doubled=len(granted) - len(set(granted)))

    return Trial(ask, harm)


def _predict(here: Cloud) -> Trial:
    made: list[str] = []

    def ask() -> Mapping[str, Any]:
        answer = here.call("predict", prediction())
        if answer["statusCode"] == 201:
            made.append(json.loads(answer["body"])["prediction_id"])
        return answer

    def harm() -> Harm:
        kept = set(here.made.photo_ids())
        # A prediction can be answered only while its photo is there: both, or neither.
        photos = here.made.s3.list_objects_v2(Bucket="uploads").get("Contents", [])
        stored = {each["Key"].rsplit("/", 1)[-1] for each in photos}
        return Harm(lost=len([one for one in made if one not in kept or one not in stored]))

    return Trial(ask, harm)


def _confirmed(here: Cloud) -> Trial:
    photo_id, counted = here.predict(), here.counted() + 1
    asked = feedback(photo_id, {"feedback": "confirmed"})
    return Trial(
        lambda: here.call("feedback", asked), lambda: _only_at(here, photo_id, f"{RED}/{photo_id}.jpg", counted)
    )


def _changed(here: Cloud) -> Trial:
    photo_id = here.given()
    counted = here.counted()
    asked = feedback(photo_id, {"feedback": "corrected", "species_id": GREEN})
    return Trial(
        lambda: here.call("feedback", asked), lambda: _only_at(here, photo_id, f"{GREEN}/{photo_id}.jpg", counted)
    )


def _corrected(here: Cloud) -> Trial:
    photo_id = here.given()
    counted = here.counted()
    asked = event(
        "POST",
        "/contributions/{id}/correction",
        path_parameters={"id": photo_id},
        body={"species_id": GREEN},
        claims=claims_of(ALICE),
    )
    return Trial(
        lambda: here.call("correction", asked), lambda: _only_at(here, photo_id, f"{GREEN}/{photo_id}.jpg", counted)
    )


def _withdrawn(here: Cloud) -> Trial:
    photo_id = here.given()
    path = {"id": photo_id}
    asked = event("DELETE", "/me/contributions/{id}", path_parameters=path, claims=claims_of(ALICE))
    # What was taken back and is still there would be one copy too many.
    return Trial(lambda: here.call("me", asked), lambda: Harm(doubled=len(here.raw_keys(photo_id))))


def _settled(here: Cloud) -> Trial:
    photo_id, counted = here.predict(), here.counted() + 1
    half_done(here, photo_id)
    hours = itertools.count(1)

    def ask() -> Mapping[str, Any]:
        # Each sweep comes when the leases of the one before are over, as the schedule's do at last.
        before, here.off_by = here.off_by, here.off_by + timedelta(hours=next(hours))
        try:
            here.call("settle", {})
        finally:
            here.off_by = before
        return {"statusCode": 200, "body": "{}"}

    return Trial(ask, lambda: _only_at(here, photo_id, f"{RED}/{photo_id}.jpg", counted))


def _erased(here: Cloud) -> Trial:
    owner_id, neighbour_s = here.pool.join("user").sub, here.given()
    photo_ids = [here.given(owner_id), here.given(owner_id)]
    for photo_id in photo_ids:
        shadowing.note(here, photo_id)
    message = {"request": "erase", "owner_id": owner_id, "is_last": False}

    def ask() -> Mapping[str, Any]:
        here.call("fulfil", {"Records": [{"body": json.dumps(message)}]})
        return {"statusCode": 200, "body": "{}"}

    def harm() -> Harm:
        still = here.made.photo_ids()
        left = [each for each in photo_ids if each in still or here.raw_keys(each) or shadowing.book().find(each)]
        return Harm(lost=int(len(here.raw_keys(neighbour_s)) != 1), doubled=len(left) + int(owner_id in here.pool.held))

    return Trial(ask, harm)


def half_done(here: Cloud, photo_id: str) -> None:
    """Let feedback die right after its intent was written."""

    class _AtTheIntent(Seam):
        def pass_through(self, name: str, do: Callable[[], Any]) -> Any:
            result = do()
            if name in {"TransactWriteItems", "UpdateItem"}:
                raise ProcessGoneError(name)
            return result

    try:
        with armed(_AtTheIntent(fault=Fault.DIED_AFTER)):
            here.call("feedback", feedback(photo_id, {"feedback": "confirmed"}))
    except ProcessGoneError:
        return
    raise AssertionError("feedback wrote no intent")


CAMPAIGNS: Campaigns = {
    "upload": {"a grant": _upload},
    "predict": {"a photo inline": _predict},
    "get_prediction": {
        "a prediction": reading(
            "get_prediction",
            lambda here: event(
                "GET", "/predictions/{id}", path_parameters={"id": here.predict()}, claims=claims_of(ALICE)
            ),
        )
    },
    "feedback": {"confirmed": _confirmed, "corrected after all": _changed},
    "correction": {"of one's own photo": _corrected},
    "settle": {"a feedback half-done": _settled},
    "me": {
        "taking a photo back": _withdrawn,
        "own contributions": reading("me", lambda _: event("GET", "/me/contributions", claims=claims_of(ALICE))),
    },
    "fulfil": {"erasing a person": _erased},
    "status": {"is it up": reading("status", lambda _: event("GET", "/status"))},
    "stats": {"the numbers": reading("stats", lambda _: event("GET", "/stats"))},
    "species": {"a bird by name": reading("species", lambda _: event("GET", "/species", query={"query": "pie"}))},
}
