"""What the threat model names as shown by a test is shown by a test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[^`:]+)::([^`]+)`", (ROOT / "docs/threat-model.md").read_text("utf-8"))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_the_threat_model_names_is_there(path, name):
    assert f"def {name}(" in (ROOT / path).read_text("utf-8")


def test_every_threat_names_a_test():
    lines = (ROOT / "docs/threat-model.md").read_text("utf-8").splitlines()
    threats = [line for line in lines if line.startswith("| ") and not line.startswith("| could try")]
    assert len(threats) >= 20
    assert [line for line in threats if "::" not in line] == []
