"""Requests about people's own data on their way to whoever fulfils them, through a queue that gives up on nothing silently.

The correlation id of who asked goes with them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from avocet.observability import followed
from avocet.usecases.people_ports import DataRequest

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True)
class DataRequestQueue:
    """The queue."""

    client: "SQSClient"
    url: str

    def send(self, request: DataRequest, owner_id: str, *, after_s: int = 0) -> None:
        """Send a request, to arrive no earlier than in ``after_s`` seconds."""
        body = {"request": request.value, "owner_id": owner_id, "is_last": after_s > 0, "correlation_id": followed()}
        self.client.send_message(QueueUrl=self.url, MessageBody=json.dumps(body), DelaySeconds=after_s)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as it came out of the queue; ``is_last`` when it was sent to arrive later, to look once more."""

    request: DataRequest
    owner_id: str
    is_last: bool
    correlation_id: str


def received(message: Mapping[str, Any]) -> ReceivedRequest:
    """Read one message of the queue."""
    body = json.loads(message["body"])
    return ReceivedRequest(
        DataRequest(body["request"]),
        str(body["owner_id"]),
        bool(body["is_last"]),
        str(body.get("correlation_id") or ""),
    )
