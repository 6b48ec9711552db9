"""kill -9 of everything, at the worst moments: what was acknowledged is still there, and nothing is there twice."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_promoting import Trainer
from tests.deployed.waiting import until

_PHOTOS = 8


@pytest.mark.timeout(1200)
def test_what_was_acknowledged_outlives_kill_9(
    cloud: Cloud, admin: Person, owner: Person, challenging: Trainer, kill_and_start_again: Callable[[], None]
) -> None:
    """Half of the answers are acknowledged, the others under way, when everything ends; a challenger looks on."""
    challenger = challenging.train()
    predictions = [owner.predict(made_photo(51 + n)) for n in range(_PHOTOS)]
    upload_id = owner.upload(made_photo(50))
    acknowledged = {
        made["prediction_id"]: succeeded(owner.answer(made["prediction_id"], "confirmed"))
        for made in predictions[: _PHOTOS // 2]
    }
    counted = succeeded(cloud.request("GET", "/stats"))["contributions"]

    with ThreadPoolExecutor(_PHOTOS) as threads:
        under_way = {
            made["prediction_id"]: threads.submit(owner.answer, made["prediction_id"], "corrected", "pied-avocet")
            for made in predictions[_PHOTOS // 2 :]
        }
        kill_and_start_again()

    assert cloud.sign_in(owner.username, owner.password), "accounts survive too"
    for photo_id, answer in under_way.items():
        if _was_acknowledged(answer):
            acknowledged[photo_id] = answer.result().json()
            counted += 1
    for made in predictions:
        photo_id = made["prediction_id"]
        read = succeeded(owner.get(f"/predictions/{photo_id}"))
        assert read["predictions"] == made["predictions"]
        if photo_id in acknowledged:
            given = acknowledged[photo_id]
            assert read["feedback"] == {name: given[name] for name in ("feedback", "species_id", "status")}
            assert cloud.raw_keys(photo_id) == [f"{given['species_id']}/{photo_id}.jpg"]
    assert succeeded(cloud.request("GET", "/stats"))["contributions"] >= counted

    for photo_id in under_way:
        assert succeeded(owner.answer(photo_id, "corrected", "pied-avocet"))["status"] == "received"
        assert cloud.raw_keys(photo_id) == [f"pied-avocet/{photo_id}.jpg"]
    assert succeeded(owner.post("/predictions", json={"upload_id": upload_id}), 201)

    # What happens from now on is told to the shadow, however far its stream had been read, and nothing counts twice.
    asked = f"/admin/models/{challenger}/shadow"

    def shadowed() -> dict[str, Any] | None:
        (found, *_) = [*succeeded(admin.get(asked))["against"], None]
        return found if found and found["photos"] > len(under_way) and found["named"] >= len(under_way) else None

    found = until(shadowed, within_s=300)
    assert (found["photos"] <= _PHOTOS + 1, found["named"] <= _PHOTOS) == (True, True)


def _was_acknowledged(answer: "Future[httpx.Response]") -> bool:
    return answer.exception() is None and answer.result().is_success
