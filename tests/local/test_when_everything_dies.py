"""kill -9 of the whole embedded cloud in the middle of everything it does: nothing is lost or doubled, and whatever was begun ends.

`make test` cuts the power twice, at moments drawn with a fixed seed; AVOCET_FULL=1 at every moment of every work.
"""

import json
import os
import random
from collections.abc import Iterator

import httpx
import pytest

from tests.deployed.cloud import Cloud
from tests.deployed.test_dataset import job_done, send
from tests.local.conftest import OwnCloud
from tests.local.interrupted_work import AT_ONCE, KINDS, LABELS, Town, Training, Work
from tests.local.power_cuts import Moment, cut_power_at
from tests.made.kaggle import StandIn, kaggle

IS_FULL = os.environ.get("AVOCET_FULL") == "1"
SECRET = "avocet/local/kaggle"
DRAWN = 12 if IS_FULL else 1
_random = random.Random("a power cut")
EARLY = [moment for kind in KINDS if kind is not Training for moment in kind.moments]


@pytest.fixture(scope="module")
def town(own_cloud: OwnCloud) -> Iterator[Town]:
    local = own_cloud.up()
    with (
        httpx.Client(timeout=60, trust_env=False) as http,
        kaggle(StandIn(version=0)) as stand_in,
    ):
        town = Town(own_cloud, Cloud(local, http), stand_in)
        secrets = town.cloud.aws("secretsmanager")
        secrets.create_secret(Name=SECRET, SecretString=json.dumps(stand_in.secret))
        send(town.admin, [(label, "", town.photo()) for label in LABELS for _ in range(5)], "before")
        job_done(town.admin, "refresh")
        yield town


def interrupt(town: Town, moment: Moment, *works: Work) -> None:
    """Begin the works at once, cut the power, bring everything up again, and see how each ended."""
    before, counted = town.rows(), town.counted()
    try:
        answered = cut_power_at(town.own.home, moment, *(work.begin for work in works))
    finally:
        # Also where the moment never came: those that follow want a town.
        town.own.make("up")
    for work, was_acknowledged in zip(works, answered, strict=True):
        work.must_have_ended(was_acknowledged)
    town.rest()
    assert town.counted() == counted + sum(work.given for work in works)
    after = town.rows()
    assert len(after) == len(before) + sum(work.arriving for work in works), "each photo that arrived, once"
    assert all(after[name].split == row.split for name, row in before.items()), "no photo changed its split"


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("moment", _random.sample(EARLY, DRAWN), ids=str)
def test_everything_at_once_is_interrupted(town: Town, moment: Moment) -> None:
    interrupt(town, moment, *(work(town) for work in AT_ONCE))


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("moment", _random.sample(Training.moments, 1), ids=str)
def test_a_training_is_interrupted(town: Town, moment: Moment) -> None:
    interrupt(town, moment, Training(town))


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    ("kind", "moment"),
    [pytest.param(kind, moment, id=f"{kind.__name__} {moment}") for kind in KINDS for moment in kind.moments],
)
def test_one_work_is_interrupted(town: Town, kind: type[Work], moment: Moment) -> None:
    interrupt(town, moment, kind(town))
