"""The networks that the ``full`` recipe can train, and where their ImageNet weights come from.

A weights file in the models bucket comes first, then one in a local folder, then Keras's own download. It refuses a network
that is not in its list, and one whose weights cannot be had.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from avocet.domain.training import Backbone
from avocet.usecases.dataset_ports import Objects
from training_job.refusals import NoPretrainedWeightsError

PRETRAINED = "pretrained/"
FOLDER_VARIABLE = "AVOCET_PRETRAINED"


@dataclass(frozen=True)
class _Network:
    build: Callable[..., keras.Model]
    # What the file is called in a local folder.
    file: str
    # Keras divides by the deviation of ImageNet's colours once more when it loads its own weights.
    scales_twice: bool


_NETWORKS = {
    Backbone.EFFICIENTNET_B0: _Network(
        keras.applications.EfficientNetB0, "efficientnetb0_notop.weights.h5", scales_twice=True
    ),
    Backbone.EFFICIENTNET_B1: _Network(
        keras.applications.EfficientNetB1, "efficientnetb1_notop.weights.h5", scales_twice=True
    ),
    Backbone.EFFICIENTNETV2_B0: _Network(
        keras.applications.EfficientNetV2B0, "efficientnetv2b0_imagenet_rebuilt_notop.weights.h5", scales_twice=False
    ),
    Backbone.EFFICIENTNETV2_B1: _Network(
        keras.applications.EfficientNetV2B1, "efficientnetv2b1_notop.weights.h5", scales_twice=False
    ),
}


def pretrained(backbone: Backbone, *, models: Objects, size_px: int) -> tuple[keras.Model, str]:
    """Build a network with its ImageNet weights.

    Args:
        backbone: Which.
        models: The models bucket.
        size_px: Side of the photos it will see.

    Returns:
        A model from float32 [batch, size, size, 3], 0-255 RGB, to float32 [batch, D]; and where its weights came from.

    Raises:
        NoPretrainedWeightsError: They are nowhere.
    """
    network = _NETWORKS[backbone]
    key = f"{PRETRAINED}{backbone.value}.weights.h5"
    if (data := models.get(key)) is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pretrained.weights.h5")
            path.write_bytes(data)
            return _loaded(backbone, path, size_px), key
    local = Path(os.environ.get(FOLDER_VARIABLE, ""), network.file)
    if os.environ.get(FOLDER_VARIABLE) and local.is_file():
        return _loaded(backbone, local, size_px), network.file
    try:
        downloaded = network.build(
            include_top=False, weights="imagenet", pooling="avg", input_shape=(size_px, size_px, 3)
        )
    except Exception as error:  # Keras says that a download failed with a bare Exception; its subclasses are defects
        if type(error) is not Exception and not isinstance(error, OSError | ValueError):
            raise
        raise NoPretrainedWeightsError(
            f"there are no ImageNet weights for {backbone.value}: neither {key} in the models bucket nor {network.file} in the "
            f"folder that {FOLDER_VARIABLE} names, and the download failed; put a Keras weights file without top in one of them"
        ) from error
    made = untrained(backbone, size_px=size_px)
    fill(made, [np.asarray(each) for each in downloaded.get_weights()])
    if network.scales_twice:
        scale_twice(made)
    return made, "keras.applications"


def untrained(backbone: Backbone, *, size_px: int) -> keras.Model:
    """Build a network as `pretrained` does, without weights, to be filled with those of a checkpoint."""
    # Named sizes: a graph without them costs a quarter more to run.
    return _NETWORKS[backbone].build(include_top=False, weights=None, pooling="avg", input_shape=(size_px, size_px, 3))


def fill(network: keras.Model, weights: Sequence[npt.NDArray[Any]]) -> None:
    """Set all weights of a network, and what its layers derive from them."""
    network.set_weights(weights)
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def _loaded(backbone: Backbone, path: Path, size_px: int) -> keras.Model:
    made = untrained(backbone, size_px=size_px)
    try:
        made.load_weights(path)
    except (OSError, ValueError) as error:
        raise NoPretrainedWeightsError(f"{path.name} does not hold the weights of this network: {error}") from error
    if _NETWORKS[backbone].scales_twice:
        scale_twice(made)
    return made


def scale_twice(network: keras.Model) -> None:
    """Divide colours by ImageNet's variance instead of its deviation, as EfficientNet's weights were trained with.

    Source: the note in ``keras.applications.efficientnet`` where it does so for its own download only.
    """
    for layer in network.layers:
        if isinstance(layer, keras.layers.Normalization):
            weights = [np.asarray(each) for each in layer.get_weights()]
            mean, variance, *rest = weights
            layer.set_weights([mean, variance**2, *rest])
            layer.finalize_state()
