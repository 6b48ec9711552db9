"""A new head on the champion's backbone: it learns what is new, keeps what was known, and computes nothing twice."""

import io
import json
from datetime import date

import numpy as np
import onnx
import pytest

from avocet.adapters.onnx import load_bundle
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.dataset import Split
from avocet.domain.evaluation import Evaluation, unpack_outcomes
from avocet.domain.imaging import to_model_input
from avocet.domain.learning_curve import CURVE_FILE, CurveKind, LearningCurve, Phase
from avocet.domain.likeness import backbone_key, nearest, sketches_key, unpacked
from avocet.domain.prediction import SKETCH_BYTES
from tests.made.bundles import make_bundle
from tests.made.patterns import pattern_champion
from tests.made.snapshots import make_snapshot, pattern_jpeg
from tests.unit.dataset.world import MemoryObjects
from training_job.embedding_cache import EMBEDDINGS, EmbeddingCache, PhotoKey
from training_job.head_recipe import TooFewSpeciesError, train_head
from training_job.records.journal import Journal, Reader
from training_job.report import Report
from training_job.surgery import ForeignGraphError, Graph

KNOWN = ("bald-eagle", "barn-owl", "snowy-owl", "common-loon")
NEW = ("pied-avocet", "great-tit")
SIX_OF_EACH = {Split.TRAIN: 4, Split.VALIDATION: 1, Split.TEST: 1}


class Learning:
    """A clean bucket, a models bucket and one training after another."""

    def __init__(self, folder):
        self.folder, self.clean, self.models = folder, MemoryObjects(), MemoryObjects()
        self.runs = 0

    def train(self, champion, snapshot):
        self.runs += 1
        out, self.said = self.folder / f"run-{self.runs}", io.StringIO()
        report = Report(self.said)
        version = train_head(
            snapshot,
            champion,
            models=self.models,
            world_list=world_list(),
            out=out,
            run_name="run",
            created_on=date(2026, 11, 25),
            tracking=Journal(out),
            report=report,
        )
        files = {name: (out / name).read_bytes() for name in ("bundle.json", "model.onnx", "self_test.npz")}
        return load_bundle(out, world_list()), files, version


@pytest.fixture
def learning(tmp_path):
    return Learning(tmp_path)


def sketches(learning, version, species_id):
    backbone = learning.models.get(backbone_key(version)).decode()
    data = learning.models.get(sketches_key(backbone, species_id))
    return None if data is None else unpacked(data, SKETCH_BYTES)


def names(classifier, species_id, photo=500):
    scores = classifier.score(to_model_input(pattern_jpeg(species_id, photo), size_px=224).pixels)
    said = classifier.labels.species[int(scores.probabilities.argmax())]
    return said, scores.familiarity >= classifier.thresholds.familiarity_min


