"""What every campaign stands on: a deployment in this process, situations in it, and the harm that a trial may leave."""

import importlib
import json
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3

from avocet.adapters import aws, system
from avocet.domain.jobs import JobKind
from avocet.http import extract_wiring, fetch_wiring, people_wiring, refresh_wiring, wiring
from tests.made.aws import ENVIRONMENT, Deployment, deployment
from tests.made.bundles import make_bundle
from tests.made.cognito import POOL_ID, CognitoPool
from tests.made.events import ALICE, claims_of, event
from tests.made.photos import jpeg

MODEL = "starter-00000001"
REGION, ACCOUNT = "eu-west-1", "123456789012"


class _Context:
    """Lambda's context, with time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class _InTurn:
    """In the place of threads: one after the other, so that a call has the same number each time."""

    map = staticmethod(map)


@dataclass(frozen=True)
class Harm:
    """What a trial left that must not be.

    Attributes:
        lost: Things that were accepted and are not there.
        doubled: Things that are there more than once, or counted more than once.
    """

    lost: int = 0
    doubled: int = 0


@dataclass(frozen=True)
class Trial:
    """One situation: ``ask`` may be asked again and again; ``harm`` looks at what is there after it succeeded."""

    ask: Callable[[], Mapping[str, Any]]
    harm: Callable[[], Harm]


Campaigns = Mapping[str, Mapping[str, Callable[["Cloud"], Trial]]]


@dataclass
class Cloud:
    """A deployment in this process, its handlers, its clock, which may be off, and what was made once for many trials."""

    made: Deployment
    pool: CognitoPool
    admin_id: str
    training_queue: str = ""
    off_by: timedelta = timedelta()
    kept: dict[str, Any] = field(default_factory=dict)
    until_its_end: ExitStack = field(default_factory=ExitStack)
    _handlers: dict[str, Callable[[Any, Any], Any]] = field(default_factory=dict)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off_by

    def start_cold(self) -> None:
        """Let every function begin again, with nothing remembered from earlier requests."""
        self._handlers.clear()

    def call(self, verb: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if verb not in self._handlers:
            self._handlers[verb] = importlib.reload(importlib.import_module(f"functions.{verb}.handler")).handler
        answer: dict[str, Any] = self._handlers[verb](dict(asked), _Context())
        return answer

    def predict(self, owner_id: str = ALICE) -> str:
        answer = self.call("predict", prediction(owner_id))
        assert answer["statusCode"] == 201, answer["body"]
        return str(json.loads(answer["body"])["prediction_id"])

    def given(self, owner_id: str = ALICE) -> str:
        photo_id = self.predict(owner_id)
        answer = self.call("feedback", feedback(photo_id, {"feedback": "confirmed"}, owner_id))
        assert answer["statusCode"] == 200, answer["body"]
        return photo_id

    def requests(self) -> list[str]:
        """Return whatever was asked of those who fulfil people's requests."""
        client, queue = boto3.client("sqs", region_name=REGION), wiring.settings().data_requests_queue
        found: list[str] = self.kept.setdefault("requests", [])
        while messages := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for each in messages:
                found.append(each["Body"])
                client.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return found

    def by_admin(self, method: str, resource: str, **more: Any) -> dict[str, Any]:
        """Return a request of the admin, which keeps its id however often it is sent."""
        sent = {"X-Correlation-Id": uuid.uuid4().hex}
        return event(method, resource, claims=claims_of(self.admin_id, groups="admin"), headers=sent, **more)

    def counted(self) -> int:
        return int(wiring.records().tallies().get("contributions", 0))

    def raw_keys(self, photo_id: str) -> list[str]:
        pages = self.made.s3.get_paginator("list_objects_v2").paginate(Bucket="raw")
        return [each["Key"] for page in pages for each in page.get("Contents", []) if photo_id in each["Key"]]


def forget_clients() -> None:
    """Let every client and every port be made anew, from the settings as they are then."""
    modules = [module for name, module in sys.modules.items() if name.startswith("avocet.http.")]
    for module in (aws, *modules):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@contextmanager
def cloud() -> Iterator[Cloud]:
    """A deployment with a champion and two admins, for as many trials as wanted."""
    more = {
        "AVOCET_JOB_MACHINES": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:avocet-test-",
        "AVOCET_JOB_KINDS": ",".join(JobKind),
        "AVOCET_ADMIN_TOPIC": f"arn:aws:sns:{REGION}:{ACCOUNT}:admins",
        "AVOCET_TRAINING_RECIPES": "head",
        "AVOCET_USER_POOL_ID": POOL_ID,
        # So many that nothing is asked for by itself unless a campaign wants it.
        "AVOCET_GATE_FLOOR_PHOTOS": "1000",
        "AVOCET_REFRESH_FLOOR_CONTRIBUTIONS": "1000",
    }
    with ExitStack() as stack:
        stack.enter_context(patch.dict("os.environ", {**ENVIRONMENT, **more}))
        made = stack.enter_context(deployment())
        machines = boto3.client("stepfunctions", region_name=REGION)
        for kind in JobKind:
            machines.create_state_machine(
                name=f"avocet-test-{kind.replace('_', '-')}",
                definition="{}",
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
            )
        boto3.client("sns", region_name=REGION).create_topic(Name="admins")
        sqs = boto3.client("sqs", region_name=REGION)
        queues = {
            "AVOCET_DATA_REQUESTS_QUEUE": sqs.create_queue(QueueName="requests")["QueueUrl"],
            "AVOCET_TRAINING_QUEUE": sqs.create_queue(QueueName="trainings")["QueueUrl"],
        }
        stack.enter_context(patch.dict("os.environ", queues))
        pool = CognitoPool()
        cognito = pool.client()
        for module in (aws, people_wiring):
            stack.enter_context(patch.object(module, "cognito_client", lambda: cognito))
        # Another admin beside them, so that one may go.
        pool.join("admin")
        here = Cloud(made, pool, pool.join("admin").sub, queues["AVOCET_TRAINING_QUEUE"])
        stack.enter_context(here.until_its_end)
        for module, name in ((extract_wiring, "threads"), (fetch_wiring, "threads"), (refresh_wiring, "_threads")):
            stack.enter_context(patch.object(module, name, _InTurn))
        stack.enter_context(patch.object(system, "now", here.now))
        forget_clients()
        stack.callback(forget_clients)
        made.publish(make_bundle(MODEL), MODEL)
        yield here


def prediction(owner_id: str = ALICE) -> dict[str, Any]:
    return event("POST", "/predictions", body=jpeg(), content_type="image/jpeg", claims=claims_of(owner_id))


def feedback(photo_id: str, body: Mapping[str, str], owner_id: str = ALICE) -> dict[str, Any]:
    path = {"id": photo_id}
    return event("POST", "/predictions/{id}/feedback", path_parameters=path, body=body, claims=claims_of(owner_id))


def reading(verb: str, asked: Callable[[Cloud], Mapping[str, Any]]) -> Callable[[Cloud], Trial]:
    """A situation in which something is only looked at, and nothing can be harmed."""

    def prepare(here: Cloud) -> Trial:
        what = asked(here)
        return Trial(lambda: here.call(verb, what), Harm)

    return prepare
