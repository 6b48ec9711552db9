"""What to do when somebody else saved a record first: read again a few times, then say so."""

from typing import ClassVar

from avocet.domain.errors import AvocetError

# How often to read again when somebody else saved first; each loss means that another's step succeeded.
ATTEMPTS = 8


class BusyRecordError(AvocetError):
    """The record changed under each attempt."""

    code: ClassVar[str] = "busy"
    title: ClassVar[str] = "Too many requests for this photo at once"
    retry_after_s: ClassVar[int] = 1
