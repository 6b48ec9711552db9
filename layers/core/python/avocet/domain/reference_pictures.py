"""Reference pictures: which photo of a species people are shown. It refuses nothing; it says which photos may stand for one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

# What takes a picture's place when its photo goes; nobody looks through the dataset for one.
MAX_SPARES = 8


@dataclass(frozen=True, slots=True)
class ReferencePicture:
    """Which photo people are shown of a species, and which could take its place.

    Attributes:
        species_id: Which species.
        photo_id: The photo shown; None while there is none.
        source: Where it came from: ``contribution``, or the name of the set it was imported from.
        licence: What its contributor allows; None for imported photos.
        spares: Photos that could take its place, in order; whether they still may is looked up when it matters.
    """

    species_id: str
    photo_id: str | None = None
    source: str = ""
    licence: str | None = None
    spares: tuple[str, ...] = ()

    @property
    def has_room(self) -> bool:
        """Whether another spare would be kept."""
        return len(self.spares) < MAX_SPARES

    def with_spares(self, photo_ids: Iterable[str]) -> "ReferencePicture":
        """Return it with more spares, as far as there is room; the same ones again change nothing."""
        spares = dict.fromkeys((*self.spares, *photo_ids))
        spares.pop(self.photo_id or "", None)
        return replace(self, spares=tuple(spares)[:MAX_SPARES])

    def without_photo(self) -> "ReferencePicture":
        """Return it with nothing to show; its photo goes first among the spares."""
        spares = (self.photo_id, *self.spares) if self.photo_id else self.spares
        return ReferencePicture(self.species_id, spares=spares)
