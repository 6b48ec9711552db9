"""The whole network trained on a snapshot small enough for a minute: learnt, interrupted, gone on with, exported, judged, refused."""

import dataclasses
import errno
import io
import json
from datetime import date
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from avocet.adapters.onnx import load_bundle
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.dataset import Split
from avocet.domain.evaluation import unpack_outcomes
from avocet.domain.imaging import to_model_input
from avocet.domain.learning_curve import CURVE_FILE, CurveKind, CurvePoint, LearningCurve, Phase
from avocet.domain.snapshots import CorruptSnapshotError, SnapshotNotFoundError
from avocet.domain.training import Backbone, FullSettings
from avocet.usecases.read_snapshot import open_snapshot
from tests.made.patterns import pattern_champion
from tests.made.snapshots import make_snapshot, pattern_jpeg
from tests.unit.dataset.world import MemoryObjects
from training_job import backbones, full_recipe, photo_file
from training_job.checkpoints import Standing
from training_job.full_config import FullConfig, Stage
from training_job.full_recipe import Workplace, class_weights, train_full
from training_job.head_recipe import TooFewSpeciesError, train_head
from training_job.input_pipeline import InputPipeline
from training_job.records.journal import Journal, Reader
from training_job.refusals import DiskFullError, DivergedError, NoPretrainedWeightsError
from training_job.report import Report

SPECIES = ("bald-eagle", "barn-owl", "pied-avocet", "great-tit")
COUNTS = {Split.TRAIN: 6, Split.VALIDATION: 2, Split.TEST: 2}
SMALL = FullConfig(
    size_px=64,
    stages=(Stage("the last blocks", 1, "block6", 1e-3), Stage("every layer", 2, "", 1e-3)),
    batch=8,
)


class InterruptedHereError(Exception):
    """The machine was taken away."""


class Studio:
    """A clean bucket, a models bucket, a champion, and one training after another on an untrained network."""

    def __init__(self, folder: Path):
        self.folder, self.clean, self.models = folder, MemoryObjects(), MemoryObjects()
        self.champion = pattern_champion(folder / "champion", SPECIES[:2])
        self.snapshot = make_snapshot(self.clean, {**dict.fromkeys(SPECIES, COUNTS), "snowy-owl": {Split.TRAIN: 1}})
        self.runs = 0

    def train(self, *, checkpoints="checkpoints", config=SMALL, interrupt_at=None, snapshot=None, **parameters):
        self.runs += 1
        out, self.said = self.folder / f"run-{self.runs}", io.StringIO()
        self.journal = Journal(out)

        def interrupt(done, total, note):
            if interrupt_at is not None and interrupt_at in note:
                raise InterruptedHereError

        version = train_full(
            snapshot or self.snapshot,
            self.champion,
            FullSettings.of({"backbone": "efficientnetv2-b0", **parameters}),
            models=self.models,
            world_list=world_list(),
            place=Workplace(self.folder / f"scratch-{self.runs}", self.folder / checkpoints, out),
            run_name="run",
            created_on=date(2026, 11, 25),
            tracking=self.journal,
            report=Report(self.said, interrupt),
            config=config,
        )
        return version, out


def tiny(_backbone, *, size_px):
    """A network of two blocks, for what does not depend on the network."""
    keras.utils.set_random_seed(7)
    inputs = keras.Input((size_px, size_px, 3))
    x = keras.layers.Rescaling(1 / 128, offset=-1.0)(inputs)
    x = keras.layers.Conv2D(16, 8, strides=8, activation="relu", name="block1_conv")(x)
    x = keras.layers.Conv2D(32, 3, activation="relu", name="block6_conv")(x)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


def real(backbone, *, size_px):
    keras.utils.set_random_seed(7)
    return backbones.untrained(backbone, size_px=size_px)


def use(patch, build):
    """No ImageNet here: a network begins at random, the same each time."""
    patch.setattr(
        full_recipe, "pretrained", lambda each, *, models, size_px: (build(each, size_px=size_px), "at random")
    )
    patch.setattr(full_recipe, "untrained", build)


