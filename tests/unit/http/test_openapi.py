"""The description is the one that the code makes, and says everything that can happen."""

import json
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from avocet.http.openapi import document, document_text
from avocet.http.operations import OPERATIONS
from avocet.http.problem import _STATUS_BY_CODE

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", ["docs/openapi.json", "layers/core/python/avocet/http/openapi.json"])
def test_the_kept_description_is_the_one_the_code_makes(path):
    kept = (ROOT / path).read_text(encoding="utf-8")
    assert kept == document_text(), "run python -m avocet.http.openapi"


def test_every_problem_the_code_knows_is_described():
    described = set(re.findall(r"`([a-z-]+)`", json.dumps(document())))
    # A base class's code is never answered itself.
    assert set(_STATUS_BY_CODE) - {"photo-refused"} <= described


def test_a_problem_is_described_under_the_status_it_comes_with():
    for operation in OPERATIONS:
        for status, meaning in operation.problems.items():
            for code in re.findall(r"`([a-z-]+)`", meaning):
                assert _STATUS_BY_CODE[code] == status, f"{operation.verb}: {code}"


def test_every_example_has_the_shape_it_is_an_example_of():
    for operation in OPERATIONS:
        for success in operation.successes.values():
            if success.shape:
                adapter = TypeAdapter(success.shape)
                assert adapter.validate_json(adapter.dump_json(success.example)) == success.example


def test_every_reference_leads_somewhere():
    made = document()
    for reference in re.findall(r'"#/components/([a-z]+)/([A-Za-z]+)"', json.dumps(made), re.IGNORECASE):
        kind, name = reference
        assert name in made["components"][kind]


def test_only_public_operations_answer_without_a_token():
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            public = described.get("security") == []
            assert public == any(path.startswith(p) for p in ("/species", "/status", "/stats", "/openapi.json")), method
            assert ("401" in described["responses"]) is not public
