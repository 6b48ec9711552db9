"""Back up, destroy, restore: what was there is there once, and a person who was erased after the backup stays erased."""

from pathlib import Path

import httpx
import pytest

from tests.deployed.cloud import Cloud, Person, SignInRefusedError, problem, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_dataset import job_done
from tests.deployed.waiting import until
from tests.local.conftest import OwnCloud


def _given(person: Person, number: int) -> str:
    photo_id: str = person.predict(made_photo(number))["prediction_id"]
    succeeded(person.answer(photo_id, "corrected", "pied-avocet"))
    return photo_id


@pytest.mark.timeout(2400)
def test_a_restored_cloud_keeps_its_promises(own_cloud: OwnCloud, tmp_path: Path) -> None:
    with httpx.Client(timeout=60, trust_env=False) as http:
        _must_keep_its_promises(own_cloud, Cloud(own_cloud.up(), http), tmp_path / "backup.tar")


def _must_keep_its_promises(own_cloud: OwnCloud, cloud: Cloud, backup: Path) -> None:
    staying, leaving = cloud.sign_up(), cloud.sign_up()
    kept, erased = _given(staying, 71), _given(leaving, 72)
    leaving_id = leaving.owner_id
    contributions = succeeded(cloud.request("GET", "/stats"))["contributions"]
    own_cloud.make("backup", "--file", str(backup))

    later = _given(staying, 73)
    body = {"confirmation": "erase-everything"}
    assert cloud.request("DELETE", "/me", token=leaving.id_token, json=body).status_code == 202
    until(lambda: cloud.record(erased) is None and not _account(cloud, leaving_id), within_s=600, every_s=1)

    own_cloud.make("reset")
    own_cloud.make("restore", "--file", str(backup))

    assert cloud.raw_keys(kept) == [f"pied-avocet/{kept}.jpg"]
    assert succeeded(staying.answer(kept, "corrected", "pied-avocet"))["status"] == "received"
    assert cloud.raw_keys(kept) == [f"pied-avocet/{kept}.jpg"]
    assert cloud.raw_keys(later) == [], "it came after the backup"
    problem(staying.get(f"/predictions/{later}"), 404, "not-found")
    assert cloud.raw_keys(erased) == []
    assert cloud.record(erased) is None
    with pytest.raises(SignInRefusedError):
        cloud.sign_in(leaving.username, leaving.password)
    assert succeeded(cloud.request("GET", "/stats"))["contributions"] in {contributions, contributions - 1}
    job_done(cloud.person("admin"), "verify")


def _account(cloud: Cloud, owner_id: str) -> bool:
    pool, wanted = cloud.outputs["UserPoolId"], f'sub = "{owner_id}"'
    return bool(cloud.aws("cognito-idp").list_users(UserPoolId=pool, Filter=wanted)["Users"])
