"""Our predict function as Lambda calls it, event in and response out; only storage is replaced, by dictionaries."""

import base64
import json
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1]),
    str(Path(__file__).resolve().parents[1] / "layers/core/python"),
]

from benchmarks.measured_worker import one_core_only, serve

one_core_only()
os.environ |= {
    "AVOCET_STAGE": "bench",
    "AVOCET_MODELS_TABLE": "models",
    "AVOCET_MODELS_BUCKET": "models",
    "AVOCET_PAGE_ORIGIN": "https://page.example",
}

from avocet.adapters import system
from avocet.adapters.champion import CachedChampion
from avocet.usecases.predict import Predict
from functions.predict import handler as function

_BUNDLE = Path(__file__).resolve().parents[1] / "models" / "starter"


class _Records:
    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def add(self, record: Any) -> Any:
        self.kept[record.photo_id] = record
        return replace(record)


class _Originals:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, photo_id: str, data: bytes) -> None:
        self.kept = {photo_id: data}


class _Pointer:
    def read(self) -> str:
        return str(json.loads((_BUNDLE / "bundle.json").read_bytes())["model_version"])


class _Bundles:
    def fetch(self, _version: str, folder: Path) -> None:
        for name in ("bundle.json", "model.onnx", "self_test.npz"):
            shutil.copyfile(_BUNDLE / name, folder / name)


class _Sightings:
    def note(self, version: str, moment: object, places: object) -> None:
        pass


def _wire() -> None:
    predict = Predict(
        records=_Records(),
        originals=_Originals(),
        champion=CachedChampion(pointer=_Pointer(), bundles=_Bundles(), load=function._load, wall_clock_s=time.time),
        clock=system.now,
        new_id=system.new_id,
        stopwatch_s=time.perf_counter,
        sightings=_Sightings(),
    )
    function._predict = lambda: predict


def _event(data: bytes) -> dict[str, Any]:
    claims = {"sub": "00000000-0000-4000-8000-000000000000", "cognito:groups": "[user]", "token_use": "id"}
    return {
        "resource": "/predictions",
        "path": "/predictions",
        "httpMethod": "POST",
        "headers": {"Content-Type": "image/jpeg"},
        "requestContext": {"requestId": "bench-request", "authorizer": {"claims": claims}},
        "body": base64.b64encode(data).decode(),
        "isBase64Encoded": True,
    }


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    response = function.handler(event, None)
    body = json.loads(response["body"])
    if response["statusCode"] != 201:
        raise SystemExit(f"the handler answered {response['statusCode']}: {body}")
    return {"species": body["predictions"][0]["species_id"], "timings_ms": body["timings_ms"]}


if __name__ == "__main__":
    _wire()
    serve(_event, _answer)
