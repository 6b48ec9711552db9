"""An evaluation asks the model about every photo of a split, once."""

import dataclasses

import numpy as np
import pytest

from avocet.domain.dataset import Split
from avocet.domain.evaluation import EvaluationNotFoundError
from avocet.domain.models import ModelNotFoundError
from avocet.domain.scoring import ModelLabels, Scores, Thresholds
from avocet.domain.snapshots import SnapshotNotFoundError
from avocet.usecases.evaluate import Evaluate, Examination
from avocet.usecases.evaluation_store import EvaluationStore
from avocet.usecases.read_snapshot import open_snapshot
from tests.made.snapshots import make_snapshot, store_snapshot
from tests.unit.dataset.world import MemoryObjects

BIRDS = ("bald-eagle", "barn-owl")


class AlwaysAnOwl:
    model_version, size_px = "head-1", 224
    labels = ModelLabels.of(BIRDS, [None, None])
    thresholds = Thresholds(0.6, 0.7, 0.5)

    def __init__(self):
        self.asked = 0

    def score(self, pixels):
        self.asked += 1
        return Scores(np.array([0.25, 0.75], np.float32), 1.0)


class Pointer:
    def read(self):
        return "head-1"


class Bench:
    def __init__(self):
        self.clean, self.models, self.model, self.beats = MemoryObjects(), MemoryObjects(), AlwaysAnOwl(), []
        self.evaluate = Evaluate(
            models=self.models,
            open_snapshot=lambda name: open_snapshot(self.clean, name),
            champion=Pointer(),
            load=lambda version: self.model,
        )

    def run(self, **parameters):
        examination, shards = self.evaluate.plan(parameters, lambda *beat: self.beats.append(beat))
        for shard in shards:
            self.evaluate.score(examination, shard, lambda *beat: self.beats.append(beat))
        return self.evaluate.merge(examination)


@pytest.fixture
def bench():
    return Bench()


def test_the_champion_is_asked_about_every_test_photo_of_the_current_snapshot_once(bench):
    snapshot = make_snapshot(bench.clean, {key: {Split.TRAIN: 2, Split.TEST: 3} for key in BIRDS})
    stored = bench.run()
    assert (stored.evaluation.photos, stored.evaluation.accuracy.value) == (6, 0.5)
    assert stored.evaluation.matrix == {"bald-eagle": {"barn-owl": 3}, "barn-owl": {"barn-owl": 3}}
    assert (
        EvaluationStore(bench.models).require("head-1", snapshot.snapshot_id, Split.TEST).to_json() == stored.to_json()
    )
    assert bench.beats[0] == (0, 6, "scoring photos")
    assert sum(beat[0] for beat in bench.beats) == 6

    assert bench.run().to_json() == stored.to_json()
    assert bench.model.asked == 6


def test_a_renamed_photo_is_scored_again_and_an_erased_one_is_left_out(bench):
    snapshot = make_snapshot(bench.clean, {key: {Split.TEST: 3} for key in BIRDS})
    bench.run()
    rows = sorted(snapshot.rows.values(), key=lambda row: row.photo_id)
    jpegs = {row.photo_id: data for row, data in snapshot.photos()}
    eagle = next(at for at, row in enumerate(rows) if row.species_id == "bald-eagle")
    rows[eagle] = dataclasses.replace(rows[eagle], species_id="barn-owl")
    del rows[next(at for at, row in enumerate(rows) if row.species_id == "bald-eagle")]
    old_shard = snapshot.shards_of(Split.TEST)[0].key
    renamed = store_snapshot(bench.clean, rows, jpegs)
    new_shard = renamed.shards_of(Split.TEST)[0].key
    # The same photos in the same place, as a snapshot that follows another keeps them.
    before = bench.models.get(next(iter(bench.models.keys("evaluations/head-1/shards/"))))
    from avocet.usecases.evaluate import _shard_key

    assert old_shard != new_shard
    bench.models.put(_shard_key("head-1", new_shard), before)
    asked = bench.model.asked

    stored = bench.run()

    assert bench.model.asked == asked + 1
    assert (stored.evaluation.photos, stored.evaluation.matrix["barn-owl"]) == (5, {"barn-owl": 4})


def test_what_is_not_scored_is_not_passed_off_as_an_evaluation(bench):
    snapshot = make_snapshot(bench.clean, {key: {Split.TEST: 1} for key in BIRDS})
    with pytest.raises(EvaluationNotFoundError, match="2 photos"):
        bench.evaluate.merge(Examination("head-1", snapshot.snapshot_id, Split.TEST))


def test_a_split_without_photos_gives_an_evaluation_of_nothing(bench):
    make_snapshot(bench.clean, {key: {Split.TRAIN: 2} for key in BIRDS})
    assert bench.run(split="validation").evaluation.photos == 0


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"split": "holdout"}, EvaluationNotFoundError),
        ({"model_version": "../starter"}, ModelNotFoundError),
        ({"snapshot_id": "../../etc"}, SnapshotNotFoundError),
    ],
)
def test_what_does_not_exist_is_refused_by_name(bench, parameters, error):
    make_snapshot(bench.clean, {key: {Split.TEST: 1} for key in BIRDS})
    with pytest.raises(error):
        bench.run(**parameters)
