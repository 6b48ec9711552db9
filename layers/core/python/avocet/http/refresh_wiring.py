"""The refresh as its functions run it: real buckets and tables, the champion beside them, threads for what waits."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.champion import CachedChampion
from avocet.adapters.contribution_feed import ContributionFeed
from avocet.adapters.duplicate_index import DynamoDuplicateIndex
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.objects import S3Objects
from avocet.adapters.onnx import load_bundle
from avocet.adapters.s3 import S3Bundles
from avocet.adapters.second_opinion import ChampionOpinion
from avocet.http import learning_wiring
from avocet.http.grown_list import grown_world_list
from avocet.http.wiring import records, settings, trust_book
from avocet.usecases.keep_numbers import KeepNumbers
from avocet.usecases.refresh import Refresh
from avocet.usecases.refresh_work import Beat, Run

# Enough to hide the network's latency; the clients keep ten connections each.
_THREADS = 8


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_THREADS)


@cache
def index() -> DynamoDuplicateIndex:
    """Return the duplicate index."""
    settings().require("dataset_table")
    return DynamoDuplicateIndex(dynamodb_client(), settings().dataset_table)


@cache
def refresh() -> Refresh:
    """Return the refresh."""
    settings().require("uploads_bucket", "models_bucket", "models_table", "gate_floor_photos")
    champion = CachedChampion(
        pointer=DynamoChampionPointer(dynamodb_client(), settings().models_table),
        bundles=S3Bundles(s3_client(), settings().models_bucket),
        load=lambda folder: load_bundle(folder, grown_world_list()),
        wall_clock_s=time.time,
        outages=(ClientError, BotoCoreError),
    )
    return Refresh(
        clean_objects=learning_wiring.clean_objects(),
        raw_objects=learning_wiring.raw_objects(),
        models_objects=S3Objects(s3_client(), settings().models_bucket),
        photos=learning_wiring.dataset_photos(),
        contributions=ContributionFeed(
            records(), S3Objects(s3_client(), settings().uploads_bucket), learning_wiring.raw_objects()
        ),
        heads=learning_wiring.heads(),
        index=index(),
        standings=learning_wiring.standings(),
        picture_book=learning_wiring.picture_book(),
        labels=learning_wiring.label_cases(),
        numbers=KeepNumbers(learning_wiring.clean_objects(), system.now),
        opinion=ChampionOpinion(champion),
        trust=trust_book(),
        floor_photos=int(settings().gate_floor_photos),
        spread=_threads().map,
    )


def run_of(event: Mapping[str, Any]) -> Run:
    """Read the attempt out of a state machine's input; what is logged from here on carries its correlation id."""
    return Run(*learning_wiring.begin_step(event))


def beat_of(run: Run) -> Beat:
    """Return the attempt's signs of life."""

    def beat(advance: int, total: int | None, note: str) -> None:
        learning_wiring.jobs().beat(run.job_id, run.fence, advance=advance, total=total, note=note)

    return beat
