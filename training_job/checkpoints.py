"""Where a training stands, kept on disk after each epoch, so that one that is interrupted goes on instead of beginning anew.

A checkpoint is written beside the last one and put in its place in one step. One that cannot be read, or is another training's,
counts as none.
"""

import errno
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avocet.domain.learning_curve import CorruptCurveError, CurveKind, CurvePoint, LearningCurve, part_of
from training_job.refusals import DiskFullError

Arrays = Sequence[npt.NDArray[Any]]

_STATE, _BEST = "state.npz", "best.npz"


@dataclass(frozen=True)
class Standing:
    """How far a training is.

    Attributes:
        epochs_done: Over all stages.
        best_epoch: Which epoch was the best so far, counted from 1; 0 before the first.
        best_loss: Its loss on validation photos.
        points: The learning curve so far.
    """

    epochs_done: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    points: tuple[CurvePoint, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training.

    Attributes:
        folder: Where they lie.
        fingerprint: Of everything the training is made of; what another training left is not gone on from.
    """

    folder: Path
    fingerprint: str

    def save(self, standing: Standing, variables: Arrays) -> None:
        """Keep where it stands after an epoch.

        Raises:
            DiskFullError: There is no room.
        """
        curve = LearningCurve((part_of(CurveKind.EPOCHS, standing.points, best=None),))
        described = {"standing": list(vars_of(standing)), "curve": curve.to_json().decode()}
        self._write(_STATE, described, variables)

    def save_best(self, weights: Arrays) -> None:
        """Keep the best weights so far.

        Raises:
            DiskFullError: There is no room.
        """
        self._write(_BEST, {}, weights)

    def load(self) -> "tuple[Standing, list[npt.NDArray[Any]]] | None":
        """Return where an interrupted training stood, and its variables; None when there is nothing to go on from."""
        found = self._read(_STATE)
        if found is None or self._read(_BEST) is None:
            return None
        described, variables = found
        epochs_done, best_epoch, best_loss = described["standing"]
        return Standing(int(epochs_done), int(best_epoch), float(best_loss), _points(described.get("curve"))), variables

    def best(self) -> "list[npt.NDArray[Any]] | None":
        """Return the best weights; None when there are none."""
        found = self._read(_BEST)
        return found[1] if found else None

    def _write(self, name: str, described: dict[str, Any], arrays: Arrays) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".{name}.partial"
        text = json.dumps({"fingerprint": self.fingerprint, **described})
        try:
            with partial.open("wb") as file:
                named: dict[str, Any] = {f"v{at}": each for at, each in enumerate(arrays)}
                np.savez(file, described=np.array(text), **named)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.folder / name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            if error.errno == errno.ENOSPC:
                raise DiskFullError(f"the disk is full: the checkpoint does not fit into {self.folder}") from error
            raise

    def _read(self, name: str) -> "tuple[dict[str, Any], list[npt.NDArray[Any]]] | None":
        try:
            with np.load(self.folder / name, allow_pickle=False) as kept:
                described = json.loads(str(kept["described"]))
                if described["fingerprint"] != self.fingerprint:
                    return None
                return described, [kept[f"v{at}"] for at in range(len(kept.files) - 1)]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def _points(curve: str | None) -> tuple[CurvePoint, ...]:
    """Return the curve that a checkpoint holds; one that cannot be read costs no epoch."""
    try:
        return LearningCurve.from_json((curve or "").encode()).parts[0].points
    except (CorruptCurveError, IndexError):
        return ()


def vars_of(standing: Standing) -> tuple[float, ...]:
    """Return a standing as numbers."""
    return standing.epochs_done, standing.best_epoch, standing.best_loss
