"""API Gateway REST proxy events as the Cognito authorizer and the binary media types make them."""

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

PAGE_ORIGIN = "https://page.example.org"
ALICE, BOB = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222"
TERMS = "2026-11"


def claims_of(owner_id: str, *, terms_version: str | None = TERMS, groups: str = "user") -> dict[str, str]:
    claims = {"sub": owner_id, "cognito:groups": groups, "token_use": "id", "email": "someone@example.org"}
    return claims | ({"custom:terms_version": terms_version} if terms_version else {})


def event(
    method: str,
    resource: str,
    *,
    path_parameters: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    body: bytes | Mapping[str, Any] | None = None,
    content_type: str | None = None,
    claims: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """One event; a mapping as body is sent as JSON, bytes as they are, both base64 as ``*/*`` makes them."""
    if body is not None and not isinstance(body, bytes):
        body, content_type = json.dumps(body).encode(), content_type or "application/json"
    path = resource
    for name, value in (path_parameters or {}).items():
        path = path.replace(f"{{{name}}}", value)
    sent = {"Host": "api.example.org", "Authorization": "Bearer x", "origin": PAGE_ORIGIN, **(headers or {})}
    if content_type:
        sent["Content-Type"] = content_type
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/v1{path}",
            "stage": "v1",
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "test"},
            "apiId": "abcdef1234",
            "accountId": "123456789012",
            **({"authorizer": {"claims": dict(claims)}} if claims else {}),
        },
        "body": base64.b64encode(body).decode() if body is not None else None,
        "isBase64Encoded": body is not None,
    }
