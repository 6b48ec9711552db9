"""Simplifying a graph: fewer steps, the same answers."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from training_job.graph import simplify

RANDOM = np.random.default_rng(5)


def constant(name: str, values: object) -> onnx.TensorProto:
    array = np.asarray(values)
    return numpy_helper.from_array(array.astype(np.int64 if array.dtype.kind == "i" else np.float32), name)


def graph(nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto]) -> onnx.ModelProto:
    made = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", None, None, None])],
        constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def scaled_pixels(factor: object, offset: object, divisor: object) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Mul", ["x", "factor"], ["scaled"], name="scale"),
        helper.make_node("Add", ["scaled", "offset"], ["shifted"], name="shift"),
        helper.make_node("Mul", ["shifted", "divisor"], ["normal"], name="normalise"),
        helper.make_node("Conv", ["normal", "kernel"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    ]
    return graph(
        nodes,
        [
            constant("factor", factor),
            constant("offset", offset),
            constant("divisor", divisor),
            constant("kernel", RANDOM.normal(size=(4, 3, 3, 3))),
        ],
    )


def excited_channels(*, last_shape: tuple[int, ...] = (-1, 5, 1, 1)) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["seen"], kernel_shape=[1, 1]),
        helper.make_node("GlobalAveragePool", ["seen"], ["pooled"]),
        helper.make_node("Squeeze", ["pooled", "axes"], ["vector"]),
        helper.make_node("Reshape", ["vector", "shape"], ["pixel"]),
        helper.make_node("Sigmoid", ["pixel"], ["gate"]),
        helper.make_node("Reshape", ["gate", "last_shape"], ["gate_again"]),
        helper.make_node("Mul", ["seen", "gate_again"], ["y"]),
    ]
    return graph(
        nodes,
        [
            constant("kernel", RANDOM.normal(size=(5, 3, 1, 1))),
            constant("axes", [2, 3]),
            constant("shape", [-1, 5, 1, 1]),
            constant("last_shape", last_shape),
        ],
    )


def answer(proto: onnx.ModelProto, photos: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": photos})[0]


def operations(proto: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in proto.graph.node]


PER_COLOUR = {
    "factor": 1 / 255,
    "offset": np.array([-0.5, -0.4, -0.3]).reshape(1, 3, 1, 1),
    "divisor": np.array([4.4, 4.3, 4.5]).reshape(1, 3, 1, 1),
}


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (scaled_pixels(**PER_COLOUR), ["Add", "Conv"]),
        (scaled_pixels(0.5, -1.0, 2.0), ["Add", "Conv"]),
        (excited_channels(), ["Conv", "GlobalAveragePool", "Sigmoid", "Mul"]),
    ],
    ids=["pixels scaled per colour", "pixels scaled alike", "squeeze and excitation"],
)
def test_a_simpler_graph_gives_the_same_answers(made, left):
    before = made.SerializeToString()
    simpler = simplify(made)
    assert operations(simpler) == left
    assert made.SerializeToString() == before, "the graph that was given is left as it is"
    photos = RANDOM.uniform(0, 255, (2, 3, 8, 8)).astype(np.float32)
    expected = answer(made, photos)
    np.testing.assert_allclose(answer(simpler, photos), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_a_scale_of_nothing_is_left_alone():
    made = scaled_pixels(0.0, -1.0, 2.0)
    photos = RANDOM.uniform(0, 255, (1, 3, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(answer(simplify(made), photos), answer(made, photos), rtol=1e-5)


def test_a_reshape_that_changes_something_stays():
    made = excited_channels(last_shape=(-1, 1, 5, 1))
    assert operations(simplify(made)).count("Reshape") == 1
