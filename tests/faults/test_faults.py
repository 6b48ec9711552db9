"""Whatever fails at whatever call of a function: asking again succeeds, and nothing is lost or there twice."""

import os
from pathlib import Path

import pytest

from tests.faults.campaigns import ASKS_NOBODY, CAMPAIGNS
from tests.faults.trying import run

ROOT = Path(__file__).parents[2]
SAMPLE = None if os.environ.get("AVOCET_FULL") == "1" else 4


@pytest.mark.timeout(3 * 3600 if SAMPLE is None else 2400)
def test_every_function_survives_a_fault_at_any_call():
    tallies = run(sample=SAMPLE, seed=11)
    assert tallies.keys() == CAMPAIGNS.keys()
    assert all(tally.tried for tally in tallies.values()), "a campaign that never reaches its call shows nothing"
    assert [complaint for tally in tallies.values() for complaint in tally.complaints] == []


def test_a_new_function_comes_with_a_campaign():
    verbs = {path.parent.name for path in ROOT.glob("functions/*/handler.py")}
    assert CAMPAIGNS.keys() | ASKS_NOBODY == verbs
    assert not CAMPAIGNS.keys() & ASKS_NOBODY
