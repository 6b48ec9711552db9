"""The networks: two bird-seeing backbones joined into one embedding, and the head on top.

Everything here is Keras with float32 pixels 0-255 RGB in, shaped [batch, size, size, 3] for any size. Backbones run with frozen
batch statistics (`training=False`) even while their weights are trained: four photos per species are far too few to
re-estimate them.
"""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training_job.calibration import PowerCalibration
from training_job.familiarity import Centroids
from training_job.head import LinearHead

FloatArray = npt.NDArray[np.float32]

EFFICIENTNET = "efficientnetv2-b0"
MOBILENET = "inat-mobilenetv2"
OPINION_TEMPERATURE = 2.0

# MobileNetV2 (alpha 1.0): expansion factor, output channels, repeats, stride of the first repeat.
_MOBILENET_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class UnexpectedWeightsError(ValueError):
    """The weights file does not hold the network it is said to hold."""


def efficientnet_v2_b0(weights: Path | None) -> keras.Model:
    """Builds EfficientNetV2-B0 without its classifier.

    Args:
        weights: A Keras weights file of the network without top, or None for random weights (tests).

    Returns:
        A model from float32 [batch, size, size, 3], 0-255 RGB, to float32 [batch, 1280].
    """
    network = keras.applications.EfficientNetV2B0(
        include_top=False, weights=None, pooling="avg", input_shape=(None, None, 3)
    )
    if weights is not None:
        network.load_weights(weights)
    return keras.Model(network.input, network.output, name=EFFICIENTNET.replace("-", "_"))


def mobilenet_v2() -> keras.Model:
    """Builds a MobileNetV2 whose batch normalisation is already folded into its convolutions.

    Folded, because the quantised file it is filled from has no batch normalisation left, and a network without it
    trains and runs faster.

    Returns:
        A model from float32 [batch, size, size, 3], 0-255 RGB, to float32 [batch, 1280].
    """
    inputs = keras.Input((None, None, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 128, offset=-1.0)(inputs)
    x = _convolution(x, 32, kernel_px=3, stride=2, name="Conv")
    x = keras.layers.ReLU(6.0)(x)
    block = 0
    for expansion, channels, repeats, first_stride in _MOBILENET_STAGES:
        for repeat in range(repeats):
            name = "expanded_conv" if block == 0 else f"expanded_conv_{block}"
            stride = first_stride if repeat == 0 else 1
            x = _inverted_residual(x, expansion=expansion, channels=channels, stride=stride, name=name)
            block += 1
    x = _convolution(x, 1280, kernel_px=1, stride=1, name="Conv_1")
    x = keras.layers.ReLU(6.0)(x)
    outputs = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, outputs, name=MOBILENET.replace("-", "_"))


def fill_from_quantised(network: keras.Model, tflite: Path) -> None:
    """Fills `mobilenet_v2()` with the de-quantised weights of the iNaturalist bird classifier.

    Args:
        network: A freshly built `mobilenet_v2()`.
        tflite: The uint8-quantised TensorFlow Lite file.

    Raises:
        UnexpectedWeightsError: If the file's convolutions are not those of this network.
    """
    convolutions = [
        layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    ]
    quantised = _quantised_layers(quantised_interpreter(tflite), "CONV_2D", "DEPTHWISE_CONV_2D")
    if len(convolutions) != len(quantised):
        raise UnexpectedWeightsError(f"{tflite.name}: {len(quantised)} convolutions instead of {len(convolutions)}")
    for layer, (kernel, bias) in zip(convolutions, quantised, strict=True):
        # TensorFlow Lite stores [out, height, width, in] (depthwise: [1, height, width, channels]).
        kernel = kernel.transpose(1, 2, 3, 0)
        if tuple(kernel.shape) != tuple(layer.kernel.shape):
            raise UnexpectedWeightsError(f"{tflite.name}: {layer.name} is {kernel.shape}, not {layer.kernel.shape}")
        layer.set_weights([kernel, bias])


def quantised_interpreter(tflite: Path) -> tf.lite.Interpreter:
    """Opens a TensorFlow Lite file with every intermediate tensor readable."""
    interpreter = tf.lite.Interpreter(
        str(tflite),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    return interpreter


def _quantised_layers(interpreter: tf.lite.Interpreter, *operations: str) -> list[tuple[FloatArray, FloatArray]]:
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}

    def dequantised(index: int) -> FloatArray:
        quantisation = details[index]["quantization_parameters"]
        raw = interpreter.get_tensor(index).astype(np.float64)
        return ((raw - quantisation["zero_points"][0]) * quantisation["scales"][0]).astype(np.float32)

    # TensorFlow Lite has no public way to walk a graph's operations.
    return [
        (dequantised(operation["inputs"][1]), dequantised(operation["inputs"][2]))
        for operation in interpreter._get_ops_details()
        if operation["op_name"] in operations
    ]


