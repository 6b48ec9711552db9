"""Small model bundles with a real ONNX graph: the mean colour of the photo decides which species it is."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RED, GREEN, BLUE = "great-crested-grebe", "pied-avocet", "eurasian-coot"
SPECIES = (RED, GREEN, BLUE)
SIZE_PX = 224


def model_bytes(outputs: int, *, sharpness: float = 20.0) -> bytes:
    """A graph of the bundle contract: logits are ``sharpness`` times the mean red, green and blue, then zeros."""
    weights = np.zeros((3, outputs), np.float32)
    for channel in range(min(3, outputs)):
        weights[channel, channel] = sharpness / 255.0
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["embedding"], keepdims=0),
        helper.make_node("MatMul", ["embedding", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ReduceMax", ["probabilities", "last"], ["familiarity"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", SIZE_PX, SIZE_PX, 3])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", outputs]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 3]),
            helper.make_tensor_value_info("familiarity", TensorProto.FLOAT, ["batch"]),
        ],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
            numpy_helper.from_array(np.array([1], np.int64), "last"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def self_test_bytes(outputs: int, *, sharpness: float = 20.0) -> bytes:
    """Seeded noise of a seeded colour and what the graph must say of it, computed here with numpy."""
    random = np.random.default_rng(7)
    brightest = random.integers(20, 256, (3, 1, 1, 3))
    images = random.integers(0, brightest, (3, SIZE_PX, SIZE_PX, 3)).astype(np.uint8)
    logits = np.zeros((3, outputs), np.float64)
    used = min(3, outputs)
    logits[:, :used] = images.mean(axis=(1, 2))[:, :used] * sharpness / 255.0
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    buffer = io.BytesIO()
    np.savez(buffer, images=images, probabilities=probabilities)
    return buffer.getvalue()


def write_files(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write a bundle's files into ``folder`` and return it."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def make_bundle(
    model_version: str = "starter-00000001",
    species: Sequence[str] = SPECIES,
    *,
    sharpness: float = 20.0,
    thresholds: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """The files of a bundle that passes its own self-test."""
    files = {
        "model.onnx": model_bytes(len(species), sharpness=sharpness),
        "self_test.npz": self_test_bytes(len(species), sharpness=sharpness),
    }
    manifest = {
        "schema": 1,
        "model_version": model_version,
        "recipe": "colours",
        "backbone": "none",
        "created_on": "2026-11-23",
        "input_size_px": SIZE_PX,
        "species": list(species),
        "thresholds": thresholds
        or {"sure_min_score": 0.6, "coarser_min_score": 0.8, "familiarity": {"kind": "max_score", "min": 0.1}},
        "metrics": {},
    }
    return manifest_with({**files, "bundle.json": json.dumps(manifest).encode()})


def manifest_with(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files, their hashes written into ``bundle.json`` as a publisher does."""
    named = {name: data for name, data in files.items() if name != "bundle.json"}
    hashes = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)} for name, data in named.items()
    }
    manifest = {**json.loads(files["bundle.json"]), "files": hashes}
    return {**named, "bundle.json": json.dumps(manifest).encode()}
