"""Out of the photos table's stream: the challenger answers a sample of live photos too, and nobody is shown what it said.

An event that fails comes back; what it asks for can be done twice. One that was given up on is read from the stream again.
"""

import time
from collections import Counter
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client, streams_client
from avocet.adapters.champion import CachedChallenger
from avocet.adapters.photo_stream import photos_given_up, photos_of
from avocet.adapters.shadow_book import DynamoShadowBook
from avocet.domain.shadow import Sample
from avocet.http import wiring
from avocet.http.grown_list import grown_world_list
from avocet.http.model_wiring import aliases, bundles, registry
from avocet.observability import log
from avocet.usecases.ports import Classifier
from avocet.usecases.shadow import ShadowPhotos

_GIVEN_UP = "DDBStreamBatchInfo"


def _load(folder: Path) -> Classifier:
    # Not at the top: without a challenger no model is opened. Its whole self-test, since no promotion has seen it pass.
    from avocet.adapters.onnx import load_bundle

    return load_bundle(folder, grown_world_list())


@lru_cache(maxsize=8)
def _registered_at(version: str) -> datetime | None:
    model = registry().find(version)
    return model.registered_at if model else None


@cache
def _shadow() -> ShadowPhotos:
    settings = wiring.settings()
    settings.require("photos_table", "shadow_sample")
    return ShadowPhotos(
        records=wiring.records(),
        originals=wiring.originals(),
        aliases=aliases().read,
        registered_at=_registered_at,
        challenger=CachedChallenger(bundles(), _load, time.time),
        book=DynamoShadowBook(dynamodb_client(), settings.photos_table),
        sample=Sample.of(settings.shadow_sample),
        clock=system.now,
        stopwatch_s=time.perf_counter,
        pause=time.sleep,
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Look at the photos of one batch; return how many came to what."""
    photo_ids = photos_given_up(streams_client(), event[_GIVEN_UP]) if _GIVEN_UP in event else photos_of(event)
    outcomes = Counter(outcome.value for outcome in _shadow()(photo_ids).values())
    if outcomes:
        log("shadowed", photos=dict(outcomes))
    return dict(outcomes)