@pytest.fixture(autouse=True)
def small_network(monkeypatch):
    use(monkeypatch, tiny)


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One whole training of a real network, looked at by several tests."""
    made = Studio(tmp_path_factory.mktemp("trained"))
    with pytest.MonkeyPatch.context() as patch:
        use(patch, real)
        version, out = made.train()
    return made, version, out


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        use(patch, tiny)
        return Studio(tmp_path_factory.mktemp("uninterrupted")).train()[1]


def embeddings_of(out):
    graph = onnx.load(out / "model.onnx")
    return session_answers(graph)


def session_answers(graph):
    from training_job.bundle import answers, session_on

    images = np.stack([to_model_input(pattern_jpeg(name, 900), size_px=SMALL.size_px).pixels for name in SPECIES])
    return answers(session_on(graph), images)["embedding"]


def test_a_training_ends_in_a_bundle_that_serves(trained):
    _, version, out = trained
    classifier = load_bundle(out, world_list())
    assert classifier.model_version == version
    assert version.startswith("full-")
    session = classifier.session
    assert [(each.name, each.type, each.shape) for each in session.get_inputs()] == [
        ("image", "tensor(uint8)", ["batch", 64, 64, 3])
    ]
    assert [each.name for each in session.get_outputs()] == ["probabilities", "embedding", "familiarity"]
    manifest = json.loads((out / "bundle.json").read_text("utf-8"))
    assert manifest["species"] == sorted({*SPECIES, "snowy-owl"})
    assert manifest["backbone"] == "efficientnetv2-b0"
    parity = manifest["training"]["parity_with_keras"]
    assert parity["same_first_ratio"] == 1
    assert max(parity["max_probability_difference"], parity["max_embedding_difference"]) < 1e-4


def test_it_and_the_champion_are_judged_on_every_photo_held_back(trained):
    studio, _, out = trained
    for folder in (out, out / "champion"):
        for split in (Split.VALIDATION, Split.TEST):
            said = unpack_outcomes((folder / f"{split}.photos.jsonl.gz").read_bytes())
            held_back = {name for name, row in studio.snapshot.rows.items() if row.split is split}
            assert {each.photo_id for each in said} == held_back
    assert (out / "trained_on.txt").read_text().split()[0] == studio.snapshot.snapshot_id


def test_its_journal_tells_each_epoch(trained):
    studio, _, out = trained
    events = list(Reader(out).news())
    assert events[0]["parameters"]["backbone"] == "efficientnetv2-b0"
    epochs = [each for each in events if each["event"] == "measured" and "images_per_s" in each["metrics"]]
    assert [each["step"] for each in epochs] == [1, 2, 3]
    assert {"loss", "accuracy", "validation_loss", "validation_accuracy", "input_wait_ratio"} <= epochs[0][
        "metrics"
    ].keys()
    assert "images/s" in studio.said.getvalue()


def curve_in(out):
    return {part.kind: part for part in LearningCurve.from_json((out / CURVE_FILE).read_bytes()).parts}


def test_its_learning_curve_begins_with_the_frozen_network_and_ends_with_the_heads_that_were_tried(trained):
    _, _, out = trained
    curve = curve_in(out)
    epochs = curve[CurveKind.EPOCHS]
    assert [(point.step, point.phase) for point in epochs.points] == [
        (0, Phase.HEAD),
        (1, Phase.LAST_BLOCKS),
        (2, Phase.EVERY_LAYER),
        (3, Phase.EVERY_LAYER),
    ]
    frozen, *learnt = epochs.points
    assert (frozen.loss, frozen.seconds) == (None, None)
    assert frozen.validation_loss > 0
    for point in learnt:
        assert min(point.loss, point.validation_loss, point.learning_rate, point.seconds) > 0
        assert min(point.accuracy, point.validation_accuracy) >= 0
    best = json.loads((out / "bundle.json").read_text("utf-8"))["training"]["best_epoch"]
    assert epochs.best == best
    assert epochs.points[best].validation_loss == min(point.validation_loss for point in learnt)
    # Along the cosine the rate falls.
    assert learnt[1].learning_rate > learnt[2].learning_rate
    assert curve[CurveKind.CANDIDATES].points


def test_a_head_can_be_trained_on_the_model_it_made(trained, tmp_path):
    studio, _, out = trained
    files = {name: (out / name).read_bytes() for name in ("bundle.json", "model.onnx", "self_test.npz")}
    report = Report(io.StringIO())
    version = train_head(
        studio.snapshot,
        files,
        models=studio.models,
        world_list=world_list(),
        out=tmp_path / "head",
        run_name="run",
        created_on=date(2026, 11, 25),
        tracking=Journal(tmp_path / "head"),
        report=report,
    )
    assert load_bundle(tmp_path / "head", world_list()).model_version == version
    assert "no photo is new to the backbone" in report.stream.getvalue()


def test_a_training_that_only_did_harm_ends_with_the_network_it_began_with(studio, monkeypatch):
    began_with = []

    def harm(network, *_arguments, **_options):
        began_with.extend(network.get_weights())
        # So dead that half of it is dead too.
        network.set_weights([each - 1000 if each.ndim == 1 else each for each in network.get_weights()])
        return Standing(epochs_done=3, best_epoch=3, best_loss=9.0)

    monkeypatch.setattr(full_recipe, "_fine_tuned", harm)
    exported = []
    monkeypatch.setattr(
        full_recipe,
        "_exported",
        lambda network, *rest, exported_as=full_recipe._exported: (
            exported.extend(network.get_weights()) or exported_as(network, *rest)
        ),
    )
    _, out = studio.train()
    assert json.loads((out / "bundle.json").read_text())["training"]["tuned_ratio"] == 0
    assert "0% of the way it is" in studio.said.getvalue()
    for first, last in zip(began_with, exported, strict=True):
        assert np.array_equal(first, last)


@pytest.mark.parametrize("where", ["epoch 2/3", "epoch 3/3"])
def test_one_that_is_interrupted_goes_on_and_ends_as_if_nothing_had_been(studio, uninterrupted, where):
    with pytest.raises(InterruptedHereError):
        studio.train(interrupt_at=where)
    _, out = studio.train()
    done = int(where[6]) - 1
    assert f"goes on after epoch {done} of 3" in studio.said.getvalue()
    assert "epoch 1/3" not in studio.said.getvalue()
    # What the machine that was taken away had learnt is on the curve too.
    assert [point.step for point in curve_in(out)[CurveKind.EPOCHS].points] == [0, 1, 2, 3]
    assert np.abs(embeddings_of(out) - embeddings_of(uninterrupted)).max() < 0.02


def test_one_that_is_interrupted_after_its_last_epoch_trains_no_more(studio, uninterrupted):
    with pytest.raises(InterruptedHereError):
        studio.train(interrupt_at="exporting")
    _, out = studio.train()
    assert "images/s" not in studio.said.getvalue()
    assert np.abs(embeddings_of(out) - embeddings_of(uninterrupted)).max() < 0.02


def test_in_half_precision_it_trains_goes_on_and_exports_in_full_too(studio, monkeypatch):
    # What a GPU would make it do; the sums are the CPU's.
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: [f"{kind}:0"])
    with pytest.raises(InterruptedHereError):
        studio.train(interrupt_at="epoch 2/3")
    _, out = studio.train()
    assert "goes on after epoch 1 of 3" in studio.said.getvalue()
    started = next(Reader(out).news())
    assert started["parameters"]["precision"] == "mixed_float16"
    assert np.isfinite(embeddings_of(out)).all()


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_none(studio):
    folder = studio.folder / "checkpoints"
    first = full_recipe.Checkpoints(folder, "one")
    first.save_best([np.ones(3)])
    points = (CurvePoint(1, Phase.EVERY_LAYER, 1.5),)
    first.save(full_recipe.Standing(2, 1, 0.5, points), [np.arange(4)])
    standing, (variables,) = first.load()
    assert standing.points == points
    assert (standing.epochs_done, standing.best_epoch, variables.tolist()) == (2, 1, [0, 1, 2, 3])
    assert full_recipe.Checkpoints(folder, "other").load() is None
    (folder / "state.npz").write_bytes(b"half of it")
    assert first.load() is None


def test_a_loss_that_is_no_number_ends_the_training_with_a_reason(studio):
    broken = dataclasses.replace(SMALL, stages=(Stage("every layer", 1, "", float("inf")),))
    with pytest.raises(DivergedError, match=r"in epoch 1, step \d of \d.*lower the learning rate"):
        studio.train(config=broken)


def test_a_disk_that_is_full_ends_the_training_before_it_begins(studio, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(photo_file.os, "posix_fallocate", full)
    with pytest.raises(DiskFullError, match="larger volume"):
        studio.train()


def test_a_disk_that_fills_up_later_ends_it_with_a_reason_and_the_last_checkpoint_whole(studio, monkeypatch):
    checkpoints = full_recipe.Checkpoints(studio.folder / "kept", "one")
    checkpoints.save_best([np.ones(3)])

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DiskFullError):
        checkpoints.save_best([np.zeros(3)])
    assert checkpoints.best()[0].tolist() == [1, 1, 1]
    assert [path.name for path in (studio.folder / "kept").iterdir()] == ["best.npz"]


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_corrupt_shard_ends_it_with_its_name(studio, damage):
    key = next(key for key in studio.clean.keys("") if key.endswith(".tar") and "train" in key)
    if damage == "missing":
        studio.clean.purge(key)
    else:
        data = bytearray(studio.clean.get(key))
        data[700:900] = bytes(200)
        studio.clean.put(key, bytes(data))
    with pytest.raises(CorruptSnapshotError):
        studio.train()


def test_a_snapshot_that_vanished_is_said_to_be_gone(studio):
    with pytest.raises(SnapshotNotFoundError):
        open_snapshot(studio.clean, "f" * 64)


def test_one_species_teaches_nothing(studio):
    alone = make_snapshot(MemoryObjects(), {"barn-owl": COUNTS})
    with pytest.raises(TooFewSpeciesError, match="two to tell apart"):
        studio.train(snapshot=alone)


def test_a_species_with_one_photo_counts_more_and_none_is_thrown_away():
    species_at = np.array([0] * 100 + [1])
    weights = class_weights(species_at, 3, 0.5)
    assert weights[1] > 4 * weights[0] > 0
    assert weights[species_at].mean() == pytest.approx(1)


@pytest.mark.parametrize("backbone", [each for each in Backbone if each is not Backbone.EFFICIENTNETV2_B0])
def test_every_network_that_is_offered_answers_as_a_graph_as_it_does_in_keras(backbone):
    network = full_recipe.network_on(real(backbone, size_px=64), 3, SMALL)
    pixels = np.random.default_rng(4).integers(0, 256, (4, 64, 64, 3), np.uint8)
    graph, parity = full_recipe._exported(network, pixels, SMALL)
    assert max(parity["max_probability_difference"], parity["max_embedding_difference"]) < 1e-4
    assert graph.backbone_id()


def test_views_are_the_same_however_many_draw_them():
    pixels = np.random.default_rng(1).integers(0, 255, (20, 48, 48, 3), np.uint8)
    one, four = (list(InputPipeline(pixels, 4, 48, 3, workers=workers).epoch(2)) for workers in (1, 4))
    assert len(one) == 5
    for mine, theirs in zip(one, four, strict=True):
        assert (mine.photos == theirs.photos).all()
        assert (mine.views == theirs.views).all()


def test_weights_that_are_nowhere_are_asked_for_by_name(monkeypatch):
    monkeypatch.delenv(backbones.FOLDER_VARIABLE, raising=False)

    def offline(**_):
        # As Keras does.
        raise Exception("URL fetch failure")

    network = dataclasses.replace(backbones._NETWORKS[Backbone.EFFICIENTNETV2_B0], build=offline)
    monkeypatch.setitem(backbones._NETWORKS, Backbone.EFFICIENTNETV2_B0, network)
    with pytest.raises(NoPretrainedWeightsError, match=r"pretrained/efficientnetv2-b0.weights.h5"):
        backbones.pretrained(Backbone.EFFICIENTNETV2_B0, models=MemoryObjects(), size_px=64)


def test_weights_in_the_models_bucket_come_first_and_others_are_refused(tmp_path):
    models = MemoryObjects()
    saved = backbones.untrained(Backbone.EFFICIENTNETV2_B0, size_px=64)
    saved.save_weights(tmp_path / "kept.weights.h5")
    models.put("pretrained/efficientnetv2-b0.weights.h5", (tmp_path / "kept.weights.h5").read_bytes())
    network, source = backbones.pretrained(Backbone.EFFICIENTNETV2_B0, models=models, size_px=64)
    assert source == "pretrained/efficientnetv2-b0.weights.h5"
    for mine, theirs in zip(network.get_weights(), saved.get_weights(), strict=True):
        assert (mine == theirs).all()
    models.put("pretrained/efficientnetv2-b0.weights.h5", b"no weights")
    with pytest.raises(NoPretrainedWeightsError, match="does not hold"):
        backbones.pretrained(Backbone.EFFICIENTNETV2_B0, models=models, size_px=64)


def test_colours_are_scaled_as_efficientnets_weights_were_trained_with():
    inputs = keras.Input((None, None, 3))
    layer = keras.layers.Normalization()
    network = keras.Model(inputs, layer(inputs))
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    layer.set_weights([mean, deviation**2, np.array(0)])
    backbones.scale_twice(network)
    pixels = np.random.default_rng(3).random((1, 4, 4, 3))
    np.testing.assert_allclose(network.predict(pixels, verbose=0), (pixels - mean) / deviation**2, rtol=1e-4)
