"""A champion for birds that are patterns: its backbone averages a photo over a 4 x 4 grid, its head is of the starter's shape."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from avocet.domain.imaging import to_model_input
from tests.made.snapshots import pattern_jpeg
from training_job.bundle import answers, session_on, write_bundle
from training_job.head import fit_ridge
from training_job.surgery import AnsweringHead, Graph

SIZE_PX = 224
DIMENSIONS = 48


def backbone() -> onnx.ModelProto:
    """From photo to an embedding of unit length."""
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["floats", "middle"], ["centred"]),
        helper.make_node("Transpose", ["centred"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["nchw"], ["grid"], kernel_shape=[56, 56], strides=[56, 56]),
        helper.make_node("Flatten", ["grid"], ["flat"], axis=1),
        helper.make_node("ReduceL2", ["flat"], ["length"], axes=[1], keepdims=1),
        helper.make_node("Div", ["flat", "length"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "patterns",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", SIZE_PX, SIZE_PX, 3])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSIONS])],
        [numpy_helper.from_array(np.float32(127.5), "middle")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def pattern_champion(folder: Path, species: Sequence[str], *, photos: int = 4) -> dict[str, bytes]:
    """The files of a bundle that knows ``species``, fitted on photos that no snapshot holds."""
    graph = Graph(backbone())
    images = np.stack(
        [
            to_model_input(pattern_jpeg(name, 10_000 + at), size_px=SIZE_PX).pixels
            for name in species
            for at in range(photos)
        ]
    )
    species_at = np.repeat(np.arange(len(species)), photos)
    embeddings = answers(session_on(graph.embedder()), images)["embedding"]
    fitted = fit_ridge(embeddings, species_at, species_count=len(species), penalty=0.03)
    centre = embeddings.mean(axis=0)
    sums = np.stack([(embeddings[species_at == at] - centre).sum(axis=0) for at in range(len(species))])
    head = AnsweringHead(
        fitted.weights,
        fitted.bias,
        floor=0.05,
        power=6.0,
        centre=centre,
        directions=(sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32),
    )
    write_bundle(
        folder,
        graph.with_head(head),
        species=species,
        recipe="patterns",
        backbone="patterns",
        input_size_px=SIZE_PX,
        thresholds={
            "sure_min_score": 0.6,
            "coarser_min_score": 0.7,
            "familiarity": {"kind": "max_score+nearest_centroid", "min": 0.9},
        },
        metrics={},
        version_prefix="starter",
        created_on=date(2026, 11, 23),
    )
    return {name: (folder / name).read_bytes() for name in ("bundle.json", "model.onnx", "self_test.npz")}
