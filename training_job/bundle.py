"""The bundle that serving reads: how a graph is run, stored in half its size, compared, self-tested and written.

Knows ONNX and ONNX Runtime only, so that what needs no TensorFlow runs without it. It refuses a graph that does not
answer as the one it was made from.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FloatArray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

INPUT_NAME = "image"
OUTPUT_NAMES = ("probabilities", "embedding", "familiarity")
MAX_HALF_STORAGE_DIFFERENCE = 1e-2
_HALF_STORAGE_MIN_VALUES = 256


class ParityError(RuntimeError):
    """A graph does not answer as the one it was made from."""


def store_in_half_precision(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Halves the file: weights are stored as float16 and cast to float32 when the graph is loaded.

    ONNX Runtime folds those casts into float32 constants while loading, so that a run costs what it did before.

    Returns:
        A new graph; the one given is left as it is.
    """
    half = onnx.ModelProto()
    half.CopyFrom(proto)
    kept, casts = [], []
    for tensor in half.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _HALF_STORAGE_MIN_VALUES:
            kept.append(tensor)
            continue
        stored = numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}.half")
        kept.append(stored)
        casts.append(
            helper.make_node("Cast", [stored.name], [tensor.name], name=f"{tensor.name}.cast", to=TensorProto.FLOAT)
        )
    del half.graph.initializer[:]
    half.graph.initializer.extend(kept)
    nodes = [*casts, *half.graph.node]
    del half.graph.node[:]
    half.graph.node.extend(nodes)
    onnx.checker.check_model(half)
    return half


def session_on(proto: onnx.ModelProto, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """Opens a graph on the CPU, by default on one thread as serving does."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin while they wait take the cores from whoever has work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])


def answers(session: onnxruntime.InferenceSession, photos: Pixels, *, batch: int = 16) -> dict[str, FloatArray]:
    """Runs uint8 [n, size, size, 3] RGB photos; returns each output by name, [n, ...]."""
    names = [output.name for output in session.get_outputs()]
    parts = [session.run(names, {INPUT_NAME: photos[start : start + batch]}) for start in range(0, len(photos), batch)]
    return {name: np.concatenate([part[at] for part in parts]) for at, name in enumerate(names)}


def check_parity(
    expected: Mapping[str, FloatArray], got: Mapping[str, FloatArray], *, max_difference: float
) -> dict[str, float]:
    """Compares two runs over the same photos.

    Returns:
        The largest difference of the probabilities and the share of photos whose likeliest species is the same.

    Raises:
        ParityError: If a probability differs by more than `max_difference`, or a likeliest species that was ahead by
            more than that changes.
    """
    difference = float(np.abs(expected["probabilities"] - got["probabilities"]).max())
    first = expected["probabilities"].argmax(axis=1)
    same = got["probabilities"].argmax(axis=1) == first
    two_best = np.sort(expected["probabilities"], axis=1)[:, -2:]
    is_close_call = two_best[:, 1] - two_best[:, 0] <= 2 * max_difference
    if difference > max_difference:
        raise ParityError(f"probabilities differ by {difference:.2e}, more than {max_difference:.0e}")
    if not np.all(same | is_close_call):
        raise ParityError(f"{int(np.sum(~same & ~is_close_call))} photos change their likeliest species")
    return {"max_probability_difference": difference, "same_first_ratio": float(same.mean())}


def self_test_images(*, input_size_px: int) -> Pixels:
    """Draws the pictures a bundle is tested with before it serves: no photo of anyone, the same everywhere.

    Returns:
        uint8 [4, size, size, 3] RGB: two smooth gradients, stripes and noise.
    """
    row, column = np.mgrid[0:input_size_px, 0:input_size_px].astype(np.int64)
    top = input_size_px - 1
    wide, tall = column * 255 // top, row * 255 // top
    stripes = (row // 7 + column // 11) % 2 * 255
    noise = np.random.default_rng(20261123).integers(0, 256, (input_size_px, input_size_px, 3))
    images = [
        np.stack([wide, tall, 255 - wide], axis=-1),
        np.stack([tall, (wide + tall) // 2, wide], axis=-1),
        np.stack([stripes, 255 - stripes, wide], axis=-1),
        noise,
    ]
    return np.stack(images).astype(np.uint8)


def write_bundle(
    folder: Path,
    proto: onnx.ModelProto,
    *,
    species: Sequence[str],
    recipe: str,
    backbone: str,
    input_size_px: int,
    thresholds: Mapping[str, object],
    metrics: Mapping[str, object],
    version_prefix: str,
    created_on: date,
    more: Mapping[str, object] | None = None,
) -> str:
    """Writes `model.onnx`, `self_test.npz` and, last, `bundle.json`, with `more` at its end.

    Returns:
        The model version: the prefix and the first 8 hex digits of the graph's SHA-256.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graph = proto.SerializeToString(deterministic=True)
    images = self_test_images(input_size_px=input_size_px)
    expected = answers(session_on(proto), images)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=images, probabilities=expected["probabilities"])
    files = {"model.onnx": graph, "self_test.npz": buffer.getvalue()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    version = f"{version_prefix}-{hashlib.sha256(graph).hexdigest()[:8]}"
    description = {
        "schema": 1,
        "model_version": version,
        "recipe": recipe,
        "backbone": backbone,
        "created_on": created_on.isoformat(),
        "input_size_px": input_size_px,
        "species": list(species),
        "thresholds": dict(thresholds),
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)} for name, data in files.items()
        },
        "metrics": dict(metrics),
        **(more or {}),
    }
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    (folder / "bundle.json").write_text(text, encoding="utf-8")
    return version
