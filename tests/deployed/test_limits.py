"""Too many, too long, too large: the deployed API says so in a problem, and says when to come back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.deployed.cloud import PROBLEM, Cloud, Person


@pytest.fixture
def strict(cloud: Cloud) -> Iterator[None]:
    """One request a second for everybody together: the emulator heeds the stage's own limit, not those of single routes."""
    gateway = cloud.aws("apigateway")
    (api,) = [one for one in gateway.get_rest_apis()["items"] if one["id"] in cloud.api_url]
    (stage,) = gateway.get_stages(restApiId=api["id"])["item"]
    limits = stage["methodSettings"]["*/*"]

    def set_to(rate: float, burst: int) -> None:
        values = {"/*/*/throttling/rateLimit": str(rate), "/*/*/throttling/burstLimit": str(burst)}
        changes = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
        gateway.update_stage(restApiId=api["id"], stageName=stage["stageName"], patchOperations=changes)

    set_to(1, 1)
    yield
    set_to(limits["throttlingRateLimit"], limits["throttlingBurstLimit"])


@pytest.mark.usefixtures("strict")
def test_who_asks_too_often_is_told_when_to_come_back(cloud: Cloud) -> None:
    def ask(_number: int) -> httpx.Response:
        return httpx.get(cloud.api_url + "/status", timeout=60, trust_env=False)

    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(ask, range(24)))
    refused = [response for response in responses if response.status_code == httpx.codes.TOO_MANY_REQUESTS]
    assert refused
    assert all(response.is_success for response in responses if response not in refused)
    for response in refused:
        assert int(response.headers["Retry-After"]) >= 1
        assert response.headers["Content-Type"].split(";")[0] == PROBLEM
        assert response.json()["type"] == "/problems/too-many-requests"
        assert response.headers["Access-Control-Allow-Origin"] == cloud.local["page_url"].rstrip("/")


def test_what_is_too_long_is_refused_or_left_alone_and_never_a_fault(cloud: Cloud, owner: Person) -> None:
    long = "a" * 5_000
    tries = [
        owner.get("/me/contributions", headers={"X-Correlation-Id": long}),
        owner.get("/me/contributions", headers={f"X-Header-{number}": long for number in range(2)}),
        owner.get(f"/predictions/{long}"),
        owner.get("/species", params={"query": long}),
        owner.post("/predictions", content=b"\xff" * 5_000_000, headers={"Content-Type": "image/jpeg"}),
        owner.post(f"/predictions/{'0' * 32}/feedback", content=b"[" * 200_000),
        owner.post("/uploads", content=b'{"size_bytes":' + b"9" * 5_000 + b"}"),
    ]
    for response in tries:
        assert response.status_code < 500, response.text[:300]
        assert long not in response.text
        assert long not in str(response.headers)
        if response.is_error:
            assert response.json()["type"].startswith("/problems/")
