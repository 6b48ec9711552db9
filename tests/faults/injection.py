"""Injects one failure at one outside call of a handler, where botocore would leave this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError


class ProcessGoneError(BaseException):
    """The environment was ended; no code may catch this."""


class Fault(Enum):
    """What happens at the chosen call."""

    REFUSED = "error"
    THROTTLED = "throttle"
    TIMED_OUT = "timeout, not done"
    TIMED_OUT_DONE = "timeout, yet done"
    DIED_BEFORE = "death before"
    DIED_AFTER = "done, then death"


_STRAIGHT = BaseClient._make_api_call  # type: ignore[attr-defined]

_DONE = (Fault.TIMED_OUT_DONE, Fault.DIED_AFTER)


@dataclass
class Seam:
    """Counts the outside calls, and lets one of them go wrong.

    Attributes:
        at: Which call, from zero; None lets all of them through.
        fault: What happens there.
        calls: The names of the calls so far, in their order.
    """

    at: int | None = None
    fault: Fault = Fault.REFUSED
    calls: list[str] = field(default_factory=list)
    _counting: Any = field(default_factory=threading.Lock, repr=False)

    def pass_through(self, name: str, do: Callable[[], Any]) -> Any:
        """Do the call, or what the fault makes of it."""
        with self._counting:
            is_chosen = len(self.calls) == self.at
            self.calls.append(name)
        if not is_chosen:
            return do()
        if self.fault in _DONE:
            do()
        raise _failure(self.fault, name)


def _failure(fault: Fault, name: str) -> BaseException:
    match fault:
        case Fault.REFUSED:
            return ClientError({"Error": {"Code": "InternalServerError", "Message": "a fault of the cloud"}}, name)
        case Fault.THROTTLED:
            return ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, name)
        case Fault.TIMED_OUT | Fault.TIMED_OUT_DONE:
            return ReadTimeoutError(endpoint_url="https://cloud.example.org")
        case _:
            return ProcessGoneError(name)


@contextmanager
def armed(seam: Seam) -> Iterator[Seam]:
    """Lead every outside call of the block through ``seam``; retries of botocore's own are over by then."""

    def call(client: Any, operation: str, parameters: Any) -> Any:
        return seam.pass_through(operation, lambda: _STRAIGHT(client, operation, parameters))

    with patch.object(BaseClient, "_make_api_call", call):
        yield seam


@contextmanager
def aside() -> Iterator[None]:
    """Do outside calls that are somebody else's: they are neither counted nor disturbed."""
    with patch.object(BaseClient, "_make_api_call", _STRAIGHT):
        yield
