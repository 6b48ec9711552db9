"""The served OpenAPI document against the API that serves it: whatever is sent, no 5xx, and answers as described."""

import os
from collections.abc import Callable, Mapping

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema

from tests.deployed.access_matrix import MATRIX
from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.made_photos import animation, made_photo, pixel_bomb

# An answer of the emulator, from a function that starts only now, on two busy cores.
PATIENCE_S = 60
IS_FULL = os.environ.get("AVOCET_FULL") == "1"
EXAMPLES = 300 if IS_FULL else 12
ADMIN_EXAMPLES = 2
# With sound requests these start jobs, or choose another model for everybody.
CHANGES_FOR_EVERYBODY = {("POST", "/admin/jobs"), ("POST", "/admin/models/rollback")}
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
schemathesis.openapi.media_type("application/zip", st.binary(max_size=2000).map(lambda end: b"PK\x03\x04" + end))


@schemathesis.serializer("application/zip")
def _as_it_is(context: schemathesis.SerializationContext, value: object) -> object:
    """Schemathesis sends a medium only when it knows how to write it; an archive is bytes already."""
    return value if isinstance(value, bytes) else str(value).encode()


ENDPOINTS = sorted({(row.method, row.path) for row in MATRIX})


@pytest.fixture(scope="module")
def served(cloud: Cloud) -> BaseSchema:
    return schemathesis.openapi.from_dict(succeeded(cloud.request("GET", "/openapi.json")))


@pytest.mark.timeout(3600 if IS_FULL else 900)
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_person_gets_answers_as_described(
    served: BaseSchema, cloud: Cloud, owner: Person, method: str, path: str, mode: GenerationMode
) -> None:
    """Half of the requests name what the person really has: made-up ids alone would never get past a 404."""
    if (method, path) == ("DELETE", "/me"):
        owner = cloud.sign_up()  # who is gone afterwards
    upload_id, prediction_id = owner.upload(made_photo(45)), owner.predict(made_photo(46))["prediction_id"]

    def send(case: schemathesis.Case, *, names_what_is_there: bool) -> None:
        if names_what_is_there and path.startswith("/predictions/{id}"):
            case.path_parameters = {"id": prediction_id}
        if names_what_is_there and isinstance(case.body, dict) and "upload_id" in case.body:
            case.body = {"upload_id": upload_id}
        _send(case, cloud, {"Authorization": f"Bearer {owner.id_token}"})

    _try_out(served, method, path, mode, send)


@pytest.mark.timeout(3600 if IS_FULL else 900)
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_nobody_gets_answers_as_described(
    served: BaseSchema, cloud: Cloud, method: str, path: str, mode: GenerationMode
) -> None:
    def send(case: schemathesis.Case, *, names_what_is_there: bool) -> None:
        _send(case, cloud, {})

    _try_out(served, method, path, mode, send)


@pytest.mark.timeout(3600 if IS_FULL else 900)
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), [each for each in ENDPOINTS if each[1].startswith("/admin/")])
def test_an_admin_gets_answers_as_described(
    served: BaseSchema, cloud: Cloud, admin: Person, method: str, path: str, mode: GenerationMode
) -> None:
    if mode is GenerationMode.POSITIVE and (method, path) in CHANGES_FOR_EVERYBODY:
        pytest.skip("would change what every other test relies on")

    def send(case: schemathesis.Case, *, names_what_is_there: bool) -> None:
        _send(case, cloud, {"Authorization": f"Bearer {admin.id_token}"})

    _try_out(served, method, path, mode, send, examples=EXAMPLES if IS_FULL else ADMIN_EXAMPLES)


@pytest.mark.timeout(3600 if IS_FULL else 900)
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), [each for each in ENDPOINTS if each[1].startswith("/admin/")])
def test_a_reviewer_gets_answers_as_described(
    served: BaseSchema, cloud: Cloud, reviewer: Person, method: str, path: str, mode: GenerationMode
) -> None:
    """Whatever else a reviewer asks for, they are answered as any person is."""

    def send(case: schemathesis.Case, *, names_what_is_there: bool) -> None:
        _send(case, cloud, {"Authorization": f"Bearer {reviewer.id_token}"})

    _try_out(served, method, path, mode, send, examples=EXAMPLES if IS_FULL else ADMIN_EXAMPLES)


@pytest.mark.parametrize("role", ["owner", "reviewer"])
def test_a_person_s_steps_in_any_order_get_answers_as_described(
    served: BaseSchema, cloud: Cloud, role: str, request: pytest.FixtureRequest
) -> None:
    """Uploads lead to predictions, predictions to feedback: the document's links are followed, over and over."""
    person: Person = request.getfixturevalue(role)

    class Journey(served.as_state_machine()):  # type: ignore[misc]  # made at run time
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, object]:
            case.headers.pop("Authorization", None)
            headers = {"Authorization": f"Bearer {person.id_token}"}
            return {"headers": headers, "base_url": cloud.api_url, "timeout": PATIENCE_S}

        def validate_response(self, response: object, case: schemathesis.Case, **_more: object) -> None:
            case.validate_response(response, checks=CONFORMANCE)

    Journey.run(
        settings=settings(
            max_examples=60 if IS_FULL else 2,
            stateful_step_count=8,
            derandomize=not IS_FULL,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
        )
    )


def _send(case: schemathesis.Case, cloud: Cloud, headers: dict[str, str]) -> None:
    # A token that a case made up would only try the gateway's own authorizer, as the access matrix does.
    case.headers.pop("Authorization", None)
    case.call_and_validate(base_url=cloud.api_url, headers=headers, checks=CONFORMANCE, timeout=PATIENCE_S)


def _try_out(
    served: BaseSchema,
    method: str,
    path: str,
    mode: GenerationMode,
    send: Callable[..., None],
    *,
    examples: int = EXAMPLES,
) -> None:
    """Send requests that fit the description, or ones that break it (by ``mode``), and look at every answer."""
    operation = served[path][method]
    if mode is GenerationMode.NEGATIVE and not {"parameters", "requestBody"} & _filled(operation.definition.raw):
        pytest.skip("takes nothing that could be wrong")

    @settings(
        max_examples=examples,
        derandomize=not IS_FULL,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
    @given(case=operation.as_strategy(generation_mode=mode), names_what_is_there=st.booleans())
    def every_answer_conforms(case: schemathesis.Case, names_what_is_there: bool) -> None:
        send(case, names_what_is_there=names_what_is_there)

    every_answer_conforms()


def _filled(definition: Mapping[str, object]) -> set[str]:
    return {name for name, value in definition.items() if value}
