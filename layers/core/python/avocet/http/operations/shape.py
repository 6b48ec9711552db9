"""What an operation of the API is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PHOTO_MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/avif", "application/octet-stream")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value in the path, which is always required, or in the query; ``schema`` is JSON Schema."""

    name: str
    where: Literal["path", "query"]
    description: str
    schema: Mapping[str, Any]
    example: Any
    is_required: bool = False


@dataclass(frozen=True, kw_only=True)
class Success:
    """An answer of the 2xx kind; ``example`` is an instance of ``shape``. No shape: any JSON object."""

    description: str
    shape: type | None = None
    example: Any = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method on one path.

    Attributes:
        verb: The function's folder, and the operation id unless ``name`` is given.
        name: The operation id, where one function answers several operations.
        method: Lower case.
        path: With parameters in braces.
        summary: One line.
        description: What a client should know.
        successes: Answers of the 2xx kind, by status.
        problems: For each status that this operation itself may answer with, the codes and when they occur.
        parameters: In path and query.
        body: Shape of the JSON body, with an example.
        takes_photo: Whether the body may be a photo instead.
        takes_zip: Whether the body is a zip.
        takes_csv: Whether the body is a list in CSV.
        is_public: Whether it answers without a token.
    """

    verb: str
    name: str = ""
    method: str
    path: str
    summary: str
    description: str
    successes: Mapping[int, Success]
    problems: Mapping[int, str] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    body: tuple[type, Any] | None = None
    takes_photo: bool = False
    takes_zip: bool = False
    takes_csv: bool = False
    is_public: bool = False
