"""Campaigns of what was given up on: a dead letter sent again, thrown away, and looked for."""

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
from moto.sqs.models import sqs_backends

from avocet.adapters import aws
from avocet.adapters.reviews import DynamoReviews
from avocet.domain.audit import AuditAction
from tests.faults import office
from tests.faults.clouds import ACCOUNT, REGION, Campaigns, Cloud, Harm, Trial, forget_clients

Answer = Mapping[str, Any]

_DEAD, _ALIVE, _SETTLE = "dead-serving", "requests-alive", "avocet-test-settle"
_EXPORT = {"request": "export", "owner_id": "ada"}
_SWEEP = {"source": "aws.events"}


def _of_a_queue(_here: Cloud) -> str:
    """Let a request lie there that its queue gave up on; return its id."""
    return _put(_EXPORT)


def _of_a_function(_here: Cloud) -> str:
    """Let an event lie there on which a function failed; return the letter's id."""
    return _put(
        {
            "requestContext": {"functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{_SETTLE}:$LATEST"},
            "requestPayload": _SWEEP,
            "responsePayload": {"errorType": "PhotoLostError"},
        }
    )


def _replayed(dies: Callable[[Cloud], str], expected: Mapping[str, Any]) -> Callable[[Cloud], Trial]:
    def prepare(here: Cloud) -> Trial:
        _open_box(here)
        _put(_EXPORT)  # somebody else's, which stays
        letter_id = dies(here)

        def harm() -> Harm:
            sent, lying = _sent(here), _lying()
            noted = _noted(here, AuditAction.REPLAY, letter_id)
            # Sent more often than once it is done once by whoever it is for; each record tells of a sending.
            return Harm(
                lost=int(expected not in sent) + int(not noted) + int(len(lying - {letter_id}) != 1),
                doubled=int(letter_id in lying) + max(0, noted - len(sent)) + sum(each != expected for each in sent),
            )

        return Trial(lambda: _asked(here, "POST", letter_id), harm)

    return prepare


def _discarded(here: Cloud) -> Trial:
    _open_box(here)
    _put(_EXPORT)
    letter_id = _of_a_function(here)

    def harm() -> Harm:
        lying, noted = _lying(), _noted(here, AuditAction.DISCARD, letter_id)
        return Harm(
            lost=int(not noted) + int(len(lying - {letter_id}) != 1),
            doubled=int(letter_id in lying) + max(0, noted - 1) + len(_sent(here)),
        )

    return Trial(lambda: _asked(here, "DELETE", letter_id), harm)


def _listed(here: Cloud) -> Trial:
    _open_box(here)
    letter_ids = {_of_a_queue(here), _of_a_function(here)}
    asked = here.by_admin("GET", "/admin/dead-letters")

    def ask() -> Answer:
        _half_a_minute_passes()
        answer = here.call("tend_dead_letters", asked)
        if answer["statusCode"] >= 400:
            return answer
        listed = {each["letter_id"] for each in json.loads(answer["body"])["letters"]}
        return answer if listed == letter_ids else office.NOT_DONE

    return Trial(ask, lambda: Harm(lost=len(letter_ids - _lying())))


def _asked(here: Cloud, method: str, letter_id: str) -> Answer:
    _half_a_minute_passes()
    asked = here.by_admin(method, "/admin/dead-letters/{id}", path_parameters={"id": letter_id})
    answer = here.call("tend_dead_letters", asked)
    # Whoever asks again for what was done learns that the letter lies there no more.
    return office.DONE if answer["statusCode"] == 404 and letter_id not in _lying() else answer


def _noted(here: Cloud, action: AuditAction, letter_id: str) -> int:
    newest = DynamoReviews(here.made.dynamodb, "dataset").newest(10_000)
    return sum((each.action, each.subject_id) == (action, letter_id) for each in newest)


def _open_box(here: Cloud) -> None:
    """Let the deployment have a queue of dead letters and those they come from, with nothing in any."""
    here.made.empty_dataset()
    if "invoked" not in here.kept:
        sqs = boto3.client("sqs", region_name=REGION)
        for name in (_DEAD, _ALIVE):
            sqs.create_queue(QueueName=name)
        senders = f"queue:data-requests={_ALIVE},function:settle={_SETTLE}"
        os.environ.update({"AVOCET_DEAD_LETTER_QUEUES": f"serving={_DEAD}", "AVOCET_DEAD_LETTER_SENDERS": senders})
        forget_clients()
        here.kept["invoked"] = []
        aws.sqs_client().meta.events.register("after-call.sqs.ReceiveMessage", _say_where_from)
        aws.lambda_client().meta.events.register("before-call.lambda.Invoke", partial(_invoked, here.kept["invoked"]))
    here.kept["invoked"].clear()
    for name in (_DEAD, _ALIVE):
        _messages(name).clear()


def _invoked(events: list[Any], params: Mapping[str, Any], **_more: Any) -> tuple[Any, dict[str, Any]]:
    events.append(json.loads(params["body"]))
    return SimpleNamespace(status_code=202), {"StatusCode": 202}


def _say_where_from(parsed: dict[str, Any], **_more: Any) -> None:
    """Say of a message what SQS says and moto does not: which queue gave up on it."""
    for message in parsed.get("Messages", ()):
        if message["Body"] == json.dumps(_EXPORT):
            source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{_ALIVE}"
            message.setdefault("Attributes", {})["DeadLetterQueueSourceArn"] = source


def _put(body: Mapping[str, Any]) -> str:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.get_queue_url(QueueName=_DEAD)["QueueUrl"]
    return str(sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))["MessageId"])


def _sent(here: Cloud) -> list[Any]:
    """Return what went back to whom it was for."""
    return [*(json.loads(each.body) for each in _messages(_ALIVE)), *here.kept["invoked"]]


def _lying() -> set[str]:
    return {each.id for each in _messages(_DEAD)}


def _half_a_minute_passes() -> None:
    """Let go of whatever letter somebody held who is gone."""
    for message in _messages(_DEAD):
        message.visible_at = 0.0


def _messages(queue: str) -> list[Any]:
    messages: list[Any] = sqs_backends[ACCOUNT][REGION].queues[queue]._messages
    return messages


CAMPAIGNS: Campaigns = {
    "tend_dead_letters": {
        "a request sent again": _replayed(_of_a_queue, _EXPORT),
        "an event sent again": _replayed(_of_a_function, _SWEEP),
        "one thrown away": _discarded,
        "the list": _listed,
    }
}
