"""Takes a served graph apart: the backbone that embeds a photo, and the head that answers; and puts another head on it.

It reads heads of one shape only (the starter's and its own); of any other graph it takes the backbone and says that no
head could be read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from training_job.bundle import INPUT_NAME

FloatArray = npt.NDArray[np.float32]

EMBEDDING = "embedding"
_TINY = 1e-12
_AXES_AS_INPUT_OPSET = 18


class ForeignGraphError(ValueError):
    """The graph is not one that a head can be put on."""


@dataclass(frozen=True)
class AnsweringHead:
    """Everything that comes after the embedding.

    Scores are ``embedding @ weights + bias``; probabilities their power law; the familiarity is the best score plus the
    cosine, seen from ``centre``, to the nearest species' direction.

    Attributes:
        weights: float32 [D, K].
        bias: float32 [K].
        floor: What a score of 0 counts as.
        power: Of the power law.
        centre: float32 [D], the mean embedding.
        directions: float32 [K, D], of unit length.
    """

    weights: FloatArray
    bias: FloatArray
    floor: float
    power: float
    centre: FloatArray
    directions: FloatArray


class Graph:
    """A served graph with its weights in full precision at hand."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        """Index the graph.

        Raises:
            ForeignGraphError: It has no embedding output, or another input than a photo.
        """
        self.proto = proto
        self._made_by = {name: node for node in proto.graph.node for name in node.output}
        self._constants = {tensor.name: tensor for tensor in proto.graph.initializer}
        if EMBEDDING not in self._made_by or [each.name for each in proto.graph.input] != [INPUT_NAME]:
            raise ForeignGraphError("the champion's graph has no embedding, so that no head can be put on it")

    def backbone_id(self) -> str:
        """Return a name for everything before the embedding: 16 hexadecimal digits, the same whatever head is on it."""
        digest = hashlib.sha256()
        for node in self._backbone_nodes():
            stripped = onnx.NodeProto()
            stripped.CopyFrom(node)
            stripped.name = ""
            digest.update(stripped.SerializeToString(deterministic=True))
            for name in node.input:
                if name in self._constants:
                    digest.update(numpy_helper.to_array(self._constants[name]).tobytes())
        return digest.hexdigest()[:16]

    def embedder(self) -> onnx.ModelProto:
        """Return the graph from photo to embedding alone."""
        kept = self._backbone_nodes()
        return self._with(kept, [], [output for output in self.proto.graph.output if output.name == EMBEDDING])

    def head(self) -> AnsweringHead | None:
        """Return the head that is on the graph, or None when it is of another shape."""
        try:
            softmax = self._node("probabilities", "Softmax")
            scaled = self._node(softmax.input[0], "Mul")
            logged = self._node(scaled.input[0], "Log")
            floored = self._node(logged.input[0], "Add")
            scores = self._node(self._node(floored.input[0], "Relu").input[0], "Gemm")
            summed = self._node("familiarity", "Add")
            nearest = next(
                made
                for made in (self._node(name, "ReduceMax") for name in summed.input)
                if self._made_by[made.input[0]].op_type == "MatMul"
            )
            centroids = self._node(nearest.input[0], "MatMul")
            seen_from = next(
                node for node in self.proto.graph.node if node.op_type == "Sub" and node.input[0] == EMBEDDING
            )
            if scores.input[0] != EMBEDDING:
                return None
            return AnsweringHead(
                weights=self._value(scores.input[1]),
                bias=self._value(scores.input[2]),
                floor=float(self._value(floored.input[1])),
                power=float(self._value(scaled.input[1])),
                centre=self._value(seen_from.input[1]),
                directions=self._value(centroids.input[1]).T,
            )
        except (KeyError, IndexError, StopIteration, TypeError):
            return None

    def with_head(self, head: AnsweringHead) -> onnx.ModelProto:
        """Return the backbone with ``head`` in place of the one that is on it."""
        constants = {
            "head/weights": head.weights,
            "head/bias": head.bias,
            "head/floor": np.float32(head.floor),
            "head/power": np.float32(head.power),
            "head/centre": head.centre,
            "head/directions": np.ascontiguousarray(head.directions.T),
            "head/tiny": np.float32(_TINY),
            "head/axis": np.array([-1], np.int64),
        }
        # From opset 18 on the axes are an input.
        opset = next(each.version for each in self.proto.opset_import if each.domain in ("", "ai.onnx"))
        last, axes = (["head/last"], {}) if opset >= _AXES_AS_INPUT_OPSET else ([], {"axes": [1]})
        if last:
            constants["head/last"] = np.array([1], np.int64)
        steps: Sequence[tuple[str, list[str], str, Mapping[str, Any]]] = (
            ("Gemm", [EMBEDDING, "head/weights", "head/bias"], "head/scores", {}),
            ("Relu", ["head/scores"], "head/positive", {}),
            ("Add", ["head/positive", "head/floor"], "head/floored", {}),
            ("Log", ["head/floored"], "head/logged", {}),
            ("Mul", ["head/logged", "head/power"], "head/scaled", {}),
            ("Softmax", ["head/scaled"], "probabilities", {"axis": -1}),
            ("Sub", [EMBEDDING, "head/centre"], "head/from_centre", {}),
            ("Mul", ["head/from_centre", "head/from_centre"], "head/squared", {}),
            ("ReduceSum", ["head/squared", "head/axis"], "head/square_sum", {"keepdims": 1}),
            ("Sqrt", ["head/square_sum"], "head/length", {}),
            ("Max", ["head/length", "head/tiny"], "head/safe_length", {}),
            ("Div", ["head/from_centre", "head/safe_length"], "head/direction", {}),
            ("MatMul", ["head/direction", "head/directions"], "head/cosines", {}),
            ("ReduceMax", ["head/cosines", *last], "head/nearest", {**axes, "keepdims": 0}),
            ("ReduceMax", ["head/scores", *last], "head/best", {**axes, "keepdims": 0}),
            ("Add", ["head/best", "head/nearest"], "familiarity", {}),
        )
        nodes = [helper.make_node(kind, inputs, [to], name=to, **options) for kind, inputs, to, options in steps]
        tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
        outputs = [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(head.bias)]),
            next(output for output in self.proto.graph.output if output.name == EMBEDDING),
            helper.make_tensor_value_info("familiarity", TensorProto.FLOAT, ["batch"]),
        ]
        return self._with([*self._backbone_nodes(), *nodes], tensors, outputs)

    def _backbone_nodes(self) -> list[onnx.NodeProto]:
        needed: set[str] = set()
        asked = [EMBEDDING]
        while asked:
            name = asked.pop()
            node = self._made_by.get(name)
            if node is not None and name not in needed:
                needed.update(node.output)
                asked.extend(node.input)
        return [node for node in self.proto.graph.node if needed.intersection(node.output)]

    def _with(
        self,
        nodes: Sequence[onnx.NodeProto],
        constants: Sequence[onnx.TensorProto],
        outputs: Sequence[onnx.ValueInfoProto],
    ) -> onnx.ModelProto:
        # A head that this module wrote before has constants of the same names.
        used = {name for node in nodes for name in node.input} - {tensor.name for tensor in constants}
        made = onnx.ModelProto()
        made.CopyFrom(self.proto)
        del made.graph.node[:], made.graph.initializer[:], made.graph.output[:], made.graph.value_info[:]
        made.graph.node.extend(nodes)
        made.graph.initializer.extend(tensor for name, tensor in self._constants.items() if name in used)
        made.graph.initializer.extend(constants)
        made.graph.output.extend(outputs)
        onnx.checker.check_model(made)
        return made

    def _node(self, name: str, kind: str) -> onnx.NodeProto:
        node: onnx.NodeProto = self._made_by[name]
        if node.op_type != kind:
            raise KeyError(name)
        return node

    def _value(self, name: str) -> FloatArray:
        if name not in self._constants:
            # Stored in half precision and cast while loading.
            name = self._node(name, "Cast").input[0]
        return numpy_helper.to_array(self._constants[name]).astype(np.float32)
