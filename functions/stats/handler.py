"""GET /stats: what people have given so far, and what became of it."""

import time
from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client
from avocet.adapters.recent import Recent
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.models import ModelVersion
from avocet.domain.numbers import DatasetNumbers
from avocet.http import learning_wiring, wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.stats_views import public_stats
from avocet.usecases.keep_numbers import KeepNumbers

# What changes with a refresh or a training; counts of contributions are read each time.
_KEPT_S = 30.0


@cache
def _numbers() -> Recent[DatasetNumbers]:
    return Recent(KeepNumbers(learning_wiring.clean_objects(), system.now).read, _KEPT_S, time.time)


@cache
def _models() -> Recent[tuple[list[ModelVersion], str | None]]:
    wiring.settings().require("models_table")
    registry = DynamoModelRegistry(dynamodb_client(), wiring.settings().models_table)
    aliases = DynamoModelAliases(dynamodb_client(), wiring.settings().models_table)

    def read() -> tuple[list[ModelVersion], str | None]:
        return list(registry.list()), aliases.read().champion

    return Recent(read, _KEPT_S, time.time)


def _answer(_request: Request) -> Response:
    models, champion = _models().value()
    stats = public_stats(
        tallies=wiring.records().tallies(),
        head=learning_wiring.heads().read(),
        numbers=_numbers().value(),
        models=models,
        champion=champion,
        world_list=world_list(),
    )
    return json_response(200, stats)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
