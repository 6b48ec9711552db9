"""Model bundles as ONNX Runtime sessions; a bundle that fails its hash, its shape or its self-test is refused.

The bundle: ``model.onnx`` takes ``image`` (uint8, shape (batch, size, size, 3), RGB) and gives ``probabilities``
(float32, (batch, K)), ``embedding`` and ``familiarity`` (float32, (batch,), higher is more familiar); ``bundle.json``
names the K species in output order; ``self_test.npz`` holds images and the probabilities they must give.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from avocet.domain.scoring import ModelLabels, Scores, Thresholds
from avocet.domain.taxonomy import WorldList
from avocet.usecases.ports import BrokenBundleError, Pixels

SELF_TEST_TOLERANCE = 1e-3

_SCHEMA = 1


@dataclass(frozen=True)
class OnnxClassifier:
    """A session that passed its self-test."""

    model_version: str
    size_px: int
    labels: ModelLabels
    thresholds: Thresholds
    session: ort.InferenceSession

    def score(self, pixels: Pixels) -> Scores:
        """Score one image: uint8, shape (size_px, size_px, 3), RGB, 0..255."""
        probabilities, familiarity = self.session.run(["probabilities", "familiarity"], {"image": pixels[np.newaxis]})
        return Scores(probabilities[0], float(familiarity[0]))


def read_bundle(directory: Path) -> dict[str, bytes]:
    """Return the files of a bundle on disk, by name.

    Raises:
        BrokenBundleError: A file is missing.
    """
    try:
        return {name: (directory / name).read_bytes() for name in ("bundle.json", "model.onnx", "self_test.npz")}
    except FileNotFoundError as error:
        raise BrokenBundleError(f"{error.filename} is missing") from error


def load_bundle(
    files: Mapping[str, bytes], world_list: WorldList, *, self_test_images: int | None = None
) -> OnnxClassifier:
    """Open a session and let it prove itself.

    Args:
        files: The bundle's files by name.
        world_list: Says which genus and family each output belongs to.
        self_test_images: How many of the self-test's images to score; all by default.

    Raises:
        BrokenBundleError: The bundle is incomplete, damaged, or does not reproduce its own self-test.
    """
    try:
        manifest = json.loads(files["bundle.json"])
        if manifest["schema"] != _SCHEMA:
            raise BrokenBundleError(f"bundle.json has schema {manifest['schema']!r}; this code reads {_SCHEMA}")
        for name, expected in manifest["files"].items():
            _check_hash(name, files[name], expected["sha256"])
        species = [str(species_id) for species_id in manifest["species"]]
        limits = manifest["thresholds"]
        classifier = OnnxClassifier(
            model_version=str(manifest["model_version"]),
            size_px=int(manifest["input_size_px"]),
            labels=ModelLabels.of(species, world_list.find_many(species)),
            thresholds=Thresholds(
                sure_min_score=float(limits["sure_min_score"]),
                coarser_min_score=float(limits["coarser_min_score"]),
                familiarity_min=float(limits["familiarity"]["min"]),
            ),
            session=_session(files["model.onnx"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenBundleError(f"bundle.json does not describe a bundle: {error!r}") from error
    _self_test(classifier, files["self_test.npz"], self_test_images)
    return classifier


def _check_hash(name: str, data: bytes, expected: str) -> None:
    if hashlib.sha256(data).hexdigest() != expected:
        raise BrokenBundleError(f"{name} is not the file that the bundle was made with")


def _session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # More threads than cores spin against each other: twice as slow on one core.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise BrokenBundleError(f"model.onnx cannot be opened: {error}") from error


def _self_test(classifier: OnnxClassifier, archive: bytes, most: int | None) -> None:
    try:
        with np.load(io.BytesIO(archive), allow_pickle=False) as expected:
            images, probabilities = expected["images"][:most], expected["probabilities"][:most]
    except (OSError, ValueError, KeyError) as error:
        raise BrokenBundleError(f"self_test.npz cannot be read: {error}") from error
    try:
        got: Any = [classifier.score(image).probabilities for image in images]
    except _ORT_ERRORS as error:
        raise BrokenBundleError(f"the model cannot score its own self-test: {error}") from error
    if len(images) == 0 or np.shape(got) != np.shape(probabilities):
        raise BrokenBundleError("the model's answers to its self-test have another shape")
    if len(classifier.labels.species) != np.shape(got)[1]:
        raise BrokenBundleError("the model has another number of outputs than species")
    off = float(np.abs(np.asarray(got) - probabilities).max())
    if not off < SELF_TEST_TOLERANCE:
        raise BrokenBundleError(f"the model misses its self-test by {off:.3g}")


# ONNX Runtime's exceptions share no base below RuntimeError and Exception; these are all it raises for a bad model.
_STATE = ort.capi.onnxruntime_pybind11_state
_ORT_ERRORS: tuple[type[Exception], ...] = (
    _STATE.Fail,
    _STATE.InvalidArgument,
    _STATE.InvalidGraph,
    _STATE.InvalidProtobuf,
    _STATE.NoSuchFile,
    _STATE.NotImplemented,
    _STATE.RuntimeException,
    RuntimeError,
    ValueError,
)
