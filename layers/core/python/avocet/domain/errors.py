"""The root of every error a person or a client can act on; it knows nothing of HTTP.

The tree:

* AvocetError
    * imaging.PhotoError — the bytes are not a photo we can take
    * and one family beside each noun that can refuse
"""

from typing import ClassVar


class AvocetError(Exception):
    """Something the caller can act on.

    Attributes:
        code: Stable kebab-case name, the last part of the problem's ``type``.
        title: What went wrong, the same sentence for every occurrence.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(self, detail: str) -> None:
        """Keep ``detail``: one sentence about this occurrence, free of internals."""
        super().__init__(detail)
        self.detail = detail
