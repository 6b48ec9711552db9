"""What each function imports: what its layers hold, and nothing it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pydantic", "boto3", "aws_lambda_powertools", "pandas", "mlflow", "tensorflow"}
INFERENCE = {"numpy", "PIL", "onnxruntime"}
# Every module of ours that a first prediction waits for. What is added here is paid for at every cold start, some half a
# millisecond for each dataclass: can it be imported where it is used, or lie in a module of its own?
TO_NAME_A_BIRD = {
    "avocet": "observability settings",
    "avocet.adapters": "added_taxa aws champion dynamodb memory onnx s3 sightings system world_list_sqlite",
    "avocet.domain": "added_taxa contribution errors name_kinds names prediction scoring sightings sketching taxonomy terms",
    "avocet.domain.imaging": "decoding errors formats headers limits opening resizing",
    "avocet.http": "edge events grown_list identity photo_body problem views wiring",
    "avocet.http.schema": "formats names predictions",
    "avocet.usecases": "ports predict request_upload",
}


def modules_after(*modules: str) -> set[str]:
    code = f"import sys; sys.path[:0] = ['.', 'layers/core/python']; import {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    return set(done.stdout.split())


def imported_by(*modules: str) -> set[str]:
    return {name.split(".")[0] for name in modules_after(*modules)}


@pytest.mark.parametrize(
    "verb", ["upload", "get_prediction", "species", "status", "stats", "pre_token", "me", "fulfil", "users"]
)
def test_a_function_without_photos_needs_no_inference_layer(verb):
    assert not imported_by(f"functions.{verb}.handler") & (HEAVY | INFERENCE)


@pytest.mark.parametrize("verb", ["openapi", "pre_sign_up"])
def test_a_function_that_asks_nobody_needs_the_core_layer_alone(verb):
    assert not imported_by(f"functions.{verb}.handler") & (HEAVY | INFERENCE | {"botocore"})


@pytest.mark.parametrize("verb", ["feedback", "settle", "shadow"])
def test_moving_a_photo_needs_no_model(verb):
    imported = imported_by(f"functions.{verb}.handler")
    assert "PIL" in imported
    assert not imported & (HEAVY | {"onnxruntime"})


def test_naming_a_bird_starts_with_what_it_needs_alone():
    imported = imported_by("functions.predict.handler", "avocet.adapters.onnx")
    assert imported >= INFERENCE | {"botocore"}
    assert not imported & HEAVY


def test_naming_a_bird_waits_for_no_module_of_ours_that_it_does_not_use():
    modules = modules_after("functions.predict.handler", "avocet.adapters.onnx")
    assert {name for name in modules if name.split(".")[0] == "avocet"} == TO_NAME_A_BIRD.keys() | {
        f"{package}.{name}" for package, names in TO_NAME_A_BIRD.items() for name in names.split()
    }


def test_shapes_of_one_area_bring_no_others_along():
    assert not {name for name in modules_after("avocet.http.schema") if name.startswith("avocet.http.schema.")}