def _convolution(x: keras.KerasTensor, channels: int, *, kernel_px: int, stride: int, name: str) -> keras.KerasTensor:
    layer = keras.layers.Conv2D(channels, kernel_px, strides=stride, padding="same", name=name)
    return layer(x)


def _inverted_residual(
    x: keras.KerasTensor, *, expansion: int, channels: int, stride: int, name: str
) -> keras.KerasTensor:
    entry = x
    if expansion != 1:
        x = _convolution(x, expansion * int(x.shape[-1]), kernel_px=1, stride=1, name=f"{name}_expand")
        x = keras.layers.ReLU(6.0)(x)
    x = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", name=f"{name}_depthwise")(x)
    x = keras.layers.ReLU(6.0)(x)
    x = _convolution(x, channels, kernel_px=1, stride=1, name=f"{name}_project")
    if stride == 1 and int(entry.shape[-1]) == channels:
        x = keras.layers.Add(name=f"{name}_add")([entry, x])
    return x


def quantised_classifier(tflite: Path) -> tuple[FloatArray, FloatArray]:
    """Reads the last layer of the iNaturalist classifier: weights float32 [1280, 965] and bias float32 [965]."""
    interpreter = quantised_interpreter(tflite)
    layers = _quantised_layers(interpreter, "FULLY_CONNECTED")
    if len(layers) != 1:
        raise UnexpectedWeightsError(f"{tflite.name}: {len(layers)} fully connected layers instead of one")
    weights, bias = layers[0]
    return weights.T, bias


def embedding_network(
    efficientnet: keras.Model,
    mobilenet: keras.Model,
    classifier: tuple[FloatArray, FloatArray],
    *,
    opinion_weight: float,
) -> keras.Model:
    """Joins what both backbones see into one embedding of unit length.

    The embedding is three unit vectors side by side: EfficientNet's features, MobileNet's features, and the square
    root of the probabilities that MobileNet's own classifier gives to the species of iNaturalist (a unit vector by
    construction, softened so that near misses count).

    Args:
        efficientnet: Pixels to float32 [batch, 1280].
        mobilenet: Pixels to float32 [batch, 1280].
        classifier: Weights [1280, C] and bias [C] over MobileNet's features.
        opinion_weight: Length of the third vector where the first two have 1.

    Returns:
        A model from float32 [batch, size, size, 3], 0-255 RGB, to float32 [batch, 2560 + C].
    """
    inputs = keras.Input((None, None, 3), name="pixels")
    features = mobilenet(inputs)
    weights, bias = classifier
    logits = _linear(weights, bias, name="opinion_logits")(features)
    opinion = keras.layers.Softmax(name="opinion")(logits * (1 / OPINION_TEMPERATURE))
    unit = [
        keras.layers.UnitNormalization(name="unit_efficientnet")(efficientnet(inputs, training=False)),
        keras.layers.UnitNormalization(name="unit_mobilenet")(features),
        keras.ops.sqrt(opinion + 1e-9) * opinion_weight,
    ]
    length = float(np.sqrt(2.0 + opinion_weight**2))
    outputs = keras.layers.Concatenate(name="joined")(unit) * (1 / length)
    return keras.Model(inputs, outputs, name="embedding")


def answering_network(
    embedding: keras.Model, *, head: LinearHead, calibration: PowerCalibration, centroids: Centroids
) -> keras.Model:
    """Puts the head, its calibration and the familiarity rule on top of an embedding.

    Returns:
        A model from pixels to `probabilities` float32 [batch, K], `embedding` float32 [batch, D] and `familiarity`
        float32 [batch], the best score plus the cosine to the nearest species' centroid.
    """
    seen = embedding.output
    scores = _linear(head.weights, head.bias, name="scores")(seen)
    log_scores = keras.ops.log(keras.ops.relu(scores) + calibration.floor)
    direction = keras.layers.UnitNormalization(name="direction")(seen - centroids.centre)
    to_centroids = _linear(centroids.directions.T, None, name="centroids")(direction)
    familiarity = keras.ops.max(scores, axis=-1) + keras.ops.max(to_centroids, axis=-1)
    return keras.Model(
        embedding.input,
        {
            "probabilities": keras.layers.Softmax(name="probabilities")(log_scores * calibration.power),
            "embedding": keras.layers.Identity(name="embedding")(seen),
            "familiarity": keras.layers.Identity(name="familiarity")(familiarity),
        },
    )


def _linear(weights: FloatArray, bias: FloatArray | None, *, name: str) -> keras.layers.Layer:
    layer = keras.layers.Dense(int(weights.shape[1]), use_bias=bias is not None, name=name)
    layer.build((None, int(weights.shape[0])))
    layer.set_weights([weights] if bias is None else [weights, bias])
    return layer
