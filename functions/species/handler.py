"""GET /species, GET /species/{id}, POST /admin/species/names: find a bird by name, tell what is known of one, name many."""

import time
from functools import cache
from typing import Any

from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.learned_species import CachedLearnedSpecies
from avocet.adapters.links import S3Links
from avocet.http import learning_wiring, wiring
from avocet.http.catalogue import world_list_in_french
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import admin_of
from avocet.http.species_query import names_request, species_query
from avocet.http.species_views import species_detail, species_list, species_names
from avocet.usecases.get_species import GetSpecies
from avocet.usecases.search_species import SearchSpecies

# Names change with a deployment or an import; what the model knows, with a promotion. Links to photos live far longer.
_CACHING = {"Cache-Control": "public, max-age=60"}


@cache
def _learned() -> CachedLearnedSpecies:
    settings = wiring.settings()
    settings.require("models_table", "models_bucket")
    pointer = DynamoChampionPointer(dynamodb_client(), settings.models_table)
    return CachedLearnedSpecies(s3_client(), settings.models_bucket, pointer, time.time)


def _answer(request: Request) -> Response:
    listed = world_list_in_french()
    if request.resource == "/admin/species/names":
        admin_of(request.claims)
        return json_response(200, species_names(names_request(request), listed))
    species_id = request.path_parameters.get("id")
    if species_id is not None:
        known = GetSpecies(
            world_list=listed,
            learned=_learned(),
            standings=learning_wiring.standings(),
            heads=learning_wiring.heads(),
            pictures=learning_wiring.picture_book(),
            clean_objects=learning_wiring.clean_objects(),
            links=S3Links(s3_client(), wiring.settings().clean_bucket),
        )(species_id)
        return json_response(200, species_detail(known), headers=_CACHING)
    asked = species_query(request)
    find = SearchSpecies(world_list=listed, indexes=listed.indexes(grown_world_list().indexes()), learned=_learned())
    found = find(asked.query, limit=asked.limit, language=asked.language)
    return json_response(200, species_list(found, listed), headers=_CACHING)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
