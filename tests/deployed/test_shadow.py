"""A challenger in the shadow of the deployed stack: it answers people's photos, and no person notices."""

import uuid
from collections.abc import Mapping
from typing import Any

from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_dead_letters import misled
from tests.deployed.test_promoting import Trainer
from tests.deployed.waiting import until

# Cold, on a busy machine, behind whatever else the stream tells.
SOON_S = 300


def photos(number: int) -> list[bytes]:
    return [made_photo(uuid.uuid4().int) for _ in range(number)]


def shown(admin: Person, version: str) -> dict[str, Any]:
    return succeeded(admin.get(f"/admin/models/{version}/shadow"))


def against(admin: Person, version: str, *, photos: int = 0, named: int = 0) -> Mapping[str, Any] | None:
    """Return the figures once they hold so many photos and names."""
    (found, *_) = [*shown(admin, version)["against"], None]
    return found if found and found["photos"] >= photos and found["named"] >= named else None


def test_what_people_send_is_answered_by_the_challenger_too_and_counted_once(
    cloud: Cloud, admin: Person, owner: Person, challenging: Trainer
) -> None:
    champion, version = challenging.aliases.read().champion, challenging.train()
    assert shown(admin, version)["state"] == "scoring"
    assert shown(admin, version)["against"] == []
    predictions = [owner.predict(photo) for photo in photos(3)]
    # One more by the other way in, which is answered after its record was made.
    upload_id = owner.upload(photos(1)[0])
    predictions.append(succeeded(owner.post("/predictions", json={"upload_id": upload_id}), 201))

    found = until(lambda: against(admin, version, photos=4), within_s=SOON_S)
    assert (found["champion"], found["is_champion_now"], found["photos"]) == (champion, True, 4)
    assert 0 <= found["agreement"]["low"] <= found["agreement"]["value"] <= found["agreement"]["high"] <= 1
    assert found["challenger_ms"] > 0
    listed = {each["prediction_id"] for each in found["disagreements"]}
    assert listed <= {each["prediction_id"] for each in predictions}
    for prediction in predictions:
        again = succeeded(owner.get(f"/predictions/{prediction['prediction_id']}"))
        assert again["model_version"] == champion
        assert version not in str(again)

    # What somebody says of a photo is held against both, once.
    answered = predictions[0]
    succeeded(owner.answer(answered["prediction_id"], "confirmed"))
    found = until(lambda: against(admin, version, named=1), within_s=SOON_S)
    assert (found["photos"], found["named"], found["champion_right"]["value"]) == (4, 1, 1)
    problem(owner.get(f"/admin/models/{version}/shadow"), 403, "admins-only")


def test_nothing_stays_of_somebody_who_was_erased(cloud: Cloud, admin: Person, challenging: Trainer) -> None:
    person, version = cloud.sign_up(), challenging.train()
    made = [person.predict(photo)["prediction_id"] for photo in photos(2)]
    until(lambda: against(admin, version, photos=2), within_s=SOON_S)
    erase = cloud.request("DELETE", "/me", token=person.id_token, json={"confirmation": "erase-everything"})
    assert erase.status_code == 202
    until(lambda: not any(cloud.record(photo_id) for photo_id in made), within_s=SOON_S)

    def left() -> list[str]:
        pages = cloud.aws("dynamodb").get_paginator("scan").paginate(TableName=cloud.outputs["PhotosTableName"])
        keys = [item["photo_id"]["S"] for page in pages for item in page["Items"]]
        return [key for key in keys if any(photo_id in key for photo_id in made)]

    until(lambda: not left(), within_s=SOON_S)
    (found,) = shown(admin, version)["against"]
    assert (found["photos"], found["disagreements"]) == (2, [])


def test_a_broken_challenger_harms_nobody_and_its_admins_see_why(
    admin: Person, owner: Person, challenging: Trainer, photo: bytes
) -> None:
    champion, version = challenging.aliases.read().champion, challenging.train()
    challenging.spoil(version)
    assert owner.predict(photo)["model_version"] == champion
    trouble = until(lambda: shown(admin, version)["trouble"], within_s=SOON_S)
    assert "model.onnx" in trouble["reason"]
    assert shown(admin, version)["against"] == []
    assert owner.predict(photo)["model_version"] == champion

    # A sound one in its place is taken up at once, and what was broken holds nobody up.
    better = challenging.train()
    owner.predict(photos(1)[0])
    assert until(lambda: against(admin, better, photos=1), within_s=SOON_S)


def test_predictions_go_on_while_the_shadow_fails_and_it_catches_up(
    cloud: Cloud, admin: Person, owner: Person, challenging: Trainer
) -> None:
    version = challenging.train()
    with misled(cloud, "shadow", AVOCET_UPLOADS_BUCKET="a-bucket-that-is-not-there"):
        made = [owner.predict(photo) for photo in photos(2)]
        assert all(len(each["predictions"]) == 3 for each in made)
        assert shown(admin, version)["against"] == []
    assert until(lambda: against(admin, version, photos=2), within_s=SOON_S)["photos"] == 2
