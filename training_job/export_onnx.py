"""Turns a Keras network into the bundle that serving reads, and refuses one that does not answer as Keras did.

`tf2onnx.convert.from_keras` is used because `model.export(format="onnx")` silently leaves two extra inputs.
"""

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx
from onnx import TensorProto, helper, numpy_helper

FloatArray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

OPSET = 17
INPUT_NAME = "image"
OUTPUT_NAMES = ("probabilities", "embedding", "familiarity")
MAX_PARITY_DIFFERENCE = 1e-4
MAX_HALF_STORAGE_DIFFERENCE = 1e-2
_HALF_STORAGE_MIN_VALUES = 256
_SELF_TEST_IMAGES = 4


class ParityError(RuntimeError):
    """The exported graph does not answer as the Keras network does."""


def to_onnx(network: keras.Model, *, input_size_px: int) -> onnx.ModelProto:
    """Exports a network with float pixels in as a graph with uint8 pixels in.

    Args:
        network: From float32 [batch, size, size, 3], 0-255 RGB, to a dictionary of outputs, named as in `OUTPUT_NAMES`.
        input_size_px: Side of the square input.

    Returns:
        A graph with exactly one input, `image` uint8 [batch, size, size, 3], and the network's outputs.
        Inside it works channels-first, which ONNX Runtime's CPU kernels prefer, with batch normalisation folded away.
    """
    signature = (tf.TensorSpec((None, input_size_px, input_size_px, 3), tf.float32, name=INPUT_NAME),)
    proto, _ = tf2onnx.convert.from_keras(network, signature, opset=OPSET, inputs_as_nchw=[INPUT_NAME])
    _put_pixels_first(proto, input_size_px=input_size_px)
    _order_outputs(proto, [name for name in OUTPUT_NAMES if name in network.output])
    _name_batch_axis(proto)
    onnx.checker.check_model(proto)
    return _folded(proto)


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
) -> str:
    """Writes `model.onnx`, `self_test.npz` and, last, `bundle.json`.

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
    }
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    (folder / "bundle.json").write_text(text, encoding="utf-8")
    return version


def _put_pixels_first(proto: onnx.ModelProto, *, input_size_px: int) -> None:
    graph = proto.graph
    if len(graph.input) != 1:
        raise ParityError(f"the graph has {len(graph.input)} inputs, not one")
    inner = graph.input[0].name
    for node in graph.node:
        for at, name in enumerate(node.input):
            if name == inner:
                node.input[at] = "pixels_nchw"
    prefix = [
        helper.make_node("Transpose", [INPUT_NAME], ["pixels_nchw_uint8"], perm=[0, 3, 1, 2], name="to_nchw"),
        helper.make_node("Cast", ["pixels_nchw_uint8"], ["pixels_nchw"], to=TensorProto.FLOAT, name="to_float"),
    ]
    nodes = [*prefix, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.input[:]
    graph.input.append(
        helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, ["batch", input_size_px, input_size_px, 3])
    )


def _order_outputs(proto: onnx.ModelProto, names: Sequence[str]) -> None:
    by_name = {output.name: output for output in proto.graph.output}
    if set(by_name) != set(names):
        raise ParityError(f"the graph's outputs are {sorted(by_name)}, not {sorted(names)}")
    del proto.graph.output[:]
    proto.graph.output.extend(by_name[name] for name in names)


def _name_batch_axis(proto: onnx.ModelProto) -> None:
    # tf2onnx calls it unk__N, another N each time.
    for output in proto.graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = "batch"


def _folded(proto: onnx.ModelProto) -> onnx.ModelProto:
    # Basic optimisation only: it folds batch normalisation and constants, and its result runs on every CPU.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        options.log_severity_level = 3
        onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(path)
