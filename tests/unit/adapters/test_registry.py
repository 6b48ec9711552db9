"""The models table: versions are kept once, and the champion moves for exactly one of those who want to move it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.domain.models import Aliases, Decision, ModelVersion, VersionTakenError, promoted, rolled_back
from avocet.usecases.ports import StaleRecordError

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
WHY = Decision("alice", NOW, "better on owls")
MODEL = ModelVersion(
    "head-1",
    recipe="head",
    backbone="efficientnetv2-b0",
    created_at=NOW,
    registered_at=NOW,
    bundle_sha256="a" * 64,
    bundle_bytes=26_000_000,
    species_count=525,
    snapshot_id="s" * 64,
    parent_version="starter-1",
    job_id="j1",
    figures={"validation_accuracy": 0.9046, "ece": 1e-7},
)


@pytest.fixture
def registry(cloud) -> DynamoModelRegistry:
    return DynamoModelRegistry(cloud.dynamodb, "models")


@pytest.fixture
def aliases(cloud) -> DynamoModelAliases:
    return DynamoModelAliases(cloud.dynamodb, "models")


def serve(aliases: DynamoModelAliases, *versions: str) -> Aliases:
    for version in versions:
        now = aliases.read()
        aliases.move(promoted(now, version, WHY), over=now)
    return aliases.read()


def test_a_version_comes_back_as_it_was_registered(registry):
    assert registry.find("head-1") is None
    assert registry.register(MODEL) == MODEL
    assert registry.find("head-1") == MODEL
    bare = replace(MODEL, version="starter-1", snapshot_id="", parent_version="", job_id="", figures={})
    registry.register(bare)
    assert registry.find("starter-1") == bare


def test_the_same_bundle_is_registered_once_and_another_one_never_under_its_name(registry):
    registry.register(MODEL)
    again = replace(MODEL, registered_at=NOW + timedelta(hours=1))
    assert registry.register(again) == MODEL
    with pytest.raises(VersionTakenError):
        registry.register(replace(MODEL, bundle_sha256="b" * 64))
    assert registry.find("head-1") == MODEL


def test_a_run_is_noted_once_and_only_of_a_version_there_is(registry):
    registry.register(replace(MODEL, mlflow_run_id=""))
    registry.note_run(MODEL.version, "run-1")
    registry.note_run(MODEL.version, "run-2")
    registry.note_run("head-nobody-made", "run-3")
    noted = registry.find(MODEL.version)
    assert noted is not None
    assert noted.mlflow_run_id == "run-1"
    assert registry.find("head-nobody-made") is None


def test_versions_are_listed_latest_first_and_nothing_else_is(registry, aliases):
    for hours, name in enumerate(["c", "a", "b"]):
        registry.register(replace(MODEL, version=name, registered_at=NOW + timedelta(hours=hours)))
    serve(aliases, "a", "b")
    assert [model.version for model in registry.list()] == ["b", "a", "c"]


def test_a_champion_is_no_version_and_a_version_no_champion(registry, aliases):
    registry.register(MODEL)
    serve(aliases, "head-1")
    assert registry.find("#champion") is None
    assert registry.find("#tenure#0000000001") is None


def test_of_two_who_move_the_champion_at_once_one_wins(aliases):
    seen = serve(aliases, "v1")
    aliases.move(promoted(seen, "v2", WHY), over=seen)
    with pytest.raises(StaleRecordError):
        aliases.move(promoted(seen, "v3", replace(WHY, chosen_by="bob")), over=seen)
    assert aliases.read().champion == "v2"
    assert [tenure.version for tenure in aliases.history(10)] == ["v2", "v1"]


def test_of_two_first_champions_one_wins(aliases):
    nobody = aliases.read()
    aliases.move(promoted(nobody, "v1", WHY), over=nobody)
    with pytest.raises(StaleRecordError):
        aliases.move(promoted(nobody, "v2", WHY), over=nobody)


def test_a_move_that_was_sent_twice_because_its_answer_got_lost_is_no_conflict(aliases):
    seen = serve(aliases, "v1")
    move = promoted(seen, "v2", WHY)
    aliases.move(move, over=seen)
    aliases.move(move, over=seen)
    assert aliases.read().tenure == move


def test_every_tenure_is_kept_and_found_by_its_number(aliases):
    now = serve(aliases, "v1", "v2", "v3")
    aliases.move(rolled_back(now.tenure, aliases.tenure(now.tenure.below), WHY), over=now)
    assert [tenure.version for tenure in aliases.history(10)] == ["v2", "v3", "v2", "v1"]
    assert [tenure.revision for tenure in aliases.history(2)] == [4, 3]
    assert aliases.tenure(3).version == "v3"
    assert aliases.tenure(4) == aliases.read().tenure
    assert aliases.tenure(9) is None


def test_a_pointer_from_before_tenures_begins_the_line(cloud, aliases):
    cloud.point_to("starter-1")
    now = aliases.read()
    assert (now.champion, now.tenure.below) == ("starter-1", 0)
    aliases.move(promoted(now, "v2", WHY), over=now)
    assert aliases.tenure(aliases.read().tenure.below).version == "starter-1"


def test_the_challenger_goes_up_once_and_is_no_challenger_then(cloud, aliases):
    aliases.nominate("v2")
    assert DynamoChampionPointer(cloud.dynamodb, "models").read() is None, "a challenger does not serve"
    serve(aliases, "v1")
    assert aliases.read().challenger == "v2", "somebody else's promotion leaves it"
    serve(aliases, "v2")
    assert aliases.read().challenger is None
    aliases.nominate("v2")
    assert aliases.read().challenger is None, "the champion challenges nobody"


def test_a_challenger_that_was_replaced_is_not_promoted_as_the_challenger(aliases):
    serve(aliases, "v1")
    aliases.nominate("v2")
    seen = aliases.read()
    aliases.nominate("v3")
    with pytest.raises(StaleRecordError):
        aliases.move(promoted(seen, "v2", WHY), over=seen)
    assert aliases.read().champion == "v1"
