"""The served OpenAPI document against the API that serves it: whatever is sent, no 5xx, and answers as described."""

import os

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import animation, made_photo, pixel_bomb

IS_FULL = os.environ.get("AVOCET_FULL") == "1"
# Bodies that are photos, nearly photos and nothing of the kind; random bytes alone would never get past the first look.
PHOTOS = st.one_of(
    st.sampled_from(
        [made_photo(41), made_photo(42, form="PNG"), made_photo(43, form="WEBP"), animation(), pixel_bomb()]
    ),
    st.builds(lambda cut: made_photo(44)[:cut], st.integers(0, 40_000)),
    st.binary(max_size=2000),
)
CONFORMANCE = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

for _media_type in ("image/jpeg", "image/png", "image/webp", "image/heic", "image/avif", "application/octet-stream"):
    schemathesis.openapi.media_type(_media_type, PHOTOS)


@pytest.fixture(scope="module")
def served(cloud: Cloud) -> BaseSchema:
    document = succeeded(cloud.request("GET", "/openapi.json"))
    config = SchemathesisConfig.from_dict(
        {
            "seed": 20261123,
            "generation": {"max-examples": 200 if IS_FULL else 10, "deterministic": not IS_FULL},
            # Faster would only measure the stage's throttle.
            "rate-limit": "15/s",
            "phases": {"coverage": {"enabled": True}},
        }
    )
    return schemathesis.openapi.from_dict(document, config=config)


api = schemathesis.pytest.from_fixture("served")


@api.parametrize()
@pytest.mark.timeout(3600 if IS_FULL else 400)
def test_nobody_gets_answers_as_described(case: schemathesis.Case, cloud: Cloud) -> None:
    case.call_and_validate(base_url=cloud.api_url, headers={"Authorization": ""}, checks=CONFORMANCE)


@api.parametrize()
@pytest.mark.timeout(3600 if IS_FULL else 400)
def test_a_person_gets_answers_as_described(case: schemathesis.Case, cloud: Cloud, owner: Person) -> None:
    token = f"Bearer {owner.id_token}"
    case.call_and_validate(base_url=cloud.api_url, headers={"Authorization": token}, checks=CONFORMANCE)
