"""Writes the API's OpenAPI description from its operations and shapes; a build step, so pydantic stays out of functions.

Run ``python -m avocet.http.openapi`` after changing either; the gate compares.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from avocet.http.operations import OPERATIONS, PHOTO_MEDIA_TYPES, Operation, Parameter, Success
from avocet.http.schema.problems import ProblemDetails

VERSION = "1.0.0"

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_SHIPPED = Path(__file__).with_name("openapi.json")
_IN_DOCS = Path(__file__).parents[5] / "docs" / "openapi.json"

# What the gateway itself may answer, on any route.
_GATEWAY_PROBLEMS = {
    413: "`body-too-large`: over what the gateway takes, 10 MB.",
    429: "`too-many-requests`: wait as long as Retry-After says.",
    500: "`internal`: something broke on our side.",
    502: "`unavailable`: try again in a moment.",
    503: "`unavailable`: try again in a moment.",
    504: "`unavailable`: the answer took too long.",
}
_TOKEN_PROBLEMS = {
    401: "`not-signed-in`, `unauthenticated`: a valid ID token is needed.",
    403: "`not-allowed`: this person may not do that.",
}
_WAITABLE = (409, 429, 503)


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Avocet",
            "version": VERSION,
            "summary": "Names birds from photos, and grows with what people tell it.",
            "description": (
                "Errors are RFC 9457 problems; `type` is stable, `instance` is the request's correlation id. "
                "Whoever got no answer asks again under the same X-Correlation-Id: a job, a promotion or a rollback "
                "asked for again under its id is the same one."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "./", "description": "Beside this document."}],
        "security": [{"idToken": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "headers": {
                "CorrelationId": {
                    "description": "Names this request in the logs; the client's own X-Correlation-Id where it sent one.",
                    "schema": {"type": "string"},
                },
                "RetryAfter": {
                    "description": "Seconds after which trying again makes sense.",
                    "schema": {"type": "integer", "minimum": 0},
                },
            },
            "securitySchemes": {
                "idToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The ID token of the user pool.",
                }
            },
        },
    }


def document_text() -> str:
    """Return the document as it is kept in the repository."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


_CSV = "scientific,english,french\nRecurvirostra avosetta,Pied Avocet,Avocette \u00e9l\u00e9gante\n"


def _schemas() -> dict[str, Any]:
    modes: dict[type, str] = {ProblemDetails: "serialization"}
    for operation in OPERATIONS:
        modes |= {success.shape: "serialization" for success in operation.successes.values() if success.shape}
        if operation.body:
            modes[operation.body[0]] = "validation"
    adapters: list[Any] = [(shape.__name__, mode, TypeAdapter(shape)) for shape, mode in modes.items()]
    _, definitions = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    return dict(sorted(definitions["$defs"].items()))


def _operation(operation: Operation) -> dict[str, Any]:
    problems = dict(_GATEWAY_PROBLEMS if operation.is_public else {**_GATEWAY_PROBLEMS, **_TOKEN_PROBLEMS})
    for status, meaning in operation.problems.items():
        problems[status] = f"{meaning} {problems[status]}" if status in problems else meaning
    described: dict[str, Any] = {
        "operationId": operation.name or operation.verb,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            **{str(status): _success(success) for status, success in sorted(operation.successes.items())},
            **{str(status): _problem(status, problems[status]) for status in sorted(problems)},
        },
    }
    if operation.is_public:
        described["security"] = []
    if operation.body:
        described["requestBody"] = _body(operation)
    if operation.takes_csv:
        described["requestBody"] = {
            "required": True,
            "content": {"text/csv": {"schema": {"type": "string"}, "example": _CSV}},
        }
    if operation.takes_zip:
        described["requestBody"] = {
            "required": True,
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        }
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.is_required or parameter.where == "path",
        "description": parameter.description,
        "schema": dict(parameter.schema),
        "example": parameter.example,
    }


def _body(operation: Operation) -> dict[str, Any]:
    if operation.body is None:
        raise ValueError("no body to describe")
    shape, example = operation.body
    content: dict[str, Any] = {_JSON: {"schema": _reference(shape), "example": asdict(example)}}
    if operation.takes_photo:
        photo = {"schema": {"type": "string", "format": "binary"}}
        content = {**dict.fromkeys(PHOTO_MEDIA_TYPES, photo), **content}
    return {"required": True, "content": content}


def _success(success: Success) -> dict[str, Any]:
    if success.shape is None:
        content: dict[str, Any] = {"schema": {"type": "object"}}
    else:
        content = {"schema": _reference(success.shape), "example": asdict(success.example)}
    response: dict[str, Any] = {
        "description": success.description,
        "headers": {"X-Correlation-Id": {"$ref": "#/components/headers/CorrelationId"}},
        "content": {_JSON: content},
    }
    links = _links(success)
    return response | ({"links": links} if links else {})


def _links(success: Success) -> dict[str, Any]:
    """Say where a prediction or an upload leads, so that tools can follow."""
    fields = success.shape.__dataclass_fields__ if success.shape else {}  # type: ignore[attr-defined]
    if "predictions" in fields:
        prediction_id = {"parameters": {"id": "$response.body#/prediction_id"}}
        return {
            "readIt": {"operationId": "get_prediction", **prediction_id},
            "answerIt": {"operationId": "feedback", **prediction_id},
        }
    if "upload_id" in fields:
        return {"nameIt": {"operationId": "predict", "requestBody": {"upload_id": "$response.body#/upload_id"}}}
    return {}


def _problem(status: int, meaning: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": meaning,
        "content": {_PROBLEM: {"schema": _reference(ProblemDetails)}},
    }
    if status in _WAITABLE:
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return response


def _reference(shape: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def main() -> None:
    """Write the document where the layer ships it and where people read it."""
    text = document_text()
    _SHIPPED.write_text(text, encoding="utf-8")
    _IN_DOCS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
