"""Being forgotten in the API's JSON."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """The wish to be forgotten, spelled out so that it is never sent by mistake."""

    confirmation: Literal["erase-everything"]


@dataclass(frozen=True, slots=True)
class ErasureBegun:
    """Nobody signs in with this account any more, and everything of it is being erased."""

    status: Literal["being_erased"] = "being_erased"


@dataclass(frozen=True, slots=True)
class ErasureTaken:
    """Nobody is shown the photo from now on; the job removes every byte of it."""

    photo_id: str
    job_id: str
