"""Model bundles as ONNX Runtime sessions; a bundle that fails its hash, its shape or its self-test is refused.

The bundle: ``model.onnx`` takes ``image`` (uint8, shape (batch, size, size, 3), RGB) and gives ``probabilities``
(float32, (batch, K)), ``embedding`` and ``familiarity`` (float32, (batch,), higher is more familiar); ``bundle.json``
names the K species in output order; ``self_test.npz`` holds images and the probabilities they must give.
"""

import ctypes
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from avocet.adapters.memory import give_back
from avocet.domain.scoring import ModelLabels, Scores, Thresholds
from avocet.domain.sketching import sketch_of
from avocet.domain.taxonomy import WorldList
from avocet.usecases.ports import BrokenBundleError, Pixels

SELF_TEST_TOLERANCE = 1e-3

_SCHEMA = 1
_OUTPUTS = ("probabilities", "familiarity", "embedding")
_HASHED = ("model.onnx", "self_test.npz")
# Source: malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


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
        probabilities, familiarity, embedding = self.session.run(_OUTPUTS, {"image": pixels[np.newaxis]})
        return Scores(probabilities[0], float(familiarity[0]), sketch_of(embedding[0]))


class _Session(ort.InferenceSession):  # type: ignore[misc]  # its package has no types
    """A session whose memory goes back to the system when nobody asks it any more.

    At a swap the one before ends long after its successor has been opened and given back what that left free. glibc
    would keep the holes: a process grew by some 10 MB with each of its first dozen swaps, and stayed as large.
    """

    def __del__(self) -> None:
        # What holds the memory is among the attributes, which would only go after this.
        self.__dict__.clear()
        give_back()


def load_bundle(folder: Path, world_list: WorldList, *, self_test_images: int | None = None) -> OnnxClassifier:
    """Open a session and let it prove itself; afterwards the files are no longer needed.

    From files, not from bytes: a graph that also lay in Python's memory took 26 MB more at the peak.

    Args:
        folder: Holds the bundle's three files.
        world_list: Says which genus and family each output belongs to.
        self_test_images: How many of the self-test's images to score; all by default.

    Raises:
        BrokenBundleError: The bundle is incomplete, damaged, or does not reproduce its own self-test.
    """
    try:
        manifest = json.loads((folder / "bundle.json").read_bytes())
        if manifest["schema"] != _SCHEMA:
            raise BrokenBundleError(f"bundle.json has schema {manifest['schema']!r}; this code reads {_SCHEMA}")
        # By their own names: what the description calls them would be a path of somebody else's choice.
        for name in _HASHED:
            _check_hash(folder / name, manifest["files"][name]["sha256"])
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
            session=_session(folder / "model.onnx"),
        )
    except FileNotFoundError as error:
        raise BrokenBundleError(f"{error.filename} is missing") from error
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BrokenBundleError(f"bundle.json does not describe a bundle: {error!r}") from error
    _self_test(classifier, folder / "self_test.npz", self_test_images)
    return classifier


def _check_hash(file: Path, expected: str) -> None:
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != expected:
        raise BrokenBundleError(f"{file.name} is not the file that the bundle was made with")


def _session(model: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # More threads than cores spin against each other: twice as slow on one core.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        with _thrifty_allocation():
            return _Session(str(model), options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise BrokenBundleError(f"model.onnx cannot be opened: {error}") from error


@contextmanager
def _thrifty_allocation() -> Iterator[None]:
    """Give large blocks back as soon as they are freed.

    Loading widens the weights and lays them out anew; glibc would keep the copies, and they are the peak of a whole
    process. Afterwards large blocks are kept again, since a photo's buffers come and go with every request. Other C
    libraries have no such switches.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        return
    # Each block that comes from the system is filled with zeros first: giving back those of 128 KB too would save 14 MB
    # more of the peak, and cost a half more of the time.
    libc.mallopt(_M_MMAP_THRESHOLD, 4 * 1024 * 1024)
    try:
        yield
    finally:
        # What glibc itself arrives at once blocks of that size have come and gone.
        libc.mallopt(_M_MMAP_THRESHOLD, 32 * 1024 * 1024)
        libc.mallopt(_M_TRIM_THRESHOLD, 64 * 1024 * 1024)
        give_back()


def _self_test(classifier: OnnxClassifier, archive: Path, most: int | None) -> None:
    try:
        with np.load(archive, allow_pickle=False) as expected:
            images, probabilities = expected["images"][:most], expected["probabilities"][:most]
    except (OSError, ValueError, KeyError, EOFError) as error:
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
