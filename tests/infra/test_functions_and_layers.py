"""Each function starts with nothing but the layers its template gives it."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.stacks import identity, learning, serving

ROOT = Path(__file__).parents[2]
SPECS = {**serving.SPECS, **identity.SPECS, **learning.SPECS}

# Packages by layer, as they are imported.
_RUNTIME = {"botocore", "jmespath", "dateutil", "urllib3", "six"}
_INFERENCE = {"numpy", "PIL", "onnxruntime", "pi_heif", "google", "flatbuffers", "packaging"}
_DATA = {"kagglesdk", "requests", "certifi", "charset_normalizer", "idna", "google", "urllib3"}

_PROGRAM = """
import sys
withheld = set(sys.argv[1].split(","))
class Withhold:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in withheld:
            raise ModuleNotFoundError(f"No module named {name!r} in the layers of this function")
sys.meta_path.insert(0, Withhold())
import handler
assert callable(handler.handler)
"""


@pytest.mark.parametrize("verb", sorted(SPECS))
def test_a_function_imports_nothing_but_its_layers(verb: str) -> None:
    layers = set(SPECS[verb].layers)
    withheld = {"boto3", "pydantic", "aws_lambda_powertools", "aws_cdk", "httpx"}
    packages = {"runtime": _RUNTIME, "inference": _INFERENCE, "data": _DATA}
    withheld |= {"kaggle"}.union(*packages.values())
    withheld -= set().union(*(packages.get(layer, set()) for layer in layers))
    finished = subprocess.run(
        [sys.executable, "-c", _PROGRAM, ",".join(withheld)],
        cwd=ROOT / "functions" / verb,
        env={"PYTHONPATH": f"{ROOT / 'layers/core/python'}:{ROOT / 'functions' / verb}"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
