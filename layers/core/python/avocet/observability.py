"""Structured log lines and metrics on standard output; refuses nothing and keeps photos, tokens and names out.

One JSON object a line. Metrics ride on the same line in CloudWatch's embedded metric format, so that no call is made
for them in a request's path. Written here and not taken from Powertools, whose import alone would add a tenth to the
cold start for what is two functions.
"""

import json
import sys
import time
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from avocet.settings import Settings, metrics_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


@contextmanager
def correlated(correlation_id: str | None) -> "Iterator[None]":
    """Write ``correlation_id`` on every line logged inside, and hand it on with what is asked of others."""
    token = _correlation_id.set(correlation_id)
    try:
        yield
    finally:
        _correlation_id.reset(token)


def follow(correlation_id: str | None) -> None:
    """Write ``correlation_id`` on every line from here on: for what no request frames, such as a job's steps."""
    _correlation_id.set(correlation_id)


def followed() -> str:
    """Return the id that lines carry now, to be handed on to whoever goes on; empty when there is none."""
    return _correlation_id.get() or ""


def log(event: str, *, level: str = "INFO", metrics: Mapping[str, float] | None = None, **fields: object) -> None:
    """Write one line.

    Args:
        event: What happened, in snake case, the same for every occurrence.
        level: As in ``logging``.
        metrics: Counts and milliseconds (names ending in ``Ms``) to be collected from the line.
        fields: What distinguishes this occurrence.
    """
    line: dict[str, object] = {"level": level, "event": event, "correlation_id": _correlation_id.get(), **fields}
    if metrics:
        line |= {"_aws": _directive(metrics), **metrics}
    sys.stdout.write(json.dumps(line, default=str, separators=(",", ":")) + "\n")


def _directive(metrics: Mapping[str, float]) -> dict[str, object]:
    return {
        "Timestamp": int(time.time() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": metrics_namespace(Settings.from_environment().stage),
                "Dimensions": [[]],
                "Metrics": [
                    {"Name": name, "Unit": "Milliseconds" if name.endswith("Ms") else "Count"} for name in metrics
                ],
            }
        ],
    }
