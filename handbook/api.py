"""Writes the API's reference from its OpenAPI description; knows nothing that the description does not say."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from handbook.markdown import table
from handbook.templates import ROOT, Templates

Document = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
# In the order in which somebody meets them; what fits none comes under the last.
_AREAS = (
    ("Naming birds", ("/uploads", "/predictions")),
    ("Species, numbers and state", ("/species", "/stats", "/status", "/openapi.json")),
    ("What is mine", ("/me", "/contributions")),
    ("For admins and reviewers", ("/admin",)),
)


def reference(_templates: Templates) -> str:
    """Return every operation: who may call it, what it takes and answers, and what can go wrong."""
    document = json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))
    parts = []
    for title, prefixes in _AREAS:
        parts.append(f"## {title}\n\n")
        for method, path, operation in _operations(document):
            if path.startswith(prefixes):
                parts.append(_operation(method, path, operation))
    return "".join(parts)


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                yield method.upper(), path, operations[method]


def _operation(method: str, path: str, operation: Document) -> str:
    parts = [f"### {method} {path}\n\n{operation['summary']}. "]
    parts.append("Needs no token.\n\n" if operation.get("security") == [] else "Needs an ID token.\n\n")
    if operation.get("description"):
        parts.append(f"{operation['description']}\n\n")
    if operation.get("parameters"):
        rows = [
            (
                f"`{each['name']}`",
                each["in"] + (", required" if each.get("required") else ""),
                each.get("description", ""),
                f"`{each['example']}`" if each.get("example") not in (None, "") else "",
            )
            for each in operation["parameters"]
        ]
        parts.append(table(("parameter", "where", "what", "for example"), rows) + "\n")
    if body := operation.get("requestBody"):
        parts.append(f"Takes {', '.join(f'`{kind}`' for kind in body['content'])}.\n\n")
        parts.append(_example(body["content"]))
    parts += _answers(operation["responses"])
    return "".join(parts)


def _answers(responses: Document) -> Iterator[str]:
    refusals = []
    for status, response in responses.items():
        if status < "400":
            yield f"**{status}**: {response['description']}\n\n"
        else:
            refusals.append((status, response["description"]))
    # The last success says the most: what is new rather than what was there before.
    successes = [response for status, response in responses.items() if status < "400"]
    if successes:
        yield _example(successes[-1].get("content", {}))
    yield table(("refused with", "problem"), refusals) + "\n"


def _example(content: Document) -> str:
    for kind, described in content.items():
        if "example" in described:
            example = described["example"]
            text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
            return f"```{'json' if kind.endswith('json') else 'text'}\n{text.rstrip()}\n```\n\n"
    return ""
