"""What training asks of the world outside, as protocols; SageMaker answers them in the cloud, a queue and a worker elsewhere."""

from typing import Protocol

from avocet.domain.training import TrainingEvent, TrainingRequest, TrainingStatus


class TrainingLauncher(Protocol):
    """Runs trainings."""

    def start(self, request: TrainingRequest) -> None:
        """Begin a training; asking again for the same name changes nothing.

        Raises:
            TrainingRefusedError: It is not taken, with what to do.
        """

    def status(self, name: str) -> TrainingStatus | None:
        """Return what is known of a training; None when nobody has begun it."""

    def stop(self, name: str) -> None:
        """Ask a training to end; nothing happens when it is over."""

    def log(self, name: str, *, max_bytes: int) -> str:
        """Return the end of a training's log; empty when there is none."""

    def curve(self, name: str) -> bytes | None:
        """Return a training's learning curve as far as it has come; None when there is none."""

    def output(self, name: str) -> bytes | None:
        """Return what it made, a gzipped tar; None when it made nothing."""


class TrainingEvents(Protocol):
    """Tells that a training came to its end."""

    def send(self, event: TrainingEvent) -> None:
        """Send the event again, for one that may have been lost."""
