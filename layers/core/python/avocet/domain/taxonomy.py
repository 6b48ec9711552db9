"""What a taxon is and what the world list answers; it knows no file, and refuses nothing: an unknown id is None."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Rank = Literal["species", "subspecies", "breed", "genus", "family"]

UNKNOWN = "unknown"
"""No species has this id: photos nobody could name lie under it."""


@dataclass(frozen=True, slots=True)
class Taxon:
    """A bird as the world list knows it.

    Attributes:
        species_id: Stable id, a slug of the English name when it was first listed.
        scientific: Scientific name today.
        en: English name today.
        fr: French name, None where nobody has given one yet: the scientific name stands in.
        rank: Most are species; some photos say no more than a genus or a family.
        order: Scientific name of the order.
        family: Scientific name of the family.
        genus: Scientific name of the genus; None for a family.
        avibase_id: Identifier in Avibase; None for a taxon that AviList has no number for.
        parent_id: The species that a subspecies or a breed belongs to.
    """

    species_id: str
    scientific: str
    en: str
    fr: str | None
    rank: Rank
    order: str
    family: str
    genus: str | None
    avibase_id: str | None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A family or an order.

    Attributes:
        scientific: Scientific name.
        en: English name.
        fr: French name.
        silhouette: Name of the drawing that stands in for a photo; empty for an order.
    """

    scientific: str
    en: str
    fr: str
    silhouette: str = ""


@dataclass(frozen=True, slots=True)
class LabelReview:
    """A person's verdict on a label of the Kaggle set.

    Attributes:
        label: As the set spells it.
        scientific_given: As the set gives it, mistakes included.
        species_id: What the photos under the label show; None when they show no bird.
        named_species_id: What the label's names say, where the photos show something else.
        note: Why.
    """

    label: str
    scientific_given: str
    species_id: str | None
    named_species_id: str | None
    note: str


class WorldList(Protocol):
    """Every bird there is a name for."""

    def find(self, species_id: str) -> Taxon | None:
        """Return the taxon of that id, or the one that holds it since a lump or a renaming."""

    def find_many(self, species_ids: Sequence[str]) -> Sequence[Taxon | None]:
        """Return the taxa of those ids, in their order."""

    def family(self, scientific: str) -> Group | None:
        """Return the family of that scientific name."""

    def order(self, scientific: str) -> Group | None:
        """Return the order of that scientific name."""
