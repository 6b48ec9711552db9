"""Bundles: a sound one answers, every other one is refused before it could."""

import hashlib
import io
import json
import weakref

import numpy as np
import pytest

from avocet.adapters import onnx
from avocet.adapters.onnx import load_bundle
from avocet.domain.scoring import interpret
from avocet.usecases.ports import BrokenBundleError
from tests.made.bundles import BLUE, GREEN, RED, SIZE_PX, SPECIES, make_bundle, model_bytes, write_files
from tests.made.memory import MemoryWorldList

WORLD_LIST = MemoryWorldList.of(RED, GREEN, BLUE)


def plain(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((SIZE_PX, SIZE_PX, 3), (red, green, blue), np.uint8)


def with_manifest(files: dict[str, bytes], /, **changes: object) -> dict[str, bytes]:
    return {**files, "bundle.json": json.dumps(json.loads(files["bundle.json"]) | changes).encode()}


def replaced(files: dict[str, bytes], name: str, data: bytes) -> dict[str, bytes]:
    """Replace a file and its hash, as a careless publisher would."""
    manifest = json.loads(files["bundle.json"])
    manifest["files"][name]["sha256"] = hashlib.sha256(data).hexdigest()
    return {**files, name: data, "bundle.json": json.dumps(manifest).encode()}


def test_a_sound_bundle_names_what_it_sees(tmp_path):
    model = load_bundle(write_files(make_bundle(), tmp_path), WORLD_LIST)
    assert (model.model_version, model.size_px, model.labels.species) == ("starter-00000001", SIZE_PX, SPECIES)
    for pixels, species_id in ((plain(250, 0, 0), RED), (plain(0, 250, 0), GREEN), (plain(0, 0, 250), BLUE)):
        scores = model.score(pixels)
        assert scores.probabilities.shape == (3,)
        assert scores.probabilities.sum() == pytest.approx(1)
        said = interpret(scores, labels=model.labels, thresholds=model.thresholds, model_version="v")
        assert said.first.species_id == species_id
        assert scores.familiarity == pytest.approx(said.first.score, abs=1e-5)


def test_a_loaded_bundle_needs_its_files_no_longer(tmp_path):
    model = load_bundle(write_files(make_bundle(), tmp_path), WORLD_LIST)
    for file in tmp_path.iterdir():
        file.unlink()
    assert model.score(plain(250, 0, 0)).probabilities.argmax() == SPECIES.index(RED)


@pytest.mark.parametrize("name", ["bundle.json", "model.onnx", "self_test.npz"])
def test_a_bundle_without_one_of_its_files_is_refused_by_name(tmp_path, name):
    (write_files(make_bundle(), tmp_path) / name).unlink()
    with pytest.raises(BrokenBundleError, match=f"{name} is missing"):
        load_bundle(tmp_path, WORLD_LIST)


def _broken() -> dict[str, dict[str, bytes]]:
    files = make_bundle()
    other = make_bundle(sharpness=5.0)
    shape = io.BytesIO()
    np.savez(shape, images=np.zeros((1, 10, 10, 3), np.uint8), probabilities=np.zeros((1, 3), np.float32))
    nothing = io.BytesIO()
    np.savez(nothing, images=np.zeros((0, SIZE_PX, SIZE_PX, 3), np.uint8), probabilities=np.zeros((0, 3), np.float32))
    pickled = io.BytesIO()
    np.savez(pickled, images=np.array([{"a": 1}], object), probabilities=np.zeros((1, 3), np.float32))
    return {
        "another model under the hash of the first": {**files, "model.onnx": other["model.onnx"]},
        "a truncated model": {**files, "model.onnx": files["model.onnx"][:-50]},
        "a truncated model, hashed again": replaced(files, "model.onnx", files["model.onnx"][:-50]),
        "no model at all": replaced(files, "model.onnx", b"not a model"),
        "an empty model": replaced(files, "model.onnx", b""),
        "another model, hashed again": replaced(files, "model.onnx", other["model.onnx"]),
        "more outputs than species": replaced(files, "model.onnx", model_bytes(4)),
        "fewer species than outputs": with_manifest(files, species=[RED, GREEN]),
        "a self-test that is no archive": replaced(files, "self_test.npz", b"zip?"),
        "a self-test of another size": replaced(files, "self_test.npz", shape.getvalue()),
        "a self-test of nothing": replaced(files, "self_test.npz", nothing.getvalue()),
        "a self-test with pickles": replaced(files, "self_test.npz", pickled.getvalue()),
        "no manifest": {**files, "bundle.json": b""},
        "a manifest that is a list": {**files, "bundle.json": b"[]"},
        "another schema": with_manifest(files, schema=2),
        "no thresholds": with_manifest(files, thresholds={}),
        "a threshold that is text": with_manifest(
            files, thresholds={"sure_min_score": "high", "coarser_min_score": 1, "familiarity": {"min": 0}}
        ),
        "a file that is not there": with_manifest(files, files={"weights.bin": {"sha256": "00"}}),
    }


@pytest.mark.parametrize("files", _broken().values(), ids=_broken().keys())
def test_a_bundle_that_is_not_sound_is_refused(tmp_path, files):
    with pytest.raises(BrokenBundleError):
        load_bundle(write_files(files, tmp_path), WORLD_LIST)


@pytest.mark.parametrize("images", [1, 2, None])
def test_one_image_is_enough_to_tell_another_model(tmp_path, images):
    files = make_bundle()
    model = load_bundle(write_files(files, tmp_path), WORLD_LIST, self_test_images=images)
    assert model.model_version == "starter-00000001"
    write_files(replaced(files, "model.onnx", model_bytes(3, sharpness=19.0)), tmp_path)
    with pytest.raises(BrokenBundleError, match="misses its self-test"):
        load_bundle(tmp_path, WORLD_LIST, self_test_images=images)


def test_what_a_model_took_goes_back_once_nobody_asks_it_any_more(tmp_path, monkeypatch):
    model = load_bundle(write_files(make_bundle(), tmp_path), WORLD_LIST)
    native = weakref.ref(model.session._sess)
    was_gone = []
    monkeypatch.setattr(onnx, "give_back", lambda: was_gone.append(native() is None))
    serving = [model]
    del model
    assert was_gone == []
    serving.clear()
    assert was_gone == [True]
