"""The world list with what admins added to it, made once per process on first use; nothing here needs numpy or S3."""

import time
from functools import cache

from avocet.adapters.added_taxa import DynamoAddedTaxa, GrownWorldList
from avocet.adapters.aws import dynamodb_client
from avocet.adapters.world_list_sqlite import world_list
from avocet.http.wiring import settings


@cache
def added_taxa() -> DynamoAddedTaxa:
    """Return the taxa that were added."""
    settings().require("dataset_table")
    return DynamoAddedTaxa(dynamodb_client(), settings().dataset_table)


@cache
def grown_world_list() -> GrownWorldList:
    """Return the world list of this process."""
    return GrownWorldList(world_list(), lambda: added_taxa().load(), time.time)
