"""What is let through has a reason and a last day; everything else that is found stops the check."""

import json
from datetime import date, timedelta

import pytest

from handbook.vulnerabilities import ROOT, Finding, allowed, complaints, node_findings, python_findings

TODAY = date(2026, 11, 25)
FOUND = Finding("pillow", "PYSEC-2026-1", "requirements.txt")


def listed(*, until: date, reason: str = "the format is not read here") -> str:
    entry = {"package": "pillow", "id": "PYSEC-2026-1", "reason": reason, "until": str(until)}
    return json.dumps({"allowed": [entry]})


def test_what_nobody_let_through_stops_the_check():
    assert complaints([FOUND], [], TODAY) == ["pillow in requirements.txt: PYSEC-2026-1"]
    assert complaints([], [], TODAY) == []


def test_what_is_let_through_passes_until_its_last_day_and_no_longer():
    entries = allowed(listed(until=TODAY))
    assert complaints([FOUND], entries, TODAY) == []
    (said,) = complaints([FOUND], entries, TODAY + timedelta(days=1))
    assert "was let through until 2026-11-25" in said


def test_a_list_that_is_needless_endless_or_without_a_reason_is_refused():
    assert "no longer found" in complaints([], allowed(listed(until=TODAY)), TODAY)[0]
    assert "more than 90 days" in complaints([FOUND], allowed(listed(until=TODAY + timedelta(days=91))), TODAY)[0]
    with pytest.raises(ValueError, match="without a reason"):
        allowed(listed(until=TODAY, reason=" "))


def test_both_tools_answers_are_understood():
    answer = {
        "dependencies": [{"name": "pillow", "version": "1", "vulns": [{"id": "PYSEC-2026-1"}]}, {"name": "numpy"}]
    }
    assert python_findings(answer, "requirements.txt") == [FOUND]
    via = [{"url": "https://github.com/advisories/GHSA-1"}, "other"]
    answer = {"vulnerabilities": {"vite": {"via": via}, "vitest": {"via": ["vite"]}}}
    assert node_findings(answer, "web") == [Finding("vite", "GHSA-1", "web")]


def test_the_project_s_own_list_can_be_read():
    allowed((ROOT / "handbook/vulnerabilities.json").read_text("utf-8"))
