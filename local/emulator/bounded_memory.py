"""Lets MiniStack forget what it would otherwise keep for ever, so that a cloud may run for weeks.

Each invocation of a function has a log stream of its own; every event and every execution is kept with its whole history.
All of that is copied and written at each checkpoint, while nobody else is answered: what grows makes everything slower.
And each version of an object in a bucket that keeps them stays in memory beside the file that it is written to.

What is left grows with what is kept for good, the records in the tables, or for a time as in AWS: a table's stream for a
day, the token of a transaction for ten minutes.
"""

import threading
from collections.abc import MutableMapping, MutableSequence
from typing import Any

KEPT_INVOCATIONS = 50
"""Of each function, so many invocations' log lines."""

KEPT_LINES = 5_000
"""Of each log stream."""

KEPT_EVENTS = 100
"""Of what came over the event buses; nothing reads them."""

KEPT_EXECUTIONS = 300
"""Of state machines, so many that have ended."""

_forgetting = threading.Lock()


def install() -> None:
    """Bound MiniStack's memory; it must not be serving yet."""
    from ministack.services import cloudwatch_logs, eventbridge, lambda_svc, s3, stepfunctions

    append, emit, log, start, persist = (
        cloudwatch_logs._append_log_events,
        lambda_svc._emit_lambda_logs,
        eventbridge._events_log_list,
        stepfunctions._start_execution,
        s3._persist_object,
    )

    def append_log_events(stream: dict[str, Any], events: list[Any]) -> None:
        append(stream, events)
        _keep_newest(stream["events"], KEPT_LINES)

    def emit_lambda_logs(func: dict[str, Any], *positional: Any, **named: Any) -> None:
        emit(func, *positional, **named)
        config = func.get("config") or func
        name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        if name in cloudwatch_logs._log_groups:
            _keep_last_added(cloudwatch_logs._log_groups[name]["streams"], KEPT_INVOCATIONS)

    def events_log_list() -> list[Any]:
        entries: list[Any] = log()
        _keep_newest(entries, KEPT_EVENTS)
        return entries

    def start_execution(data: dict[str, Any]) -> Any:
        executions = stepfunctions._executions._data
        ended = {key: each for key, each in list(executions.items()) if each["status"] != "RUNNING"}
        with _forgetting:
            for key in list(ended)[: max(0, len(ended) - KEPT_EXECUTIONS)]:
                executions.pop(key, None)
        return start(data)

    def persist_object(bucket: str, key: str, stored: Any) -> None:
        persist(bucket, key, stored)
        # MiniStack does so with the object itself and says by it that the file is there; it reads versions from their
        # files as after a restart.
        if isinstance(stored, dict) and stored["body"] is None:
            name = stored.get("version_id") or "null"
            for version in s3._object_versions.get((bucket, key)) or ():
                if version["version_id"] == name:
                    version["data"] = None

    s3._persist_object = persist_object
    cloudwatch_logs._append_log_events = append_log_events
    lambda_svc._emit_lambda_logs = emit_lambda_logs
    eventbridge._events_log_list = events_log_list
    stepfunctions._start_execution = start_execution


def _keep_newest(entries: MutableSequence[Any], number: int) -> None:
    with _forgetting:
        if len(entries) > number:
            del entries[: len(entries) - number]


def _keep_last_added(kept: MutableMapping[str, Any], number: int) -> None:
    with _forgetting:
        for name in list(kept)[: max(0, len(kept) - number)]:
            kept.pop(name, None)
