"""Trains every layer of the embedding a little further, gently enough that it keeps what it knows of other photos.

Each photo is judged by a head fitted on the other folds' photos, never by one that has seen it: with three or four
photos per species a head knows its own photos by heart, and would teach the network nothing. Afterwards the weights
are averaged with those it started from (WiSE-FT), which costs nothing and is kinder to photos from elsewhere.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Queue

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training_job.augment import training_view
from training_job.head import LinearHead
from training_job.refusals import DivergedError

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class FineTuning:
    """How the embedding is trained further.

    Attributes:
        epochs: Passes over the photos.
        batch: Photos in a step.
        size_px: Side of the views training sees.
        learning_rate: At its highest, after a tenth of the steps; then it falls to 0 along a cosine.
        score_scale: What scores are multiplied with before the softmax.
        label_smoothing: Share of the target spread over all species.
        seed: Of the order of photos and of every view.
    """

    epochs: int
    batch: int
    size_px: int
    learning_rate: float
    score_scale: float
    label_smoothing: float
    seed: int

    def steps(self, photos: int) -> int:
        """How many steps a run over `photos` photos has."""
        return self.epochs * (photos // self.batch)

    def learning_rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0."""
        warm_up = max(steps // 10, 1)
        if step < warm_up:
            return self.learning_rate * (step + 1) / warm_up
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))


@dataclass(frozen=True)
class Step:
    """What a step of training reports."""

    done: int
    of: int
    loss: float
    right_ratio: float
    photos_per_s: float


def fine_tune(
    embedding: keras.Model,
    pixels: Pixels,
    species_at: Indices,
    fold: Indices,
    heads: Sequence[LinearHead],
    settings: FineTuning,
    *,
    on_step: Callable[[Step], None],
) -> None:
    """Trains `embedding` in place.

    Args:
        embedding: From pixels to unit embeddings [batch, D].
        pixels: uint8 [n, side, side, 3] RGB, the photos to train on.
        species_at: [n] their species.
        fold: [n] which of `heads` judges each photo: the one that was fitted without it.
        heads: One head per fold.
        settings: The recipe.
        on_step: Called after each step.

    Raises:
        DivergedError: If the loss stops being finite.
    """
    weights = tf.constant(np.stack([head.weights for head in heads]))
    biases = tf.constant(np.stack([head.bias for head in heads]))
    species_count = int(weights.shape[-1])
    optimizer = keras.optimizers.AdamW(learning_rate=settings.learning_rate, weight_decay=1e-4, clipnorm=1.0)
    optimizer.build(embedding.trainable_variables)

    @tf.function(reduce_retracing=True)
    def train_step(photos: tf.Tensor, truth: tf.Tensor, judge: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            seen = embedding(tf.cast(photos, tf.float32), training=False)
            # Every head scores every photo; each photo keeps the scores of its own judge.
            scores = tf.einsum("bd,hdk->bhk", seen, weights) + biases
            scores = tf.gather(scores, judge, axis=1, batch_dims=1) * settings.score_scale
            target = tf.one_hot(truth, species_count) * (1 - settings.label_smoothing)
            target += settings.label_smoothing / species_count
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, scores))
        gradients = tape.gradient(loss, embedding.trainable_variables)
        optimizer.apply_gradients(zip(gradients, embedding.trainable_variables, strict=True))
        right = tf.reduce_mean(tf.cast(tf.argmax(scores, axis=-1) == truth, tf.float32))
        return loss, right

    steps = settings.steps(len(pixels))
    started = time.monotonic()
    for step, batch in enumerate(_batches(pixels, settings)):
        optimizer.learning_rate.assign(settings.learning_rate_at(step, steps))
        loss, right = train_step(batch.views, species_at[batch.photos], fold[batch.photos])
        if not math.isfinite(float(loss)):
            raise DivergedError(
                f"the loss is {float(loss)} at step {step + 1} of {steps}, at a learning rate of "
                f"{settings.learning_rate_at(step, steps):.1e}: lower the learning rate"
            )
        speed = (step + 1) * settings.batch / (time.monotonic() - started)
        on_step(Step(done=step + 1, of=steps, loss=float(loss), right_ratio=float(right), photos_per_s=speed))


@dataclass(frozen=True)
class _Batch:
    photos: Indices
    views: Pixels


def _batches(pixels: Pixels, settings: FineTuning) -> Iterator[_Batch]:
    # Views are drawn by a thread of their own (OpenCV lets go of the interpreter), a few batches ahead.
    ready: Queue[_Batch | None] = Queue(maxsize=4)

    def draw() -> None:
        for epoch in range(settings.epochs):
            order = np.random.default_rng([settings.seed, epoch]).permutation(len(pixels))
            for start in range(0, len(pixels) - settings.batch + 1, settings.batch):
                chosen = order[start : start + settings.batch]
                views = [
                    training_view(
                        pixels[at], np.random.default_rng([settings.seed, epoch, int(at)]), size_px=settings.size_px
                    )
                    for at in chosen
                ]
                ready.put(_Batch(chosen, np.stack(views)))
        ready.put(None)

    threading.Thread(target=draw, name="views", daemon=True).start()
    while (batch := ready.get()) is not None:
        yield batch
