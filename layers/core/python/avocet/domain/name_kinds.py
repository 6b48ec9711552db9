"""Which of a bird's names a name is; apart from the search, because a function that only looks birds up needs no more."""

from enum import IntEnum


class NameKind(IntEnum):
    """Which of a bird's names this is; the number is what the index stores."""

    EN = 0
    FR = 1
    SCIENTIFIC = 2
    SYNONYM = 3
