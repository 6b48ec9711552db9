"""How far a species is in the API's JSON; shown with the species and with one's own photos."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PendingProgress:
    """How far a species is that the model cannot learn yet: so many clean photos of so many needed."""

    photos: int = field(metadata={"ge": 0})
    needed: int = field(metadata={"ge": 1})
