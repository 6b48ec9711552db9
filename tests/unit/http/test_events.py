"""Events in, responses out."""

import json

import pytest

from avocet.http.events import Response, correlation_id_of, json_object, parse_event, to_proxy
from avocet.http.problem import BadRequestError
from tests.made.events import ALICE, PAGE_ORIGIN, claims_of, event


def test_a_binary_body_arrives_as_it_was_sent():
    sent = bytes(range(256))
    request = parse_event(event("POST", "/predictions", body=sent, content_type="Image/JPEG; q=1"), "c")
    assert request.body == sent
    assert request.media_type == "image/jpeg"


def test_a_text_body_arrives_as_it_was_sent():
    made = event("POST", "/uploads") | {"body": '{"é":1}', "isBase64Encoded": False}
    assert parse_event(made, "c").body == '{"é":1}'.encode()


def test_no_body_no_query_and_no_claims_are_empty_not_none():
    request = parse_event({"httpMethod": "GET", "body": None, "requestContext": None, "headers": None}, "c")
    assert (request.body, request.query, request.path_parameters, request.claims) == (b"", {}, {}, {})
    assert request.media_type == ""


def test_a_body_that_is_not_the_base64_it_says_is_a_bad_request():
    made = event("POST", "/uploads", body=b"x") | {"body": "no base64 at all!"}
    with pytest.raises(BadRequestError):
        parse_event(made, "c")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":1}x'])
def test_what_is_no_json_object_is_a_bad_request(body):
    with pytest.raises(BadRequestError):
        json_object(body)


def test_the_clients_own_correlation_id_is_kept_where_it_is_sound():
    assert correlation_id_of(event("GET", "/status", headers={"x-correlation-ID": "client-0001"})) == "client-0001"
    for forged in ("short", "a" * 65, "line\nbreak1", '"><script>alert(1)'):
        asked = event("GET", "/status", headers={"X-Correlation-Id": forged})
        assert correlation_id_of(asked) == asked["requestContext"]["requestId"]
    assert correlation_id_of({})


def test_only_the_page_may_read_the_answer_in_a_browser():
    answer = to_proxy(Response(200, "{}"), page_origin=PAGE_ORIGIN, correlation_id="c")
    assert answer["headers"]["Access-Control-Allow-Origin"] == PAGE_ORIGIN
    assert "Retry-After" in answer["headers"]["Access-Control-Expose-Headers"]
    assert answer["headers"]["X-Correlation-Id"] == "c"
    assert (
        "Access-Control-Allow-Origin" not in to_proxy(Response(200, ""), page_origin="", correlation_id="c")["headers"]
    )


def test_claims_come_from_the_authorizer_alone():
    forged = event("GET", "/x", headers={"claims": json.dumps({"sub": "root"})})
    assert parse_event(forged, "c").claims == {}
    assert parse_event(event("GET", "/x", claims=claims_of(ALICE)), "c").claims["sub"] == ALICE
