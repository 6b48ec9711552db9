"""A training from photos to bundle, on a network and a world small enough to run in a minute."""

import dataclasses
import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from avocet.adapters.world_list_sqlite import world_list
from training_job import train as training
from training_job.bundle import ParityError, check_parity, self_test_images, session_on
from training_job.config import STARTER
from training_job.finetune import FineTuning, fine_tune
from training_job.head import LinearHead
from training_job.model import efficientnet_v2_b0, mobilenet_v2
from training_job.progress import TrainingProgress
from training_job.refusals import DivergedError

SIZE_PX = 64
LABELS = ("ABBOTTS BABBLER", "ABBOTTS BOOBY", "BALD EAGLE", "BARN OWL", "COMMON LOON", "SNOWY OWL")
INAT = ("Haliaeetus leucocephalus (Bald Eagle)", "Gavia immer (Common Loon)", "background")
TINY = dataclasses.replace(
    STARTER,
    input_size_px=SIZE_PX,
    head_views=1,
    fine_tuning=dataclasses.replace(STARTER.fine_tuning, epochs=1, batch=6, size_px=48),
    tuned_ratios=(0.5,),
    species_folds=3,
)


def tiny_network(config, _pretrained):
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(16, 5, strides=4, activation="relu")(x)
    features = keras.layers.GlobalAveragePooling2D()(x)
    opinion = keras.layers.Dense(len(INAT), name="opinion_logits")(features)
    joined = keras.layers.Concatenate()([features, keras.layers.Softmax()(opinion)])
    return keras.Model(inputs, keras.layers.UnitNormalization()(joined))


@pytest.fixture
def data(tmp_path):
    random = np.random.default_rng(5)
    for at, label in enumerate(LABELS):
        folder = tmp_path / "data" / "birds-sample" / "train" / label
        folder.mkdir(parents=True)
        for number in range(4):
            pixels = np.full((SIZE_PX, SIZE_PX, 3), [40 * at, 200 - 30 * at, 90], np.int64)
            pixels[:: at + 2] //= 2
            noisy = np.clip(pixels + random.integers(-20, 20, pixels.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"{number:03}.jpg", quality=95)
    weights = tmp_path / "data" / "weights"
    weights.mkdir()
    (weights / "inat_bird_labels.txt").write_text("\n".join(INAT), encoding="utf-8")
    return tmp_path / "data"


def test_photos_become_a_bundle_that_passes_its_own_test(tmp_path, data, monkeypatch):
    monkeypatch.setattr(training, "_joined_network", tiny_network)
    out = tmp_path / "out"

    version = training.train(TINY, data=data, out=out, work=tmp_path / "work", progress=TrainingProgress(stages=10))

    bundle = json.loads((out / "bundle.json").read_text("utf-8"))
    assert bundle["model_version"] == version
    assert bundle["species"] == sorted(world_list().review_of(label).species_id for label in LABELS)
    for name, file in bundle["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == file["sha256"]
    session = session_on_file(out / "model.onnx")
    assert [(entry.name, entry.type, entry.shape) for entry in session.get_inputs()] == [
        ("image", "tensor(uint8)", ["batch", SIZE_PX, SIZE_PX, 3])
    ]
    assert [entry.name for entry in session.get_outputs()] == ["probabilities", "embedding", "familiarity"]
    with np.load(out / "self_test.npz") as expected:
        probabilities, _, familiarity = session.run(None, {"image": expected["images"]})
        assert np.abs(probabilities - expected["probabilities"]).max() < 1e-3
    assert familiarity.shape == (len(probabilities),)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_second_run_does_not_fine_tune_again_and_answers_the_same(tmp_path, data, monkeypatch):
    monkeypatch.setattr(training, "_joined_network", tiny_network)
    answers = []
    for run in ("first", "second"):
        out = tmp_path / run
        training.train(TINY, data=data, out=out, work=tmp_path / "work", progress=TrainingProgress(stages=10))
        with np.load(out / "self_test.npz") as kept:
            answers.append(kept["probabilities"])
        monkeypatch.setattr(training, "fine_tune", lambda *_args, **_kwargs: pytest.fail("trained again"))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)


def test_a_loss_that_is_no_number_stops_the_training_with_a_reason():
    embedding = tiny_network(TINY, None)
    size = embedding.output_shape[-1]
    head = LinearHead(np.full((size, 3), np.nan, np.float32), np.zeros(3, np.float32))
    photos = np.zeros((4, SIZE_PX, SIZE_PX, 3), np.uint8)
    settings = FineTuning(
        epochs=1, batch=2, size_px=48, learning_rate=1e-4, score_scale=1.0, label_smoothing=0.0, seed=1
    )
    with pytest.raises(DivergedError, match=r"step 1 of 2.*lower the learning rate"):
        fine_tune(
            embedding, photos, np.zeros(4, np.intp), np.zeros(4, np.intp), [head], settings, on_step=lambda _: None
        )


def test_an_export_that_names_another_species_is_refused():
    expected = {"probabilities": np.array([[0.9, 0.1]], np.float32)}
    with pytest.raises(ParityError):
        check_parity(expected, {"probabilities": np.array([[0.1, 0.9]], np.float32)}, max_difference=1e-4)


def test_the_self_test_draws_the_same_pictures_everywhere():
    assert (self_test_images(input_size_px=32) == self_test_images(input_size_px=32)).all()


@pytest.mark.parametrize("build", [mobilenet_v2, lambda: efficientnet_v2_b0(None)])
def test_a_backbone_takes_photos_of_any_size(build):
    network = build()
    for side_px in (64, 96):
        assert network(np.zeros((1, side_px, side_px, 3), np.float32)).shape == (1, 1280)


def session_on_file(path: Path):
    import onnx

    return session_on(onnx.load(path))
