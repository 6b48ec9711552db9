"""Embeds photos and their views with a network, through ONNX Runtime, which is twice as fast as Keras here."""

import os
from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt

from training_job.augment import training_view
from training_job.bundle import answers, session_on
from training_job.export_onnx import to_onnx

FloatArray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
OnDone = Callable[[int], None]

_BATCH = 16


class Embedder:
    """A network opened for embedding many photos.

    Args:
        embedding: From pixels to unit embeddings [batch, D].
        input_size_px: Side of the square photos.
        seed: Of the augmented views.
    """

    def __init__(self, embedding: keras.Model, *, input_size_px: int, seed: int) -> None:
        named = keras.layers.Identity(name="embedding")(embedding.output)
        proto = to_onnx(keras.Model(embedding.input, {"embedding": named}), input_size_px=input_size_px)
        self._session = session_on(proto, threads=os.cpu_count() or 1)
        self._seed = seed
        self._size_px = input_size_px

    def photos(self, pixels: Pixels, *, on_done: OnDone) -> FloatArray:
        """Embeds uint8 [n, size, size, 3] RGB photos as they are: float32 [n, D]."""
        parts = []
        for start in range(0, len(pixels), _BATCH):
            parts.append(answers(self._session, pixels[start : start + _BATCH])["embedding"])
            on_done(min(start + _BATCH, len(pixels)))
        return np.concatenate(parts)

    def views(self, pixels: Pixels, *, augmented: int, on_done: OnDone) -> FloatArray:
        """Embeds each photo, its mirror image and `augmented` augmented views: float32 [2 + augmented, n, D]."""
        drawn = [
            np.stack(
                [
                    training_view(photo, np.random.default_rng([self._seed, view, at]), size_px=self._size_px)
                    for at, photo in enumerate(pixels)
                ]
            )
            for view in range(augmented)
        ]
        all_views = [pixels, pixels[:, :, ::-1], *drawn]

        def in_turn(turn: int) -> OnDone:
            return lambda done: on_done(turn * len(pixels) + done)

        return np.stack([self.photos(view, on_done=in_turn(turn)) for turn, view in enumerate(all_views)])
