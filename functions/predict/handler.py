"""POST /predictions: name the bird on a photo."""

import time
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.champion import CachedChampion
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.s3 import S3Bundles
from avocet.adapters.sightings import DynamoSightings
from avocet.http import wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import caller_of
from avocet.http.photo_body import prediction_request
from avocet.http.views import prediction_answer, timings_shown
from avocet.usecases.ports import Classifier
from avocet.usecases.predict import Predict

# The hash says that these are the files whose whole self-test passed before the promotion; what is left to find out is
# whether this machine computes as that one did, and one image tells. Each costs as much as a prediction.
_SELF_TEST_IMAGES = 1


def _load(folder: Path) -> Classifier:
    # Not at the top: see _predict.
    from avocet.adapters.onnx import load_bundle

    return load_bundle(folder, grown_world_list(), self_test_images=_SELF_TEST_IMAGES)


@cache
def _champion() -> CachedChampion:
    settings = wiring.settings()
    settings.require("models_table", "models_bucket")
    return CachedChampion(
        pointer=DynamoChampionPointer(dynamodb_client(), settings.models_table),
        bundles=S3Bundles(s3_client(), settings.models_bucket),
        load=_load,
        wall_clock_s=time.time,
        outages=(ClientError, BotoCoreError),
    )


@cache
def _predict() -> Predict:
    # ONNX Runtime is imported while the clients are made and the bundle is on its way; _load waits for it.
    Thread(target=import_module, args=("avocet.adapters.onnx",), daemon=True).start()
    return Predict(
        records=wiring.records(),
        originals=wiring.originals(),
        champion=_champion(),
        clock=system.now,
        new_id=system.new_id,
        stopwatch_s=time.perf_counter,
        sightings=DynamoSightings(dynamodb_client(), wiring.settings().photos_table),
    )


def _answer(request: Request, began_s: float) -> Response:
    caller = caller_of(request.claims)
    asked = prediction_request(request)
    predict = _predict()
    identified = (
        predict.inline(caller.owner_id, asked)
        if isinstance(asked, bytes)
        else predict.uploaded(caller.owner_id, asked.upload_id)
    )
    if identified.timings is None:
        return json_response(200, prediction_answer(identified.record, grown_world_list(), None))
    total_ms = 1e3 * (time.perf_counter() - began_s)
    timings_ms = timings_shown(identified.timings, total_ms=total_ms)
    return json_response(201, prediction_answer(identified.record, grown_world_list(), timings_ms))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    began_s = time.perf_counter()
    return serve(event, lambda request: _answer(request, began_s), page_origin=wiring.settings().page_origin)
