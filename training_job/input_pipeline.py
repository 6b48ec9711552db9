"""Draws augmented batches ahead of the network that eats them, on every core, in an order that depends on the seed alone.

Each worker makes a batch of its own; OpenCV lets go of the interpreter while it works. A photo's view depends on seed, epoch and
photo, never on who drew it or when, so a training that goes on after an interruption sees what it would have seen.
"""

import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from training_job.augment import training_view

Indices = npt.NDArray[np.intp]
Pixels = npt.NDArray[np.uint8]

_AHEAD_PER_WORKER = 2


@dataclass(frozen=True)
class Batch:
    """Views uint8 [b, size, size, 3] RGB of the photos [b]."""

    photos: Indices
    views: Pixels


@dataclass
class InputPipeline:
    """The batches of a training.

    Attributes:
        pixels: uint8 [n, side, side, 3] RGB, on disk or in memory.
        batch: Photos in a batch; what is left over at an epoch's end waits for the next order.
        size_px: Side of a view.
        seed: Of order and views.
        workers: How many draw.
        waited_s: How long whoever took batches had to wait for one.
    """

    pixels: Pixels
    batch: int
    size_px: int
    seed: int
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    waited_s: float = 0.0

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return len(self.pixels) // self.batch

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        order = np.random.default_rng([self.seed, number]).permutation(len(self.pixels))
        chosen = (order[at * self.batch : (at + 1) * self.batch] for at in range(self.steps))
        # Each worker is one thread; more inside would only take the cores from each other.
        cv2.setNumThreads(1)
        with ThreadPoolExecutor(self.workers, thread_name_prefix="views") as pool:
            ahead: deque[Future[Batch]] = deque()
            try:
                for photos in chosen:
                    ahead.append(pool.submit(self._drawn, number, photos))
                    if len(ahead) > self.workers * _AHEAD_PER_WORKER:
                        yield self._next(ahead)
                while ahead:
                    yield self._next(ahead)
            finally:
                for each in ahead:
                    each.cancel()

    def _next(self, ahead: "deque[Future[Batch]]") -> Batch:
        began = time.monotonic()
        batch = ahead.popleft().result()
        self.waited_s += time.monotonic() - began
        return batch

    def _drawn(self, epoch: int, photos: Indices) -> Batch:
        views = np.empty((len(photos), self.size_px, self.size_px, 3), np.uint8)
        for at, photo in enumerate(photos):
            random = np.random.default_rng([self.seed, epoch, int(photo)])
            views[at] = training_view(self.pixels[photo], random, size_px=self.size_px)
        return Batch(photos, views)
