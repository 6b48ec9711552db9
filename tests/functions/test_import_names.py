"""PUT /admin/species/names, and what GET /species says afterwards."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.conftest import Handler
from tests.made.aws import Deployment
from tests.made.events import ALICE, claims_of, event
from tests.unit.sample import FRENCH_CSV, needs_french_list

HEADING = "scientific,english,french\n"
OSTRICH = HEADING + "Struthio molybdophanes,Somali Ostrich,Autruche de Somalie\n"

Put = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def put(cloud: Deployment, function: Callable[[str], Handler]) -> Put:
    handler = function("import_names")

    def sent(body: str | bytes, *, groups: str = "[admin]", **query: str) -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else body.encode()
        answer = handler(
            event(
                "PUT",
                "/admin/species/names",
                query=query or {"lang": "fr"},
                body=data,
                content_type="text/csv",
                claims=claims_of(ALICE, groups=groups),
            ),
            None,
        )
        return answer["statusCode"], json.loads(answer["body"])

    return sent


@pytest.fixture
def species(cloud: Deployment, function: Callable[[str], Handler]) -> Callable[..., dict[str, Any]]:
    handler = function("species")

    def asked(species_id: str | None = None, **query: str) -> dict[str, Any]:
        path = "/species/{id}" if species_id else "/species"
        parameters = {"id": species_id} if species_id else None
        return json.loads(handler(event("GET", path, path_parameters=parameters, query=query), None)["body"])

    return asked


def test_imported_names_are_shown_and_found(put: Put, species: Callable[..., dict[str, Any]]) -> None:
    status, report = put(OSTRICH)
    assert (status, report["rows"], report["matched"], report["added"]) == (200, 1, 1, 1)
    assert species("somali-ostrich")["names"]["fr"] == "Autruche de Somalie"
    assert species(query="autruche somalie", lang="fr")["species"][0]["species_id"] == "somali-ostrich"
    assert species(query="AUTRUCHE DE SOMALI", lang="fr")["species"][0]["names"]["fr"] == "Autruche de Somalie"


def test_a_list_cannot_take_a_reviewed_name_away(put: Put, species: Callable[..., dict[str, Any]]) -> None:
    _, report = put(HEADING + "Anas platyrhynchos,Mallard,Malart\n")
    assert (report["matched"], report["added"]) == (1, 0)
    assert species("mallard")["names"]["fr"] == "Canard colvert"
    assert species(query="malart")["species"][0]["species_id"] == "mallard"


def test_a_new_list_takes_the_place_of_the_last(put: Put, species: Callable[..., dict[str, Any]]) -> None:
    put(OSTRICH)
    put(HEADING + "Rhea americana,Greater Rhea,Nandou d'Amérique\n")
    assert species("somali-ostrich")["names"]["fr"] is None
    assert species("greater-rhea")["names"]["fr"] == "Nandou d'Amérique"


def test_a_refused_list_leaves_the_last_one(put: Put, species: Callable[..., dict[str, Any]]) -> None:
    put(OSTRICH)
    for body in ("", HEADING, "a,b\n1,2\n", b"\xff\xfe\x00", HEADING + '"unclosed\n'):
        status, problem = put(body)
        assert (status, problem["type"]) == (422, "/problems/unreadable-list"), body
    assert put(b"x" * 4_000_001)[0] == 413
    assert species("somali-ostrich")["names"]["fr"] == "Autruche de Somalie"


def test_only_admins_import(put: Put, cloud: Deployment) -> None:
    status, problem = put(OSTRICH, groups="user")
    assert (status, problem["type"]) == (403, "/problems/admins-only")
    assert "Contents" not in cloud.s3.list_objects_v2(Bucket="models")


def test_another_language_is_refused(put: Put) -> None:
    assert put(OSTRICH, lang="de")[0] == 422


@needs_french_list
def test_a_whole_list_of_the_world_finds_its_birds(put: Put, species: Callable[..., dict[str, Any]]) -> None:
    status, report = put(FRENCH_CSV.read_bytes())
    assert status == 200
    assert report["rows"] > 9_500
    assert report["matched"] > 0.99 * report["rows"]
    assert report["unmatched_count"] == 0
    found = species(query="avocette elegante", lang="fr")["species"][0]
    assert found["species_id"] == "pied-avocet"
