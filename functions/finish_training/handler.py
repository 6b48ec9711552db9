"""Acts on the event that a training came to its end: takes in the model, or says why there is none."""

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client
from avocet.adapters.onnx import load_bundle
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.domain.training import ForeignTrainingError, TrainingEvent
from avocet.http import wiring
from avocet.http.grown_list import grown_world_list
from avocet.http.learning_wiring import clean_objects, jobs
from avocet.http.training_wiring import launcher, models_objects
from avocet.observability import log
from avocet.usecases.finish_training import FinishTraining
from avocet.usecases.ports import Classifier
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.register_model import RegisterModel


def _check(files: Mapping[str, bytes]) -> Classifier:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in files.items():
            (folder / file).write_bytes(data)
        return load_bundle(folder, grown_world_list())


@cache
def _finish() -> FinishTraining:
    settings = wiring.settings()
    settings.require("models_table")
    table = settings.models_table
    return FinishTraining(
        jobs=jobs(),
        launcher=launcher(),
        models=models_objects(),
        open_snapshot=lambda snapshot_id: open_snapshot(clean_objects(), snapshot_id),
        check=_check,
        outputs_of=lambda files: frozenset(json.loads(files["bundle.json"])["species"]),
        register=RegisterModel(
            registry=DynamoModelRegistry(dynamodb_client(), table), aliases=DynamoModelAliases(dynamodb_client(), table)
        ),
        clock=system.now,
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Answer EventBridge; somebody else's training is none of our business."""
    try:
        told = TrainingEvent.from_detail(event.get("detail") or {})
    except ForeignTrainingError as error:
        log("foreign_training", reason=str(error))
        return {"state": "foreign"}
    job = _finish()(told)
    return {"state": job.state if job else "superseded"}
