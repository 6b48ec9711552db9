"""Tells the admins through a topic; a message that cannot be sent is logged, and nothing else suffers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from avocet.observability import log

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

_MAX_SUBJECT_LETTERS = 99


@dataclass(frozen=True)
class AdminTopic:
    """The topic."""

    client: "SNSClient"
    topic_arn: str

    def notify(self, subject: str, text: str) -> None:
        """Send a message."""
        try:
            self.client.publish(TopicArn=self.topic_arn, Subject=subject[:_MAX_SUBJECT_LETTERS], Message=text)
        except (BotoCoreError, ClientError) as error:
            log("admins_not_told", level="ERROR", subject=subject, reason=type(error).__name__)
