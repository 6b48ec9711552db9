"""Measures a training's input and step beside the ancestor's recipe, in one run: images a second, each side on the same photos.

    PYTHONPATH=layers/core/python .venv-training/bin/python -m benchmarks.training_input ../shared/data/birds-sample/train

The ancestor's input is Keras's ImageDataGenerator with the settings of its published training, reading JPEGs; its step trains
the last twenty layers of EfficientNetB0 and three dense ones. It needs the training's environment; a GPU is used where there is one.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import numpy.typing as npt

from avocet.domain.imaging import to_model_input
from training_job.augment import training_view
from training_job.full_config import FULL
from training_job.full_recipe import _learner, network_on
from training_job.input_pipeline import InputPipeline

_SIZE_PX = 224
_BATCH = 32
_SPECIES = 524

Pixels = npt.NDArray[np.uint8]


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="one folder a species")
    parser.add_argument("--input-batches", type=int, default=24)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    paths = sorted(options.photos.glob("*/*.jpg"))[:1024]
    pixels = np.stack([to_model_input(path.read_bytes(), size_px=_SIZE_PX).pixels for path in paths])
    sides: dict[str, Callable[[], Iterator[object]]] = {
        "the ancestor's ImageDataGenerator": lambda: _ancestor(options.photos),
        "ours, the same kinds of augmentation": lambda: _ours(pixels, _same_kinds),
        "ours, everything it does": lambda: _ours(pixels, training_view),
    }
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, make in sides.items():
            found[name].append(_rate(make(), options.input_batches))
    print(
        f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, median of {options.rounds} turns, {len(pixels)} photos\n"
    )
    print("| input at 224 px | images/s | beside the ancestor |\n|---|---|---|")
    first = float(np.median(found["the ancestor's ImageDataGenerator"]))
    for name, rates in found.items():
        print(f"| {name} | {np.median(rates):.0f} | {np.median(rates) / first:.1f} |")
    print("\n| step at 224 px, batch of 16 | images/s | beside the ancestor |\n|---|---|---|")
    rates_of = _steps(pixels, options.steps, options.rounds)
    theirs = float(np.median(next(iter(rates_of.values()))))
    for name, rates in rates_of.items():
        print(f"| {name} | {np.median(rates):.1f} | {np.median(rates) / theirs:.2f} |")
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _ancestor(folder: Path) -> Iterator[object]:
    generator = keras.src.legacy.preprocessing.image.ImageDataGenerator(
        rotation_range=30,
        width_shift_range=0.2,
        height_shift_range=0.2,
        shear_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
        vertical_flip=True,
        fill_mode="nearest",
    )
    return iter(generator.flow_from_directory(str(folder), target_size=(_SIZE_PX, _SIZE_PX), batch_size=_BATCH))


def _ours(pixels: Pixels, draw: Callable[..., Pixels]) -> Iterator[object]:
    from training_job import input_pipeline

    input_pipeline.training_view = draw
    pipeline = InputPipeline(pixels, _BATCH, _SIZE_PX, seed=1)
    return (batch for epoch in range(100) for batch in pipeline.epoch(epoch))


def _same_kinds(pixels: Pixels, random: np.random.Generator, *, size_px: int) -> Pixels:
    """Turn, shift, shear, zoom and mirror both ways, and nothing else: what the ancestor does."""
    angle, shear = np.radians(random.uniform(-30, 30)), np.tan(np.radians(random.uniform(-0.2, 0.2)))
    mirrors = np.where(random.random(2) < 0.5, -1.0, 1.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1, shear], [0, 1]]) @ np.diag(random.uniform(0.8, 1.2, 2) * mirrors)
    middle = (size_px - 1) / 2 + random.uniform(-0.2, 0.2, 2) * size_px - matrix @ np.full(2, (len(pixels) - 1) / 2)
    return cv2.warpAffine(
        pixels,
        np.column_stack([matrix, middle]),
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _rate(batches: Iterator[object], count: int) -> float:
    next(batches)
    began = time.perf_counter()
    for _ in islice(batches, count):
        pass
    return count * _BATCH / (time.perf_counter() - began)


def _steps(pixels: Pixels, steps: int, rounds: int) -> dict[str, list[float]]:
    views, truth = pixels[:16], np.arange(16)
    sized = {"include_top": False, "weights": None, "pooling": "avg", "input_shape": (_SIZE_PX, _SIZE_PX, 3)}
    theirs = keras.applications.EfficientNetB0(**sized)
    for layer in theirs.layers[:-20]:
        layer.trainable = False
    dense = [keras.layers.Dense(1280, "relu"), keras.layers.Dense(640, "relu"), keras.layers.Dense(_SPECIES, "softmax")]
    ancestor = keras.Sequential([theirs, *dense])
    ancestor.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    learners = {"the ancestor's: the last 20 layers of EfficientNetB0": ancestor}
    for name, build in (
        ("EfficientNetB0", keras.applications.EfficientNetB0),
        ("EfficientNetV2-B0", keras.applications.EfficientNetV2B0),
    ):
        for stage in FULL.stages:
            learners[f"ours: {stage.name} of {name}"] = _learner(
                network_on(build(**sized), _SPECIES, FULL), stage, FULL
            )
    for learner in learners.values():
        learner.train_on_batch(views, truth)
    rates: dict[str, list[float]] = {name: [] for name in learners}
    for _ in range(rounds):
        for name, learner in learners.items():
            began = time.perf_counter()
            for _ in range(steps):
                learner.train_on_batch(views, truth)
            rates[name].append(steps * 16 / (time.perf_counter() - began))
    return rates


if __name__ == "__main__":
    main()
