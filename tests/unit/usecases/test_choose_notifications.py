"""Choosing what one is told: one's own verified address, each letter by kind and language, nothing after one has left."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.adapters.mailing_list import TopicSubscriptions
from avocet.adapters.notification_choices import DynamoNotificationChoices
from avocet.domain.notifications import Delivery, Language, NoticeKind, NotificationChoice
from avocet.usecases.choose_notifications import ChooseNotifications, StopNotifications, UnverifiedAddressError
from avocet.usecases.notice_ports import KeptChoice, MailState, UnconfirmedAddressError
from tests.made.accounts import MemoryAccounts, account
from tests.made.aws import deployment

ROOT = replace(account("root", "admin"), attributes={"sub": "root", "email_verified": "true"})
WORRIED = NotificationChoice(frozenset({NoticeKind.DRIFT, NoticeKind.HEALTH}), Language.FR)
CHOICES = st.builds(NotificationChoice, st.frozensets(st.sampled_from(NoticeKind)), st.sampled_from(Language))


@dataclass
class Memory:
    """Choices and a mailing list in memory; letters go where the list says."""

    kept: dict[str, KeptChoice] = field(default_factory=dict)
    list: dict[str, NotificationChoice] = field(default_factory=dict)
    has_refused: bool = False

    def find(self, owner_id: str) -> KeptChoice | None:
        return self.kept.get(owner_id)

    def keep(self, owner_id: str, kept: KeptChoice) -> None:
        self.kept[owner_id] = kept

    def drop(self, owner_id: str) -> None:
        self.kept.pop(owner_id, None)

    def put(self, address: str, choice: NotificationChoice) -> None:
        if self.has_refused:
            raise UnconfirmedAddressError("")
        self.list[address] = choice

    def state(self, address: str) -> MailState:
        return MailState.ACTIVE if address in self.list else MailState.NONE

    def remove(self, address: str) -> None:
        self.list.pop(address, None)


def office(memory: Memory, pool: MemoryAccounts, *, has_inbox_only: bool = False) -> ChooseNotifications:
    return ChooseNotifications(accounts=pool, choices=memory, mailing_list=memory, has_inbox_only=has_inbox_only)


def test_nobody_is_told_anything_unasked():
    chosen = office(Memory(), MemoryAccounts.of(ROOT)).read("root")
    assert (chosen.choice.kinds, chosen.address, chosen.delivery) == (frozenset(), ROOT.email, Delivery.OFF)


@given(choices=st.lists(CHOICES, min_size=1, max_size=6))
def test_the_last_choice_is_the_one_that_holds_however_often_it_is_made(choices):
    memory = Memory()
    choose = office(memory, MemoryAccounts.of(ROOT))
    for choice in [*choices, choices[-1]]:
        chosen = choose.choose("root", choice)
    assert choose.read("root") == chosen
    assert memory.list == ({ROOT.email: choices[-1]} if choices[-1].kinds else {})
    assert chosen.delivery is (Delivery.EMAIL if choices[-1].kinds else Delivery.OFF)


def test_an_address_nobody_has_verified_is_never_written_to_but_mail_to_it_can_be_ended():
    memory, stranger = Memory(), account("root", "admin")
    choose = office(memory, MemoryAccounts.of(stranger))
    with pytest.raises(UnverifiedAddressError):
        choose.choose("root", WORRIED)
    assert memory == Memory()
    assert choose.choose("root", NotificationChoice()).delivery is Delivery.OFF


def test_a_new_address_takes_the_place_of_the_one_before():
    memory, pool = Memory(), MemoryAccounts.of(ROOT)
    choose = office(memory, pool)
    choose.choose("root", WORRIED)
    pool.held["root"] = replace(ROOT, email="new@example.org")
    choose.choose("root", WORRIED)
    assert memory.list == {"new@example.org": WORRIED}


def test_whoever_ended_it_by_the_link_in_a_mail_sees_so_and_can_begin_anew():
    memory = Memory()
    choose = office(memory, MemoryAccounts.of(ROOT))
    choose.choose("root", WORRIED)
    memory.remove(ROOT.email)
    assert choose.read("root").delivery is Delivery.ENDED
    assert choose.choose("root", WORRIED).delivery is Delivery.EMAIL


def test_where_no_mail_leaves_the_choice_is_kept_and_says_so():
    assert office(Memory(), MemoryAccounts.of(ROOT), has_inbox_only=True).choose("root", WORRIED).delivery is (
        Delivery.INBOX
    )


def test_whoever_leaves_is_forgotten_even_where_choosing_broke_off_half_way():
    memory, pool = Memory(has_refused=True), MemoryAccounts.of(ROOT)
    with pytest.raises(UnconfirmedAddressError):
        office(memory, pool).choose("root", WORRIED)
    # The wish was written down first, so that whatever did happen can be undone.
    memory.list[ROOT.email] = WORRIED
    for _ in range(2):
        StopNotifications(choices=memory, mailing_list=memory).forget("root")
    assert (memory.kept, memory.list) == ({}, {})


@dataclass
class Topic:
    """The real adapters on a topic and a table in moto."""

    sns: Any
    subscriptions: TopicSubscriptions
    choices: DynamoNotificationChoices

    def policies(self) -> list[dict[str, list[str]]]:
        listed = self.sns.list_subscriptions_by_topic(TopicArn=self.subscriptions.topic_arn)["Subscriptions"]
        names = [each["SubscriptionArn"] for each in listed]
        got = [self.sns.get_subscription_attributes(SubscriptionArn=name)["Attributes"] for name in names]
        return [json.loads(each["FilterPolicy"]) for each in got]


@pytest.fixture
def topic() -> Iterator[Topic]:
    with deployment() as cloud:
        sns = boto3.client("sns", region_name="eu-west-1")
        arn = sns.create_topic(Name="admins")["TopicArn"]
        yield Topic(sns, TopicSubscriptions(sns, arn), DynamoNotificationChoices(cloud.dynamodb, "notices"))


def test_one_address_has_one_subscription_that_filters_by_the_last_choice(topic: Topic):
    put = topic.subscriptions.put
    for choice in (NotificationChoice(frozenset({NoticeKind.DATA})), WORRIED, WORRIED):
        put("ann@example.org", choice)
    assert topic.policies() == [{"kind": ["drift", "health"], "language": ["fr"]}]
    assert topic.subscriptions.state("ann@example.org") is MailState.ACTIVE
    assert topic.subscriptions.state("bob@example.org") is MailState.NONE
    put("bob@example.org", WORRIED)
    for _ in range(2):
        topic.subscriptions.remove("ann@example.org")
    assert topic.subscriptions.state("ann@example.org") is MailState.NONE
    assert len(topic.policies()) == 1


class Waiting:
    """A topic as AWS shows it while an address is unconfirmed, and refuses what it then refuses."""

    class exceptions:  # noqa: N801 - as the SDK spells it
        class InvalidParameterException(Exception):  # noqa: N818
            pass

    def __init__(self) -> None:
        self.ended: list[str] = []

    def subscribe(self, **asked: Any) -> dict[str, str]:
        if "Attributes" in asked:
            raise self.exceptions.InvalidParameterException
        return {"SubscriptionArn": "arn:pending"}

    def get_subscription_attributes(self, **_asked: Any) -> dict[str, Any]:
        return {"Attributes": {"PendingConfirmation": "true"}}

    def set_subscription_attributes(self, **_asked: Any) -> None:
        raise self.exceptions.InvalidParameterException

    def get_paginator(self, _name: str) -> "Waiting":
        return self

    def paginate(self, **_asked: Any) -> list[dict[str, Any]]:
        listed = {"Protocol": "email", "Endpoint": "ann@example.org", "SubscriptionArn": "PendingConfirmation"}
        return [{"Subscriptions": [listed, {**listed, "Protocol": "sqs", "SubscriptionArn": "arn:other"}]}]

    def unsubscribe(self, **asked: str) -> None:
        self.ended.append(asked["SubscriptionArn"])


def test_an_unconfirmed_address_says_so_and_is_left_to_lapse():
    waiting = Waiting()
    subscriptions = TopicSubscriptions(waiting, "arn:topic")  # type: ignore[arg-type]
    assert subscriptions.state("ann@example.org") is MailState.UNCONFIRMED
    with pytest.raises(UnconfirmedAddressError):
        subscriptions.put("ann@example.org", WORRIED)
    subscriptions.remove("ann@example.org")
    assert waiting.ended == []


def test_choices_are_kept_and_forgotten(topic: Topic):
    kept = KeptChoice(WORRIED, "ann@example.org")
    assert topic.choices.find("ann") is None
    topic.choices.keep("ann", kept)
    assert topic.choices.find("ann") == kept
    topic.choices.drop("ann")
    topic.choices.drop("ann")
    assert topic.choices.find("ann") is None
