"""The shipped model keeps the bundle's promises and names photos of the set it was made for."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from avocet.adapters.onnx import OnnxClassifier, load_bundle
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.imaging import to_model_input
from avocet.domain.scoring import interpret

_ROOT = Path(__file__).resolve().parents[3]
STARTER = _ROOT / "models" / "starter"
PHOTOS = _ROOT.parent / "shared" / "data" / "birds-sample" / "train"
MAX_BYTES = 30_000_000


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: (STARTER / name).read_bytes() for name in ("bundle.json", "model.onnx", "self_test.npz")}


@pytest.fixture(scope="module")
def description(files):
    return json.loads(files["bundle.json"])


@pytest.fixture(scope="module")
def starter() -> OnnxClassifier:
    return load_bundle(STARTER, world_list())


def test_the_bundle_is_small_enough_and_says_what_it_holds(files, description):
    assert sum(len(data) for data in files.values()) <= MAX_BYTES
    for name, file in description["files"].items():
        assert len(files[name]) == file["size_bytes"]
        assert hashlib.sha256(files[name]).hexdigest() == file["sha256"]
    assert description["model_version"] == f"starter-{description['files']['model.onnx']['sha256'][:8]}"


def test_the_graph_takes_photos_and_gives_the_promised_outputs(files, description):
    graph = onnx.load(io.BytesIO(files["model.onnx"])).graph
    (image,) = graph.input
    assert image.name == "image"
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert [axis.dim_param or axis.dim_value for axis in image.type.tensor_type.shape.dim] == ["batch", 224, 224, 3]
    outputs = {
        output.name: [axis.dim_param or axis.dim_value for axis in output.type.tensor_type.shape.dim]
        for output in graph.output
    }
    assert outputs["probabilities"] == ["batch", len(description["species"])]
    assert outputs["familiarity"] == ["batch"]
    assert len(outputs["embedding"]) == 2


def test_every_species_is_one_of_the_world_list(description):
    assert len(set(description["species"])) == len(description["species"])
    assert None not in world_list().find_many(description["species"])


def test_the_thresholds_can_be_reached(description):
    thresholds = description["thresholds"]
    assert 0 < thresholds["sure_min_score"] < 1
    assert 0 < thresholds["coarser_min_score"] < 1
    assert thresholds["familiarity"]["kind"]
    assert -1 < thresholds["familiarity"]["min"] < 2


def test_noise_is_nothing_the_model_knows(starter):
    noise = np.random.default_rng(3).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    assert interpret(
        starter.score(noise), labels=starter.labels, thresholds=starter.thresholds, model_version="v"
    ).unfamiliar


def test_the_starter_names_photos_of_its_set(starter):
    if not PHOTOS.is_dir():
        pytest.skip("the sample photos are not beside the repository")
    labels = sorted(path.name for path in PHOTOS.iterdir())[::20]
    right = 0
    for label in labels:
        photo = min(
            (PHOTOS / label).iterdir(), key=lambda path: hashlib.sha256(f"{label}/{path.name}".encode()).digest()
        )
        said = starter.score(to_model_input(photo.read_bytes()).pixels).probabilities
        review = world_list().review_of(label)
        assert review is not None
        right += starter.labels.species[int(said.argmax())] == review.species_id
    # All of them were trained on: what is tried is the path from a photo's bytes to a name.
    assert right >= 0.95 * len(labels)
