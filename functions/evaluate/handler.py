"""The steps of an evaluation: say which shards are due, score one of them, put them together."""

import tempfile
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.onnx import load_bundle
from avocet.adapters.s3 import S3Bundles
from avocet.adapters.world_list_sqlite import world_list
from avocet.http import wiring
from avocet.http.learning_wiring import clean_objects
from avocet.http.refresh_wiring import beat_of, run_of
from avocet.http.training_wiring import models_objects
from avocet.usecases.evaluate import Evaluate, Examination
from avocet.usecases.ports import Classifier
from avocet.usecases.read_snapshot import open_snapshot


@lru_cache(maxsize=1)
def _load(version: str) -> Classifier:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        S3Bundles(s3_client(), wiring.settings().models_bucket).fetch(version, folder)
        return load_bundle(folder, world_list())


@cache
def _evaluate() -> Evaluate:
    wiring.settings().require("models_table", "models_bucket")
    return Evaluate(
        models=models_objects(),
        open_snapshot=lambda snapshot_id: open_snapshot(clean_objects(), snapshot_id),
        champion=DynamoChampionPointer(dynamodb_client(), wiring.settings().models_table),
        load=_load,
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine."""
    beat = beat_of(run_of(event))
    if event["step"] == "plan":
        examination, shards = _evaluate().plan(event.get("parameters") or {}, beat)
        return {**examination.to_values(), "shards": list(shards)}
    examination = Examination.from_values(event)
    if event["step"] == "score":
        return {"photos": _evaluate().score(examination, str(event["shard"]), beat)}
    stored = _evaluate().merge(examination)
    figures = {name: f"{value:g}" for name, value in stored.summary().items()}
    return {"result": {**examination.to_values(), **figures}}
