"""GET /species and GET /species/{id} through their handler, with the table that ships."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from avocet.adapters.dataset_records import DynamoHeads
from avocet.adapters.objects import S3Objects
from avocet.adapters.picture_book import DynamoPictureBook
from avocet.domain.reference_pictures import ReferencePicture
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.reference_pictures import picture_key
from tests.functions.conftest import Handler
from tests.made.aws import Deployment
from tests.made.events import BOB, claims_of, event


@pytest.fixture
def ask(cloud: Deployment, function: Callable[[str], Handler]) -> Callable[..., tuple[int, dict[str, Any]]]:
    handler = function("species")

    def asked(species_id: str | None = None, **query: str) -> tuple[int, dict[str, Any]]:
        sent = (
            event("GET", "/species/{id}", path_parameters={"id": species_id})
            if species_id is not None
            else event("GET", "/species", query=query)
        )
        answer = handler(sent, None)
        return answer["statusCode"], json.loads(answer["body"])

    return asked


Ask = Callable[..., tuple[int, dict[str, Any]]]


def test_a_bird_is_found_in_three_languages(ask: Ask) -> None:
    for query in ("pied avocet", "recurvirostra avosetta", "AVOCETTE-D\u2019AMERIQUE"):
        status, body = ask(query=query)
        assert status == 200
        assert body["species"][0]["family"]["scientific"] == "Recurvirostridae"


def test_the_names_of_the_language_asked_for_go_first(ask: Ask) -> None:
    assert ask(query="martin", lang="fr")[1]["species"][0]["matched"] == "Martin triste"
    assert ask(query="martin", lang="en")[1]["species"][0]["matched"] == "Martinique Oriole"


def test_what_the_champion_knows_goes_first_among_equals(served: Deployment, ask: Ask) -> None:
    assert ask(query="coot")[1]["species"][0]["species_id"] == "eurasian-coot"


def test_a_search_returns_no_more_than_asked_for(ask: Ask) -> None:
    assert len(ask(query="red", limit="3")[1]["species"]) == 3


def test_nothing_found_is_an_answer(ask: Ask) -> None:
    assert ask(query="qqqqqqqqqq") == (200, {"species": []})


SENSELESS: tuple[dict[str, str], ...] = (
    {},
    {"query": ""},
    {"query": "   "},
    {"query": "x" * 101},
    {"query": "owl", "limit": "0"},
    {"query": "owl", "limit": "51"},
    {"query": "owl", "limit": "²"},
    {"query": "owl", "limit": "ten"},
    {"query": "owl", "lang": "de"},
)


def test_a_senseless_search_is_told_what_to_send(ask: Ask) -> None:
    for query in SENSELESS:
        status, problem = ask(**query)
        assert (status, problem["type"]) == (422, "/problems/invalid-request"), query
        assert problem["detail"]


def test_a_species_comes_with_its_lineage(ask: Ask) -> None:
    status, body = ask("mallard")
    assert status == 200
    assert body["names"] == {"scientific": "Anas platyrhynchos", "en": "Mallard", "fr": "Canard colvert"}
    assert body["lineage"]["order"]["scientific"] == "Anseriformes"
    assert body["lineage"]["family"] == {
        "scientific": "Anatidae",
        "en": "Ducks, Geese and Swans",
        "fr": "Canards, oies et cygnes",
    }
    assert body["lineage"]["genus"]["scientific"] == "Anas"
    assert body["rank"] == "species"
    assert body["placeholder"] == {"family": "Anatidae", "silhouette": "duck"}
    assert body["reference_photo"] is None
    assert body["lookup"]["Wikipedia"] == "https://en.wikipedia.org/wiki/Anas_platyrhynchos"


def test_a_species_is_shown_with_its_picture_until_the_photo_is_erased(cloud: Deployment, ask: Ask) -> None:
    photo_id, clean = "0" * 32, S3Objects(cloud.s3, "clean")
    DynamoHeads(cloud.dynamodb, "dataset").claim(1)
    book = DynamoPictureBook(cloud.dynamodb, "dataset")
    book.save([ReferencePicture("mallard", photo_id, "contribution", "CC-BY-4.0", ("1" * 32,))], 1)
    clean.put(picture_key("mallard"), b"a mallard")
    photo = ask("mallard")[1]["reference_photo"]
    link = urlsplit(photo["url"])
    assert (photo["source"], photo["licence"]) == ("contribution", "CC-BY-4.0")
    assert link.path.endswith("/references/mallard.jpg")
    assert int(parse_qs(link.query)["X-Amz-Expires"][0]) > 60, "the answer may be kept for a minute"
    assert ask("american-avocet")[1]["reference_photo"] is None
    ErasePhotos(clean_objects=clean)([photo_id])
    assert ask("mallard")[1]["reference_photo"] is None


def test_what_the_list_does_not_say_is_null(ask: Ask) -> None:
    assert ask("somali-ostrich")[1]["names"]["fr"] is None
    breed, family = ask("jacobin-pigeon")[1], ask("toucans")[1]
    assert (breed["rank"], breed["parent_id"], breed["avibase_id"]) == ("breed", "rock-dove", None)
    assert (family["rank"], family["parent_id"], family["lineage"]["genus"]) == ("family", None, None)


def test_learning_follows_the_champion(served: Deployment, ask: Ask) -> None:
    assert ask("pied-avocet")[1]["learning"] == "trainable"
    assert ask("mallard")[1]["learning"] == "unseen"


def test_without_a_model_nothing_is_learned_yet(ask: Ask) -> None:
    assert ask("pied-avocet")[1]["learning"] == "unseen"


def test_an_unknown_id_is_not_found(ask: Ask) -> None:
    for species_id in ("dodo-of-nowhere", "", "..", "' OR 1=1 --", "Mallard", "é" * 300):
        status, problem = ask(species_id)
        assert (status, problem["type"]) == (404, "/problems/species-not-found"), species_id


def test_an_admin_gets_the_names_of_many_species_and_of_those_alone_that_there_are(
    cloud: Deployment, function: Callable[[str], Handler]
) -> None:
    def asked(body: dict[str, Any], group: str = "admin") -> tuple[int, dict[str, Any]]:
        sent = event("POST", "/admin/species/names", body=body, claims=claims_of(BOB, groups=group))
        answer = function("species")(sent, None)
        return answer["statusCode"], json.loads(answer["body"])

    status, body = asked({"species_ids": ["mallard", "dodo-of-nowhere", "somali-ostrich"]})
    assert (status, sorted(body["names"])) == (200, ["mallard", "somali-ostrich"])
    assert body["names"]["mallard"] == {"scientific": "Anas platyrhynchos", "en": "Mallard", "fr": "Canard colvert"}
    assert asked({"species_ids": []}) == (200, {"names": {}})
    for senseless in ({}, {"species_ids": "mallard"}, {"species_ids": [1]}, {"species_ids": ["mallard"] * 2001}):
        assert asked(senseless)[0] == 422, senseless
    assert asked({"species_ids": ["mallard"]}, group="user")[0] == 403
