"""What the emulator keeps in memory has a bound, however long it runs; run by its own Python, where MiniStack is."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".avocet/emulator-venv/bin/python"

USED_FOR_LONG = """
import json
import os
from local.emulator import bounded_memory
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import cloudwatch_logs, eventbridge, lambda_svc, stepfunctions

set_request_account_id("000000000000")
set_request_region("us-east-1")
bounded_memory.install()
function = {"config": {"FunctionName": "predict", "LoggingConfig": {"LogGroup": "predictions"}}}
for number in range(10 * bounded_memory.KEPT_INVOCATIONS):
    lambda_svc._emit_lambda_logs(function, f"request-{number}", "a line", False, 1)
stream = {"events": [], "firstEventTimestamp": None, "lastEventTimestamp": None}
for number in range(3):
    lines = [{"timestamp": number, "message": "m", "ingestionTime": number}] * bounded_memory.KEPT_LINES
    cloudwatch_logs._append_log_events(stream, lines)
for number in range(10 * bounded_memory.KEPT_EVENTS):
    eventbridge._put_events({"Entries": [{"Source": "avocet", "DetailType": "test", "Detail": "{}"}]})
machine = {"name": "refresh", "definition": json.dumps({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})}
status, _, body = stepfunctions._create_state_machine({**machine, "roleArn": "arn:aws:iam::000000000000:role/r"})
arn = json.loads(body)["stateMachineArn"]
for number in range(2 * bounded_memory.KEPT_EXECUTIONS):
    stepfunctions._start_execution({"stateMachineArn": arn, "name": f"attempt-{number}"})
executions = stepfunctions._executions._data
print(json.dumps({
    "invocations": len(cloudwatch_logs._log_groups["predictions"]["streams"]),
    "newest": any("request-499" in event["message"] for stream in cloudwatch_logs._log_groups["predictions"]["streams"].values()
                  for event in stream["events"]),
    "lines": len(stream["events"]),
    "newest_line": stream["events"][-1]["timestamp"],
    "events": len(eventbridge._events_log_list()),
    "ended": sum(each["status"] != "RUNNING" for each in executions.values()),
    "newest_execution": any(each["name"] == f"attempt-{number}" for each in executions.values()),
}))
"""


@pytest.mark.skipif(not PYTHON.exists(), reason="the emulator is not installed: make install")
def test_what_has_been_used_for_long_remembers_the_newest_and_no_more() -> None:
    done = subprocess.run([str(PYTHON), "-c", USED_FOR_LONG], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept = json.loads(done.stdout.splitlines()[-1])
    assert (kept["invocations"], kept["newest"]) == (50, True)
    assert (kept["lines"], kept["newest_line"]) == (5_000, 2)
    assert kept["events"] <= 101
    # One may end between two looks.
    assert kept["ended"] <= 310
    assert kept["newest_execution"]


VERSIONED = """
import asyncio, json, os
from local.emulator import bounded_memory
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import s3

set_request_account_id("000000000000")
set_request_region("us-east-1")
bounded_memory.install()


def ask(method, path, body=b"", query=None):
    headers = {"host": "s3.us-east-1.amazonaws.com"}
    status, answered, content = asyncio.run(s3.handle_request(method, path, headers, body, query or {}))
    assert status < 300, (status, content)
    return answered, content


VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
ask("PUT", "/raw")
ask("PUT", "/raw", VERSIONING, {"versioning": [""]})
photos = [bytes([65 + number]) * 100_000 for number in range(3)]
versions = [ask("PUT", "/raw/emu.jpg", photo)[0]["x-amz-version-id"] for photo in photos]
read = [ask("GET", "/raw/emu.jpg", query={"versionId": [version]})[1] for version in versions]
kept = sum(len(each["data"] or b"") for entries in s3._object_versions._data.values() for each in entries)
ask("DELETE", "/raw/emu.jpg", query={"versionId": [versions[2]]})
before = ask("GET", "/raw/emu.jpg")[1]
print(json.dumps({"kept": kept, "read": read == photos, "before": before == photos[1]}))
"""


@pytest.mark.skipif(not PYTHON.exists(), reason="the emulator is not installed: make install")
def test_versions_of_objects_are_on_disk_and_not_in_memory_too(tmp_path: Path) -> None:
    environment = {**os.environ, "S3_PERSIST": "1", "S3_DATA_DIR": str(tmp_path)}
    done = subprocess.run([str(PYTHON), "-c", VERSIONED], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"kept": 0, "read": True, "before": True}
