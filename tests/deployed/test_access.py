"""The matrix of `access_matrix.py` against the deployed API, and that nothing deployed is missing from it."""

import base64
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.deployed.access_matrix import MATRIX, OUTSIDERS, Caller, Row, Things
from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.deployed.made_photos import made_photo

Tokens = Mapping[Caller, Callable[[], str | None]]


@pytest.fixture(scope="module")
def things(owner: Person) -> Things:
    photo = made_photo(21)
    given_id = owner.predict(made_photo(23))["prediction_id"]
    succeeded(owner.answer(given_id, "unknown"))
    return Things(photo, owner.upload(photo), owner.predict(made_photo(22))["prediction_id"], given_id)


@pytest.fixture(scope="module")
def tokens(cloud: Cloud, owner: Person, stranger: Person, reviewer: Person, admin: Person) -> Tokens:
    """What each sends, made when it is needed: hundreds of requests on a slow machine outlive a token's quarter of an hour."""
    expired, foreign = _expired_token(cloud, owner), _token_of_another_pool(cloud, owner)
    return {
        Caller.NOBODY: lambda: None,
        Caller.GARBAGE: lambda: "garbage",
        Caller.FORGED: lambda: _with_claims(cloud, owner.id_token, keeps_signature=True),
        Caller.UNSIGNED: lambda: _with_claims(cloud, owner.id_token, keeps_signature=False),
        Caller.ACCESS_TOKEN: lambda: owner.tokens["AccessToken"],
        Caller.EXPIRED: lambda: expired,
        Caller.OTHER_POOL: lambda: foreign,
        Caller.USER: lambda: stranger.id_token,
        Caller.OWNER: lambda: owner.id_token,
        Caller.REVIEWER: lambda: reviewer.id_token,
        Caller.ADMIN: lambda: admin.id_token,
    }


@pytest.mark.parametrize("caller", Caller)
@pytest.mark.parametrize("row", MATRIX, ids=str)
def test_everybody_gets_what_is_theirs_and_nothing_else(
    cloud: Cloud, things: Things, tokens: Tokens, row: Row, caller: Caller
) -> None:
    path = row.path.format(**row.values(things))
    response = cloud.request(row.method, path, token=tokens[caller](), **row.options(things))
    # An export that somebody asked for before is ready by now.
    is_ready = row.path == "/me/export" and response.status_code == 200
    assert (202 if is_ready else response.status_code) == row.expected[caller], response.text[:500]
    if response.is_error:
        document = response.json()
        assert document["type"].startswith("/problems/")
        assert document["title"]
        assert document["detail"]
        assert response.headers["Access-Control-Allow-Origin"] == cloud.local["page_url"].rstrip("/")


def test_every_endpoint_of_the_served_document_is_in_the_matrix(cloud: Cloud) -> None:
    document = succeeded(cloud.request("GET", "/openapi.json"))
    served = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method in {"get", "put", "post", "delete", "patch", "head", "options"}
    }
    assert served == {(row.method, row.path) for row in MATRIX}


def test_every_route_of_the_gateway_is_in_the_matrix(cloud: Cloud) -> None:
    gateway = cloud.aws("apigateway")
    (api,) = [one for one in gateway.get_rest_apis()["items"] if one["id"] in cloud.api_url]
    pages = gateway.get_paginator("get_resources").paginate(restApiId=api["id"], embed=["methods"])
    deployed = {
        (method, resource["path"])
        for page in pages
        for resource in page["items"]
        for method in resource.get("resourceMethods", {})
        if method != "OPTIONS"  # preflights, which carry no token by design
    }
    assert deployed == {(row.method, row.path) for row in MATRIX}


def test_the_document_tells_who_needs_a_token(cloud: Cloud) -> None:
    document = succeeded(cloud.request("GET", "/openapi.json"))
    for row in MATRIX:
        operation = document["paths"][row.path][row.method.lower()]
        security = operation.get("security", document.get("security", []))
        assert bool(security) == (row.expected[Caller.NOBODY] == 401), row


def test_every_row_says_something_about_everybody() -> None:
    for row in MATRIX:
        assert set(row.expected) == set(Caller), row
        closed_to = {caller for caller in OUTSIDERS if row.expected[caller] == 401}
        assert closed_to in (set(), set(OUTSIDERS)), f"{row}: outsiders are all alike"


def test_what_is_not_there_is_said_to_be_so(cloud: Cloud, owner: Person) -> None:
    for path in ("/nowhere", "/predictions/", "/admin/nothing"):
        response = owner.get(path)
        assert response.status_code in {403, 404}
        assert response.json()["type"].startswith("/problems/")


@pytest.mark.parametrize("row", MATRIX, ids=str)
def test_the_page_may_ask_from_its_own_origin_only(cloud: Cloud, things: Things, row: Row) -> None:
    origin = cloud.local["page_url"].rstrip("/")
    path = row.path.format(**row.values(things))
    for asking in (origin, "https://evil.example"):
        preflight = {"Origin": asking, "Access-Control-Request-Method": row.method}
        response = cloud.request("OPTIONS", path, headers=preflight)
        assert response.is_success
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert row.method in response.headers["Access-Control-Allow-Methods"]


def test_a_refusal_names_the_request(cloud: Cloud, owner: Person) -> None:
    response = owner.get(f"/predictions/{'0' * 32}", headers={"X-Correlation-Id": "my-own-number"})
    assert problem(response, 404, "not-found")["instance"] == "my-own-number"


def _with_claims(cloud: Cloud, token: str, *, keeps_signature: bool) -> str:
    header, _, signature = token.split(".")
    claims = cloud.claims(token) | {"cognito:groups": ["admin"], "sub": str(uuid.uuid4())}
    if not keeps_signature:
        header, signature = _encoded({"alg": "none", "typ": "JWT"}), ""
    return f"{header}.{_encoded(claims)}.{signature}"


def _encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _expired_token(cloud: Cloud, person: Person) -> str:
    """Return a sound token of the pool itself, through an app client whose tokens live for a second."""
    cognito, pool_id = cloud.aws("cognito-idp"), cloud.outputs["UserPoolId"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="short-lived",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        IdTokenValidity=1,
        AccessTokenValidity=1,
        TokenValidityUnits={"IdToken": "seconds", "AccessToken": "seconds"},
    )["UserPoolClient"]["ClientId"]
    try:
        parameters = {"USERNAME": person.username, "PASSWORD": person.password}
        answer = cloud.ask_cognito(
            "InitiateAuth", client_id=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )
        threading.Event().wait(2)
        return str(answer["AuthenticationResult"]["IdToken"])
    finally:
        cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)


def _token_of_another_pool(cloud: Cloud, person: Person) -> str:
    """Return the token of somebody with the same address in a pool that anybody could have made."""
    cognito = cloud.aws("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    try:
        client_id = cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName="another", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=pool_id, Username=person.username, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool_id, Username=person.username, Password=person.password, Permanent=True
        )
        parameters = {"USERNAME": person.username, "PASSWORD": person.password}
        answer = cloud.ask_cognito(
            "InitiateAuth", client_id=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )
        return str(answer["AuthenticationResult"]["IdToken"])
    finally:
        cognito.delete_user_pool(UserPoolId=pool_id)
