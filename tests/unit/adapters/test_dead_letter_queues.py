"""The shapes AWS leaves dead letters in; what they hold goes back where it came from, unchanged, and nowhere else."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from avocet.adapters.dead_letter_queues import Addresses, SqsDeadLetters

ADDRESSES = Addresses.of(
    "serving=dead-serving,learning=dead-learning",
    "queue:data-requests=requests-x1,queue:trainings=trainings-x2,function:settle=settle-x3,function:shadow=shadow-x4",
)
ARN = "arn:aws:{}:eu-west-1:123456789012:{}"


@dataclass
class Queues:
    """SQS as far as it is asked, and Lambda."""

    lying: dict[str, list[dict[str, Any]]]
    held: set[str] = field(default_factory=set)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def get_queue_url(self, *, QueueName: str) -> dict[str, str]:  # noqa: N803
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def get_queue_attributes(self, *, QueueUrl: str, **_asked: Any) -> dict[str, Any]:  # noqa: N803
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self._at(QueueUrl)))}}

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, **_asked: Any) -> dict[str, Any]:  # noqa: N803
        found = [each for each in self._at(QueueUrl) if each["MessageId"] not in self.held][:MaxNumberOfMessages]
        self.held |= {each["MessageId"] for each in found}
        return {"Messages": found} if found else {}

    def change_message_visibility_batch(self, *, Entries: list[dict[str, Any]], **_asked: Any) -> None:  # noqa: N803
        assert len(Entries) <= 10
        self.held -= {entry["ReceiptHandle"] for entry in Entries}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        self.sent.append((QueueUrl, MessageBody))

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803
        assert InvocationType == "Event"
        self.sent.append((FunctionName, Payload.decode()))

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self._at(QueueUrl)[:] = [each for each in self._at(QueueUrl) if each["MessageId"] != ReceiptHandle]

    def _at(self, url: str) -> list[dict[str, Any]]:
        return self.lying.setdefault(url.rpartition("/")[2], [])


def message(letter_id: str, body: object, *, source: str = "", told: dict[str, str] | None = None) -> dict[str, Any]:
    attributes = {"SentTimestamp": str(1_795_610_545_000 + len(letter_id))}
    if source:
        attributes["DeadLetterQueueSourceArn"] = ARN.format("sqs", source)
    return {
        "MessageId": letter_id,
        "ReceiptHandle": letter_id,
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": attributes,
        "MessageAttributes": {name: {"StringValue": value} for name, value in (told or {}).items()},
    }


def failed_function(name: str, event: object) -> dict[str, Any]:
    return {
        "requestContext": {"functionArn": ARN.format("lambda", f"function:{name}:$LATEST"), "condition": "Exhausted"},
        "requestPayload": event,
        "responsePayload": {"errorType": "PhotoLostError", "errorMessage": "inside", "stackTrace": ["inside"]},
    }


ERASE = json.dumps({"request": "erase", "owner_id": "ada", "is_last": False})
SHAPES = [
    pytest.param(
        message("m", ERASE, source="requests-x1"),
        ("data-requests", "erase", "failed every time it was tried"),
        ("https://sqs/requests-x1", ERASE),
        id="a queue gave up on it",
    ),
    pytest.param(
        message("m", {"TrainingJobName": "avocet-1"}, source="trainings-x2"),
        ("trainings", "avocet-1", "failed every time it was tried"),
        ("https://sqs/trainings-x2", '{"TrainingJobName": "avocet-1"}'),
        id="a training",
    ),
    pytest.param(
        message("m", "\x00 no json", source="requests-x1"),
        ("data-requests", "", "cannot be read"),
        ("https://sqs/requests-x1", "\x00 no json"),
        id="poison",
    ),
    pytest.param(
        message("m", failed_function("settle-x3", {"source": "aws.events"})),
        ("settle", "", "PhotoLostError"),
        ("settle-x3", '{"source": "aws.events"}'),
        id="a function failed on it",
    ),
    pytest.param(
        message(
            "m",
            {
                "requestContext": {
                    "functionArn": ARN.format("lambda", "function:shadow-x4"),
                    "condition": "RetryAttemptsExhausted",
                },
                "DDBStreamBatchInfo": {"shardId": "shard-1", "startSequenceNumber": "7"},
            },
        ),
        ("shadow", "", "RetryAttemptsExhausted"),
        ("shadow-x4", '{"DDBStreamBatchInfo": {"shardId": "shard-1", "startSequenceNumber": "7"}}'),
        id="a function gave up on a stretch of a stream",
    ),
    pytest.param(
        message(
            "m",
            {"a": 1},
            told={"TARGET_ARN": ARN.format("lambda", "function:settle-x3"), "ERROR_CODE": "NO_PERMISSIONS"},
        ),
        ("settle", "", "NO_PERMISSIONS"),
        ("settle-x3", '{"a": 1}'),
        id="a rule could not deliver it",
    ),
]


def box(queues: Queues) -> SqsDeadLetters:
    return SqsDeadLetters(queues, queues, ADDRESSES)  # type: ignore[arg-type]


@pytest.mark.parametrize(("lying", "told", "sent"), SHAPES)
def test_each_shape_is_understood_and_goes_back_where_it_came_from(lying, told, sent):
    queues = Queues({"dead-learning": [lying]})
    (letter,) = box(queues).letters()
    assert (letter.addressee, letter.about, letter.reason) == told
    assert letter.queue == "learning"
    held = box(queues).take("m")
    assert held is not None
    held.send_back()
    assert queues.sent == [sent]
    held.remove()
    assert box(queues).letters() == []


@pytest.mark.parametrize(
    "lying",
    [
        message("m", ERASE, source="somebody-else-s"),
        message("m", failed_function("somebody-else-s", {})),
        message("m", "{}", told={"TARGET_ARN": ARN.format("lambda", "function:somebody-else-s")}),
        message("m", "anything"),
        message("m", json.dumps({"requestContext": {"functionArn": 7}})),
        message("m", json.dumps([1])),
    ],
)
def test_what_names_none_of_ours_has_no_addressee(lying):
    (letter,) = box(Queues({"dead-serving": [lying]})).letters()
    assert letter.addressee == ""


def test_looking_and_taking_leave_every_other_letter_to_be_had():
    lying = [message(f"m{number:02}" + "x" * number, ERASE, source="requests-x1") for number in range(25)]
    queues = Queues({"dead-serving": lying})
    assert [letter.letter_id for letter in box(queues).letters()] == [each["MessageId"] for each in lying]
    assert queues.held == set()
    wanted = lying[13]["MessageId"]
    assert box(queues).take(wanted) is not None
    assert queues.held == {wanted}
    assert box(queues).take(wanted) is None, "somebody is at it"
