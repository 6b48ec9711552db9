"""Subscriptions of e-mail addresses to the admins' topic; each filters by the kind and language it was put there with.

SNS names a subscription only to whoever made it, and never before it is confirmed. So it is looked up by its address.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from avocet.domain.notifications import NotificationChoice
from avocet.usecases.notice_ports import MailState, UnconfirmedAddressError

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

_EMAIL = "email"
_PENDING = "PendingConfirmation"  # in a list, in place of the name


@dataclass(frozen=True)
class TopicSubscriptions:
    """The topic's subscriptions."""

    client: "SNSClient"
    topic_arn: str

    def put(self, address: str, choice: NotificationChoice) -> None:
        """Have letters go to an address; doing it again changes the choice, and asks for a missing confirmation again.

        Raises:
            UnconfirmedAddressError: The choice can be changed only once the address is confirmed.
        """
        policy = {"kind": sorted(choice.kinds), "language": [choice.language.value]}
        asked: Any = {
            "TopicArn": self.topic_arn,
            "Protocol": _EMAIL,
            "Endpoint": address,
            "ReturnSubscriptionArn": True,
        }
        try:
            name = self.client.subscribe(**asked, Attributes={"FilterPolicy": json.dumps(policy)})["SubscriptionArn"]
        except self.client.exceptions.InvalidParameterException:
            # There is one with another choice; without a choice its name is told.
            name = self.client.subscribe(**asked)["SubscriptionArn"]
        known = self.client.get_subscription_attributes(SubscriptionArn=name)["Attributes"].get("FilterPolicy")
        if known and json.loads(known) == policy:
            return
        try:
            self.client.set_subscription_attributes(
                SubscriptionArn=name, AttributeName="FilterPolicy", AttributeValue=json.dumps(policy)
            )
        except self.client.exceptions.InvalidParameterException as error:
            raise UnconfirmedAddressError("Follow the link in the e-mail that was sent, then choose again.") from error

    def state(self, address: str) -> MailState:
        """Return how things stand with an address."""
        states = {MailState.UNCONFIRMED if name == _PENDING else MailState.ACTIVE for name in self._names(address)}
        return min(states, default=MailState.NONE, key=list(MailState).index)

    def remove(self, address: str) -> None:
        """Send nothing there any more; what was never confirmed lapses by itself, and is sent nothing meanwhile."""
        for name in self._names(address):
            if name != _PENDING:
                self.client.unsubscribe(SubscriptionArn=name)

    def _names(self, address: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self.topic_arn)
        for page in pages:
            for each in page["Subscriptions"]:
                if each["Protocol"] == _EMAIL and each["Endpoint"] == address:
                    yield each["SubscriptionArn"]
