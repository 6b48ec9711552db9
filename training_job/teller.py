"""Tells whoever asks how far a training is: its learning curve, and in SageMaker its status, as objects in the models bucket.

A bucket that does not answer stops no training: the next word is tried again, and SageMaker itself says how it ended.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError, ClientError

from avocet.adapters.training_files import key, status_bytes
from avocet.domain.learning_curve import CURVE_FILE
from avocet.domain.training import TrainingState, TrainingStatus
from avocet.usecases.dataset_ports import Objects

_TELL_EVERY_S = 5.0


@dataclass(frozen=True)
class CurveTeller:
    """The learning curve of one training, wherever it runs.

    Attributes:
        models: The models bucket.
        name: Of the training.
    """

    models: Objects
    name: str

    def __call__(self, curve: bytes) -> None:
        """Lay the curve down, over what it was before."""
        try:
            self.models.put(key(self.name, CURVE_FILE), curve)
        except (ClientError, BotoCoreError) as error:
            print(f"the learning curve was not taken: {error}", flush=True)  # noqa: T201 (the log)


@dataclass
class StatusTeller:
    """The status object of one training.

    Attributes:
        models: The models bucket.
        name: Of the training.
        clock_s: Counts seconds.
    """

    models: Objects
    name: str
    clock_s: Callable[[], float] = time.monotonic
    _status: TrainingStatus = field(default_factory=lambda: TrainingStatus(TrainingState.IN_PROGRESS))
    _told_s: float = float("-inf")

    def reached(self, done: int, total: int, note: str) -> None:
        """Say how far it is, unless that was said a moment ago."""
        self._status = replace(self._status, done=done, total=total, note=note)
        if self.clock_s() - self._told_s >= _TELL_EVERY_S:
            self._tell()

    def refused(self, reason: str) -> None:
        """Say why it ends."""
        self._status = replace(self._status, state=TrainingState.FAILED, reason=reason)
        self._tell()

    def _tell(self) -> None:
        self._told_s = self.clock_s()
        self._status = replace(self._status, beat=self._status.beat + 1)
        try:
            self.models.put(key(self.name, "status.json"), status_bytes(self._status))
        except (ClientError, BotoCoreError) as error:
            print(f"the status was not taken: {error}", flush=True)  # noqa: T201 (the log)
