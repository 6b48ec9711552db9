"""What can be said of a species beyond its names: how far the model is with it, and where to read more."""

from typing import ClassVar, Literal
from urllib.parse import quote, quote_plus

from avocet.domain.errors import AvocetError
from avocet.domain.taxonomy import Taxon

Learning = Literal["trainable", "pending", "unseen"]
"""trainable: the model names it; pending: photos are being collected; unseen: nobody has given a photo."""


class SpeciesNotFoundError(AvocetError):
    """The world list holds no such id."""

    code: ClassVar[str] = "species-not-found"
    title: ClassVar[str] = "There is no such species"


def lookup_links(taxon: Taxon) -> dict[str, str]:
    """Return pages about the bird by the name of their site; both find a bird by its scientific name."""
    return {
        "iNaturalist": f"https://www.inaturalist.org/taxa/search?q={quote_plus(taxon.scientific)}",
        "Wikipedia": f"https://en.wikipedia.org/wiki/{quote(taxon.scientific.replace(' ', '_'))}",
    }
