"""Dead letters in SQS, in the three shapes AWS leaves them in; refuses to send anything but to the named queues and functions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from avocet.domain.dead_letters import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_sqs.client import SQSClient

_AT_ONCE = 10
_MAX_LISTED = 100
# As long as one letter's replay may take; a look puts letters back at once.
_HOLD_S = 30
_STREAM_BATCH = "DDBStreamBatchInfo"


@dataclass(frozen=True)
class Addresses:
    """What this deployment's physical names stand for; whatever is not named here is sent nothing.

    Attributes:
        dead: The queues of dead letters, name by stack.
        queues: The queues that letters come from, name by word.
        functions: The functions that letters come from, name by verb.
    """

    dead: Mapping[str, str]
    queues: Mapping[str, str]
    functions: Mapping[str, str]

    @classmethod
    def of(cls, queues: str, senders: str) -> "Addresses":
        """Read both settings, as the infrastructure wrote them."""
        named = _pairs(senders)
        return cls(
            dead=_pairs(queues),
            queues={key.removeprefix("queue:"): name for key, name in named.items() if key.startswith("queue:")},
            functions={
                key.removeprefix("function:"): name for key, name in named.items() if key.startswith("function:")
            },
        )


@dataclass(frozen=True)
class _Parcel:
    """A letter as it was read: what to send, and to which queue or function (by physical name)."""

    letter: DeadLetter
    payload: str
    to_queue: str = ""
    to_function: str = ""


@dataclass(frozen=True)
class _Held:
    box: "SqsDeadLetters"
    parcel: _Parcel
    url: str
    receipt: str

    @property
    def letter(self) -> DeadLetter:
        return self.parcel.letter

    def send_back(self) -> None:
        if self.parcel.to_queue:
            url = self.box.queues.get_queue_url(QueueName=self.parcel.to_queue)["QueueUrl"]
            self.box.queues.send_message(QueueUrl=url, MessageBody=self.parcel.payload)
        else:
            self.box.functions.invoke(
                FunctionName=self.parcel.to_function, InvocationType="Event", Payload=self.parcel.payload.encode()
            )

    def remove(self) -> None:
        self.box.queues.delete_message(QueueUrl=self.url, ReceiptHandle=self.receipt)


@dataclass(frozen=True)
class SqsDeadLetters:
    """Every queue of dead letters of the deployment.

    SQS cannot be looked into: letters are received, read, and put back. Two admins who look at the same moment may see
    some each; nothing is lost by that.
    """

    queues: "SQSClient"
    functions: "LambdaClient"
    addresses: Addresses

    def letters(self) -> Sequence[DeadLetter]:
        """Return up to 100 letters of each queue, the oldest first."""
        found: list[DeadLetter] = []
        for stack, name in self.addresses.dead.items():
            url = self.queues.get_queue_url(QueueName=name)["QueueUrl"]
            receipts: list[str] = []
            try:
                for batch in self._received(url):
                    receipts += [message["ReceiptHandle"] for message in batch]
                    found += [self._parcel(stack, message).letter for message in batch]
            finally:
                self._put_back(url, receipts)
        return sorted(found, key=lambda letter: (letter.sent_at, letter.letter_id))

    def take(self, letter_id: str) -> _Held | None:
        """Hold one letter for half a minute."""
        for stack, name in self.addresses.dead.items():
            url = self.queues.get_queue_url(QueueName=name)["QueueUrl"]
            others: list[str] = []
            try:
                for batch in self._received(url):
                    others += [each["ReceiptHandle"] for each in batch if each["MessageId"] != letter_id]
                    for message in batch:
                        if message["MessageId"] == letter_id:
                            return _Held(self, self._parcel(stack, message), url, message["ReceiptHandle"])
            finally:
                self._put_back(url, others)
        return None

    def _received(self, url: str) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield batch after batch, each held; putting back what is not wanted is the caller's."""
        counted = self.queues.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        expected = min(int(counted["Attributes"]["ApproximateNumberOfMessages"]), _MAX_LISTED)
        seen: set[str] = set()
        while len(seen) < _MAX_LISTED:
            answer = self.queues.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=_AT_ONCE,
                VisibilityTimeout=_HOLD_S,
                # A short poll asks some of the servers only, and may find nothing where something lies.
                WaitTimeSeconds=1 if len(seen) < expected else 0,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            new = [message for message in answer.get("Messages", ()) if message["MessageId"] not in seen]
            if not new:
                return
            seen |= {message["MessageId"] for message in new}
            yield new

    def _put_back(self, url: str, receipts: Sequence[str]) -> None:
        for start in range(0, len(receipts), _AT_ONCE):
            batch = receipts[start : start + _AT_ONCE]
            # One that is refused comes back by itself when its time is over.
            self.queues.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for number, receipt in enumerate(batch)
                ],
            )

    def _parcel(self, stack: str, message: Mapping[str, Any]) -> _Parcel:
        body, attributes = str(message["Body"]), message.get("Attributes", {})
        sent_at = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)

        def letter(addressee: str, about: str, reason: str) -> DeadLetter:
            return DeadLetter(message["MessageId"], stack, addressee, about, sent_at, reason)

        if source := attributes.get("DeadLetterQueueSourceArn"):
            name = _last_of(source)
            word = _key_of(self.addresses.queues, name)
            about = _asked_for(body)
            reason = "failed every time it was tried" if about else "cannot be read"
            return _Parcel(letter(word, about, reason), body, to_queue=name if word else "")
        told = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
        if target := told.get("TARGET_ARN"):  # of a rule that could not deliver an event
            name = _last_of(target)
            verb = _key_of(self.addresses.functions, name)
            return _Parcel(letter(verb, "", told.get("ERROR_CODE", "")), body, to_function=name if verb else "")
        envelope = _object(body)
        context = _object(envelope.get("requestContext"))
        if arn := str(context.get("functionArn") or ""):  # of a function that failed on an event
            name = _function_name(arn)
            verb = _key_of(self.addresses.functions, name)
            # The kind of error alone: its message may hold anything.
            kind = str(_object(envelope.get("responsePayload")).get("errorType") or context.get("condition") or "")
            # What came out of a stream is not in the letter; where in the stream it was is, and whose it was reads it there.
            batch = envelope.get(_STREAM_BATCH)
            payload = json.dumps(envelope.get("requestPayload") if batch is None else {_STREAM_BATCH: batch})
            return _Parcel(letter(verb, "", kind), payload, to_function=name if verb else "")
        return _Parcel(letter("", "", "of no known shape"), body)


def _pairs(setting: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in setting.split(",") if pair)


def _asked_for(body: str) -> str:
    """Return what a message of one of our own queues asks for: a request about a person's data, or a training."""
    asked = _object(body)
    return str(asked.get("request") or asked.get("TrainingJobName") or "")[:100]


def _object(value: object) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _key_of(names: Mapping[str, str], name: str) -> str:
    return next((word for word, physical in names.items() if physical == name), "")


def _last_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def _function_name(arn: str) -> str:
    """Return the name in a function's ARN, which a version or ``$LATEST`` may follow."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else ""
