"""The one frame around every API handler: read the event, act, answer; every error becomes a problem document."""

import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from avocet.domain.errors import AvocetError
from avocet.http.events import PROBLEM_TYPE, Request, Response, correlation_id_of, parse_event, to_proxy
from avocet.http.problem import InternalError, problem_body, retry_after_s, status_of
from avocet.observability import correlated, log

Action = Callable[[Request], Response]

_REASON_CHARACTERS = 300


def serve(event: Mapping[str, Any], action: Action, *, page_origin: str) -> dict[str, Any]:
    """Answer ``event`` with what ``action`` makes of it."""
    began_s = time.perf_counter()
    correlation_id = correlation_id_of(event)
    with correlated(correlation_id):
        response = _answer(event, action, correlation_id)
        log(
            "request",
            method=event.get("httpMethod"),
            resource=event.get("resource"),
            status=response.status,
            # Leads to the gateway's own log, which cannot tell the client's id.
            request_id=(event.get("requestContext") or {}).get("requestId"),
            duration_ms=round(1e3 * (time.perf_counter() - began_s), 1),
        )
    return to_proxy(response, page_origin=page_origin, correlation_id=correlation_id)


def _answer(event: Mapping[str, Any], action: Action, correlation_id: str) -> Response:
    try:
        return action(parse_event(event, correlation_id))
    except AvocetError as error:
        log("refused", code=error.code)
        return _problem(error, correlation_id)
    except Exception as error:  # noqa: BLE001 - the boundary: past here the client would see a trace
        # Where it broke and the first words of why; never the locals, which hold photos and tokens.
        log(
            "failed",
            level="ERROR",
            error=type(error).__name__,
            reason=str(error)[:_REASON_CHARACTERS],
            where=[f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)],
            metrics={"UnexpectedError": 1},
        )
        return _problem(InternalError("Try again; if it stays, quote the instance of this problem."), correlation_id)


def _problem(error: AvocetError, correlation_id: str) -> Response:
    seconds = retry_after_s(error)
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return Response(status_of(error), problem_body(error, correlation_id), PROBLEM_TYPE, headers)
