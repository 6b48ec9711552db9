"""The topic that takes letters to the admins; kind and language travel as attributes, by which each subscriber filters."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from avocet.domain.notifications import Letter

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient


@dataclass(frozen=True)
class AdminTopic:
    """The topic."""

    client: "SNSClient"
    topic_arn: str

    def send(self, letter: Letter) -> None:
        """Publish a letter."""
        self.client.publish(
            TopicArn=self.topic_arn,
            Subject=letter.subject,
            Message=letter.text,
            MessageAttributes={
                "kind": {"DataType": "String", "StringValue": letter.kind.value},
                "language": {"DataType": "String", "StringValue": letter.language.value},
            },
        )