def test_a_species_the_champion_did_not_know_is_named_and_the_others_stay(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    before = load_bundle(tmp_path / "champion", world_list())
    assert names(before, NEW[0]) != (NEW[0], True)

    # Photos of new species only: whatever was known has to come from the champion.
    classifier, files, version = learning.train(
        champion, make_snapshot(learning.clean, dict.fromkeys(NEW, SIX_OF_EACH))
    )

    for species_id in (*KNOWN, *NEW):
        assert names(classifier, species_id) == (species_id, True)
    assert classifier.model_version == version
    manifest = json.loads(files["bundle.json"])
    assert manifest["trained_on"]["champion"] == before.model_version
    assert set(manifest["species"]) == {*KNOWN, *NEW}


def test_a_model_that_the_recipe_made_is_a_champion_it_can_start_from(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    _, second, _ = learning.train(champion, make_snapshot(learning.clean, {NEW[0]: SIX_OF_EACH, KNOWN[0]: SIX_OF_EACH}))
    third, files, _ = learning.train(second, make_snapshot(learning.clean, dict.fromkeys((*KNOWN, *NEW), SIX_OF_EACH)))
    for species_id in (*KNOWN, *NEW):
        assert names(third, species_id) == (species_id, True)
    # The backbone is untouched, and nothing of the earlier heads is left behind.
    first_graph, third_graph = (onnx.load_model_from_string(each["model.onnx"]) for each in (champion, files))
    assert Graph(first_graph).backbone_id() == Graph(third_graph).backbone_id()
    assert len(third_graph.graph.node) <= len(first_graph.graph.node) + 6


def test_every_head_that_was_tried_is_on_the_curve_and_the_one_that_lost_least_became_the_model(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    uneven = {
        **dict.fromkeys((*KNOWN, *NEW), SIX_OF_EACH),
        NEW[0]: {Split.TRAIN: 2, Split.VALIDATION: 2, Split.TEST: 1},
    }
    _, files, _ = learning.train(champion, make_snapshot(learning.clean, uneven))
    (part,) = LearningCurve.from_json((learning.folder / "run-1" / CURVE_FILE).read_bytes()).parts
    assert (part.kind, part.total, len(part.points)) == (CurveKind.CANDIDATES, 36, 36)
    assert {point.phase for point in part.points} == {Phase.HEAD}
    best = part.points[part.best - 1]
    assert best.validation_loss == min(point.validation_loss for point in part.points)
    assert best.settings == json.loads(files["bundle.json"])["choice"]
    # What it was fitted on a head knows at least as well as what it was not.
    assert best.accuracy == 1
    assert best.loss < best.validation_loss * 1.5
    # The harder a head is held back, the less it makes of its own photos.
    free, held = (next(p for p in part.points if p.settings["new_penalty"] == at) for at in (0.01, 0.3))
    assert free.loss < held.loss
    told = [each for each in Reader(learning.folder / "run-1").news() if "head_loss" in each.get("metrics", {})]
    assert [each["step"] for each in told] == list(range(1, 37))


def test_without_validation_photos_there_is_no_curve(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    unseen = make_snapshot(learning.clean, {name: {Split.TRAIN: 4, Split.TEST: 1} for name in NEW})
    learning.train(champion, unseen)
    assert not (learning.folder / "run-1" / CURVE_FILE).exists()


def test_nothing_is_embedded_twice(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    snapshot = make_snapshot(learning.clean, dict.fromkeys(KNOWN, SIX_OF_EACH))
    _, first, _ = learning.train(champion, snapshot)
    kept = sorted(learning.models.keys(EMBEDDINGS))
    assert "embedding photos" in learning.said.getvalue()

    _, again, _ = learning.train(champion, snapshot)

    assert "no photo is new to the backbone" in learning.said.getvalue()
    assert sorted(learning.models.keys(EMBEDDINGS)) == kept
    assert again["model.onnx"] == first["model.onnx"]


def test_what_is_kept_of_each_photo_is_what_the_model_says_of_it(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    snapshot = make_snapshot(learning.clean, dict.fromkeys((*KNOWN, *NEW), SIX_OF_EACH))
    classifier, _, _ = learning.train(champion, snapshot)
    outcomes = {
        each.photo_id: each
        for each in unpack_outcomes((learning.folder / "run-1" / "test.photos.jsonl.gz").read_bytes())
    }
    assert set(outcomes) == {name for name, row in snapshot.rows.items() if row.split is Split.TEST}
    for row, data in snapshot.photos(Split.TEST):
        scores = classifier.score(to_model_input(data, size_px=224).pixels)
        said = outcomes[row.photo_id]
        assert said.answer.species_id == classifier.labels.species[int(scores.probabilities.argmax())]
        assert said.answer.score == pytest.approx(float(scores.probabilities.max()), abs=0.01)
        assert said.familiarity == pytest.approx(scores.familiarity, abs=0.01)
    champion_said = unpack_outcomes((learning.folder / "run-1" / "champion" / "test.photos.jsonl.gz").read_bytes())
    assert Evaluation.of(champion_said).accuracy.value < Evaluation.of(outcomes.values()).accuracy.value


def test_one_species_is_no_choice(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    with pytest.raises(TooFewSpeciesError, match="two"):
        learning.train(champion, make_snapshot(learning.clean, {NEW[0]: SIX_OF_EACH}))


def test_a_head_of_another_kind_is_learnt_anew(learning):
    classifier, _, _ = learning.train(make_bundle(), make_snapshot(learning.clean, dict.fromkeys(NEW, SIX_OF_EACH)))
    assert classifier.labels.species == tuple(sorted(NEW))
    assert "no head of our kind" in learning.said.getvalue()


def test_a_graph_without_an_embedding_takes_no_head():
    proto = onnx.load_model_from_string(make_bundle()["model.onnx"])
    for node in proto.graph.node:
        for names_ in (node.input, node.output):
            for at, name in enumerate(names_):
                if name == "embedding":
                    names_[at] = "features"
    with pytest.raises(ForeignGraphError):
        Graph(proto)


def test_the_starters_head_is_read_as_it_answers():
    from tests.unit.training.test_starter_model import STARTER
    from training_job.bundle import answers, session_on
    from training_job.calibration import PowerCalibration

    graph = Graph(onnx.load(STARTER / "model.onnx"))
    head = graph.head()
    with np.load(STARTER / "self_test.npz") as kept:
        images, expected = kept["images"][:2], kept["probabilities"][:2]
    embedding = answers(session_on(graph.embedder()), images)["embedding"]
    computed = PowerCalibration(head.power, head.floor).probabilities(embedding @ head.weights + head.bias)
    assert np.abs(computed - expected).max() < 1e-3


def test_embeddings_survive_damage_and_forget_the_erased():
    objects = MemoryObjects()
    keys = [PhotoKey("a" * 32, "1" * 64), PhotoKey("b" * 32, "2" * 64), PhotoKey("b" * 32, "2" * 64, is_mirrored=True)]
    EmbeddingCache(objects, "backbone").add(keys, np.eye(3, 4, dtype=np.float32))
    objects.put(f"{EMBEDDINGS}backbone/damaged.npz", b"PK\x03\x04 not a zip")

    cache = EmbeddingCache(objects, "backbone", erased={"b" * 32})
    assert cache.open() == 1
    assert cache.missing(keys) == keys[1:]
    assert all(b"b" * 32 not in objects.get(key) for key in objects.keys(EMBEDDINGS))
    assert EmbeddingCache(objects, "another").open() == 0
    # Other bytes under the same id are another photo to the cache.
    assert cache.missing([PhotoKey("a" * 32, "3" * 64)])


def test_validation_photos_that_are_all_named_right_make_nobody_more_hesitant_or_bolder(learning, tmp_path):
    """Where the first model has learnt them by heart, its own thresholds are better than what they say."""
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    many = {Split.TRAIN: 2, Split.VALIDATION: 20, Split.TEST: 1}
    _, files, _ = learning.train(champion, make_snapshot(learning.clean, dict.fromkeys((*KNOWN, *NEW), many)))
    before, after = (json.loads(each["bundle.json"]) for each in (champion, files))
    assert after["metrics"]["validation_accuracy"] == 1
    for name in ("sure_min_score", "coarser_min_score"):
        assert after["thresholds"][name] == before["thresholds"][name]
    assert after["thresholds"]["familiarity"]["min"] <= before["thresholds"]["familiarity"]["min"]


def test_what_photos_look_like_is_kept_so_that_the_served_models_find_similar_ones(learning, tmp_path):
    champion = pattern_champion(tmp_path / "champion", KNOWN)
    snapshot = make_snapshot(learning.clean, dict.fromkeys(NEW, SIX_OF_EACH))
    classifier, _, version = learning.train(champion, snapshot)
    before = json.loads(champion["bundle.json"])["model_version"]
    # Both models look through the same backbone, so that a photo which either named finds what is like it.
    for named_by in (before, version):
        assert {len(sketches(learning, named_by, species_id)) for species_id in NEW} == {6}
    row, jpeg = next(iter(snapshot.photos(Split.TEST)))
    seen = classifier.score(to_model_input(jpeg, size_px=224).pixels).sketch
    assert nearest(seen, sketches(learning, version, row.species_id))[0] == row.photo_id

    learning.train(champion, make_snapshot(learning.clean, {NEW[0]: SIX_OF_EACH, KNOWN[0]: SIX_OF_EACH}))
    assert sketches(learning, version, NEW[1]) is None, "a species without photos has none"
    assert all(len(versions) == 1 for versions in learning.models.stored.values())
