"""What a schedule sends, sent at once: the emulator's day is as long as anybody's."""

import json
import uuid
from typing import Any

from tests.deployed.cloud import Cloud


def sent_by_schedule(cloud: Cloud, schedule: str, *, times: int = 1) -> dict[str, Any]:
    """Send the event of the deployed rule so called, so many times, to whom it is sent; return the last answer."""
    events, functions = cloud.aws("events"), cloud.aws("lambda")
    (rule,) = [rule["Name"] for rule in events.list_rules()["Rules"] if schedule in rule["Name"]]
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    ((name, path),) = target["InputTransformer"]["InputPathsMap"].items()
    assert path == "$.id"
    payload = target["InputTransformer"]["InputTemplate"].replace(f"<{name}>", json.dumps(str(uuid.uuid4())))
    answers = [functions.invoke(FunctionName=target["Arn"], Payload=payload.encode()) for _ in range(times)]
    said: dict[str, Any] = json.loads(answers[-1]["Payload"].read())
    return said
