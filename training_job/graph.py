"""Makes an exported graph cheaper to run without changing what it answers; leaves alone whatever it does not know.

tf2onnx keeps the layout changes of a channels-last network around every squeeze-and-excitation, and the scaling of the
pixels in front of the first convolution. Each costs a pass over memory, and keeps ONNX Runtime from staying in the blocked layout
that its convolutions use.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper, shape_inference

FloatArray = npt.NDArray[np.float32]


def simplify(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Drops reshapes that change nothing and moves pixel scaling into the convolutions behind it.

    Args:
        proto: A graph in float32 whose constants are initialisers; it is left as it is.

    Returns:
        A graph with the same inputs and outputs, equal to the first up to rounding.
    """
    simpler = onnx.ModelProto()
    simpler.CopyFrom(proto)
    _drop_squeezes(simpler)
    _drop_reshapes_that_change_nothing(simpler)
    _move_scale_into_convolutions(simpler)
    _drop_what_nobody_reads(simpler)
    onnx.checker.check_model(simpler)
    return simpler


def _drop_squeezes(proto: onnx.ModelProto) -> None:
    # Pooled to one pixel, squeezed to a vector, reshaped to one pixel again.
    constants, producers = _constants(proto), _producers(proto)
    for reshape in [node for node in proto.graph.node if node.op_type == "Reshape"]:
        squeeze = producers.get(reshape.input[0])
        pool = producers.get(squeeze.input[0]) if squeeze is not None and squeeze.op_type == "Squeeze" else None
        target = constants.get(reshape.input[1], np.zeros(0))
        if pool is not None and pool.op_type == "GlobalAveragePool" and tuple(target[2:]) == (1, 1):
            _bypass(proto, reshape, pool.output[0])


def _drop_reshapes_that_change_nothing(proto: onnx.ModelProto) -> None:
    constants = _constants(proto)
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in shape_inference.infer_shapes(proto).graph.value_info
    }
    for reshape in [node for node in proto.graph.node if node.op_type == "Reshape"]:
        shape, target = shapes.get(reshape.input[0], []), constants.get(reshape.input[1], np.zeros(0))
        # The first axis is the batch; an axis of unknown length counts as 0.
        if len(shape) > 1 and all(shape[1:]) and list(target[1:]) == shape[1:]:
            _bypass(proto, reshape, reshape.input[0])


def _move_scale_into_convolutions(proto: onnx.ModelProto) -> None:
    # (x * a + b) * c before a convolution W is x + b / a before a convolution W * a * c; padding is 0 in both.
    constants, producers = _constants(proto), _producers(proto)
    for convolution in [node for node in proto.graph.node if node.op_type == "Conv"]:
        before = producers.get(convolution.input[0])
        scale = _scale(constants, before) if before is not None and before.op_type == "Mul" else None
        if before is not None and scale is not None:
            _scale_kernel(proto, convolution, scale)
            convolution.input[0] = before.input[0]
            _drop_what_nobody_reads(proto)
            before = producers.get(convolution.input[0])
        first = producers.get(before.input[0]) if before is not None and before.op_type == "Add" else None
        if before is None or first is None or first.op_type != "Mul":
            continue
        factor, offset = _scale(constants, first), constants.get(before.input[1])
        if factor is None or offset is None or _users(proto, before.output[0]) != 1:
            continue
        _scale_kernel(proto, convolution, factor)
        moved = numpy_helper.from_array((offset / factor).astype(np.float32), f"{before.name}.moved")
        proto.graph.initializer.append(moved)
        before.input[0], before.input[1] = first.input[0], moved.name


def _scale(constants: Mapping[str, FloatArray], multiply: onnx.NodeProto) -> FloatArray | None:
    # One factor, or one for each of three colours: anything larger would be no pixel scaling.
    factor = constants.get(multiply.input[1])
    if factor is None or factor.size not in (1, 3) or np.any(factor == 0):
        return None
    return factor.reshape(1, -1, 1, 1)


def _scale_kernel(proto: onnx.ModelProto, convolution: onnx.NodeProto, factor: FloatArray) -> None:
    kernel = _constants(proto)[convolution.input[1]]
    scaled = numpy_helper.from_array((kernel * factor).astype(np.float32), f"{convolution.input[1]}.scaled")
    proto.graph.initializer.append(scaled)
    convolution.input[1] = scaled.name


def _drop_what_nobody_reads(proto: onnx.ModelProto) -> None:
    outputs = {output.name for output in proto.graph.output}
    while True:
        read = {name for node in proto.graph.node for name in node.input} | outputs
        unread = [node for node in proto.graph.node if not read & set(node.output)]
        if not unread:
            break
        for node in unread:
            proto.graph.node.remove(node)
    kept = [tensor for tensor in proto.graph.initializer if tensor.name in read]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    del proto.graph.value_info[:]


def _bypass(proto: onnx.ModelProto, node: onnx.NodeProto, source: str) -> None:
    if node.output[0] in {output.name for output in proto.graph.output}:
        return
    for reader in proto.graph.node:
        for at, name in enumerate(reader.input):
            if name == node.output[0]:
                reader.input[at] = source


def _constants(proto: onnx.ModelProto) -> dict[str, FloatArray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}


def _producers(proto: onnx.ModelProto) -> dict[str, onnx.NodeProto]:
    return {name: node for node in proto.graph.node for name in node.output}


def _users(proto: onnx.ModelProto, name: str) -> int:
    return sum(name in node.input for node in proto.graph.node)
