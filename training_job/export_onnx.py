"""Turns a Keras network into the graph of a bundle, and refuses one that has other inputs or outputs than serving reads.

`tf2onnx.convert.from_keras` is used because `model.export(format="onnx")` silently leaves two extra inputs.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx
from onnx import TensorProto, helper

from training_job.bundle import INPUT_NAME, OUTPUT_NAMES, ParityError
from training_job.graph import simplify

OPSET = 17
MAX_PARITY_DIFFERENCE = 1e-4


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
    return simplify(_folded(proto))


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
