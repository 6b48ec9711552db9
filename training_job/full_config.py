"""How the ``full`` recipe trains; each configuration is a dated experiment with its command, its time, its cost and its result."""

import math
from dataclasses import dataclass

from avocet.domain.learning_curve import Phase


@dataclass(frozen=True)
class Stage:
    """A part of a training in which the same layers are free.

    Attributes:
        name: What it is called.
        epochs: Passes over the photos.
        open_from: The first layer that is trained, by the beginning of its name; every layer when empty.
        learning_rate: At its highest, after a tenth of the stage's steps; then it falls to 0 along a cosine.
    """

    name: str
    epochs: int
    open_from: str
    learning_rate: float

    @property
    def phase(self) -> Phase:
        """What is free, in the learning curve's words."""
        return Phase.LAST_BLOCKS if self.open_from else Phase.EVERY_LAYER

    def learning_rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate of one of the stage's ``steps``, counted from 0."""
        warm_up = max(steps // 10, 1)
        if step < warm_up:
            return self.learning_rate * (step + 1) / warm_up
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))


@dataclass(frozen=True)
class FullConfig:
    """A complete recipe.

    Attributes:
        size_px: Side of the square photos.
        stages: What is free when; the head itself begins where the frozen network's own embeddings put it.
        batch: Photos in a step on a CPU.
        gpu_batch: Photos in a step on a GPU.
        score_scale: What scores of the unit embedding are multiplied with before the softmax.
        label_smoothing: Share of the target spread over all species.
        rarity_power: A photo counts (mean photos a species / photos of its species) to this power, 10 times at the most.
        weight_decay: Of AdamW.
        head_penalty: Ridge penalty of the head that training begins with.
        patience: So many epochs without a better validation loss end the training.
        averages: How far it may go from the weights it began with (0) to those of its best epoch (1), in falling favour: what tells the
            validation photos apart best is exported, so that a training that did harm ends with the network it began with.
        seed: Of order and views.
    """

    size_px: int = 224
    stages: tuple[Stage, ...] = (
        Stage("the last blocks", 2, "block6", 3e-4),
        Stage("every layer", 12, "", 2e-4),
    )
    batch: int = 16
    gpu_batch: int = 128
    score_scale: float = 20.0
    label_smoothing: float = 0.1
    rarity_power: float = 0.5
    weight_decay: float = 1e-4
    head_penalty: float = 0.03
    patience: int = 3
    averages: tuple[float, ...] = (0.5, 1.0, 0.0)
    seed: int = 20261125

    @property
    def epochs(self) -> int:
        """Of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def with_epochs(self, epochs: int | None) -> "FullConfig":
        """Return the recipe with so many epochs of its last stage, and of no other more."""
        if epochs is None:
            return self
        stages = [
            Stage(
                each.name,
                epochs if each is self.stages[-1] else min(each.epochs, epochs),
                each.open_from,
                each.learning_rate,
            )
            for each in self.stages
        ]
        return FullConfig(**{**vars(self), "stages": tuple(stages)})


FULL = FullConfig()
"""2026-11-25, the first. Command, time and result: docs/training.md, "The `full` recipe"."""
