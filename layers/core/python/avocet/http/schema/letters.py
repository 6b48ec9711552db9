"""Dead letters in the API's JSON."""

from dataclasses import dataclass, field

from avocet.http.schema.formats import TIMESTAMP_EXAMPLE


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """A request or an event that was tried, failed every time and was put aside."""

    letter_id: str = field(metadata={"examples": ["5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f"]})
    queue: str = field(metadata={"description": "In which stack's queue it lies.", "examples": ["serving"]})
    addressee: str | None = field(
        metadata={"description": "The queue or function it was for; null when nobody knows.", "examples": ["settle"]}
    )
    about: str | None = field(metadata={"description": "What it asks for, as far as it says.", "examples": ["erase"]})
    sent_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetterList:
    """What was given up on, the oldest first."""

    letters: tuple[DeadLetterView, ...]
