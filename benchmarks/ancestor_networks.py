"""Writes the networks the ancestor's way is measured with, as Keras files with random weights.

``own`` is what it served: EfficientNetB0 with a dense layer of 523 classes. ``same`` has the two backbones of our
starter, EfficientNetV2-B0 and MobileNetV2, joined before one dense layer, so that both sides compute alike.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

_CLASSES = 523


def _own() -> keras.Model:
    backbone = keras.applications.EfficientNetB0(include_top=False, weights=None, pooling="avg")
    return keras.Sequential([keras.Input((224, 224, 3)), backbone, keras.layers.Dense(_CLASSES, "softmax")])


def _same() -> keras.Model:
    pixels = keras.Input((224, 224, 3))
    efficient = keras.applications.EfficientNetV2B0(include_top=False, weights=None, pooling="avg")
    mobile = keras.applications.MobileNetV2(include_top=False, weights=None, pooling="avg", input_shape=(224, 224, 3))
    scaled = keras.layers.Rescaling(1 / 128, offset=-1.0)(pixels)
    joined = keras.layers.Concatenate()([efficient(pixels), mobile(scaled)])
    return keras.Model(pixels, keras.layers.Dense(_CLASSES, "softmax")(joined))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    _own().save(folder / "own.keras")
    _same().save(folder / "same.keras")
