"""Trainings through a queue: a worker takes the request and keeps its status, its log and its output in the models bucket."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avocet.adapters.training_files import OUTPUT, key, read_status
from avocet.domain.learning_curve import CURVE_FILE
from avocet.domain.training import EVENT_DETAIL_TYPE, EVENT_SOURCE, TrainingEvent, TrainingRequest, TrainingStatus
from avocet.usecases.dataset_ports import Objects

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True)
class QueuedTrainings:
    """The queue, and the bucket beside it."""

    client: "SQSClient"
    queue_url: str
    models: Objects

    def start(self, request: TrainingRequest) -> None:
        """Queue a training; a worker that gets it twice runs it once, since its name has a status by then."""
        self.client.send_message(QueueUrl=self.queue_url, MessageBody=request.to_json())

    def status(self, name: str) -> TrainingStatus | None:
        """Return what the worker last said of a training."""
        return read_status(self.models, name)

    def stop(self, name: str) -> None:
        """Leave a mark that the worker looks for."""
        self.models.put(key(name, "stop"), b"")

    def log(self, name: str, *, max_bytes: int) -> str:
        """Return the end of a training's log."""
        data = self.models.get(key(name, "log.txt")) or b""
        return data[-max_bytes:].decode("utf-8", errors="replace")

    def curve(self, name: str) -> bytes | None:
        """Return a training's learning curve as far as it has come."""
        return self.models.get(key(name, CURVE_FILE))

    def output(self, name: str) -> bytes | None:
        """Return what it made."""
        return self.models.get(key(name, OUTPUT))


@dataclass(frozen=True)
class TrainingEventBus:
    """The account's event bus."""

    client: "EventBridgeClient"

    def send(self, event: TrainingEvent) -> None:
        """Send an event of the shape that SageMaker's have."""
        self.client.put_events(
            Entries=[
                {
                    "Source": EVENT_SOURCE,
                    "DetailType": EVENT_DETAIL_TYPE,
                    "Detail": json.dumps(event.to_detail()),
                }
            ]
        )
