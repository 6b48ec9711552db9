"""What each function imports: what its layers hold, and nothing it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pydantic", "boto3", "aws_lambda_powertools", "pandas", "mlflow", "tensorflow"}
INFERENCE = {"numpy", "PIL", "onnxruntime"}


def imported_by(*modules: str) -> set[str]:
    code = (
        f"import sys; sys.path[:0] = ['.', 'layers/core/python']; import {', '.join(modules)}; "
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize("verb", ["upload", "get_prediction", "species", "status", "stats", "pre_token"])
def test_a_function_without_photos_needs_no_inference_layer(verb):
    assert not imported_by(f"functions.{verb}.handler") & (HEAVY | INFERENCE)


@pytest.mark.parametrize("verb", ["openapi", "pre_sign_up"])
def test_a_function_that_asks_nobody_needs_the_core_layer_alone(verb):
    assert not imported_by(f"functions.{verb}.handler") & (HEAVY | INFERENCE | {"botocore"})


@pytest.mark.parametrize("verb", ["feedback", "settle"])
def test_moving_a_photo_needs_no_model(verb):
    imported = imported_by(f"functions.{verb}.handler")
    assert "PIL" in imported
    assert not imported & (HEAVY | {"onnxruntime"})


def test_naming_a_bird_starts_with_what_it_needs_alone():
    imported = imported_by("functions.predict.handler", "avocet.adapters.onnx")
    assert imported >= INFERENCE | {"botocore"}
    assert not imported & HEAVY
