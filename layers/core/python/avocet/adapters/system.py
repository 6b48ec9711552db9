"""The clock and the ids of the real world."""

import uuid
from datetime import UTC, datetime


def now() -> datetime:
    """Return the moment, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a fresh id of 32 hexadecimal digits."""
    return uuid.uuid4().hex
