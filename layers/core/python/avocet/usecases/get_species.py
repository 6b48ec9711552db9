"""Tell what is known of one species; refuses an id that the world list does not hold."""

from dataclasses import dataclass

from avocet.domain.species import Learning, SpeciesNotFoundError
from avocet.domain.taxonomy import Group, Taxon, WorldList
from avocet.usecases.dataset_ports import Heads, Objects, PictureBook, Standings
from avocet.usecases.people_ports import Links
from avocet.usecases.reference_pictures import picture_key
from avocet.usecases.snapshot_store import TOMBSTONES
from avocet.usecases.species_ports import LearnedSpecies

# Much longer than an answer about a species may be kept by browsers and caches, which is a minute.
LINK_LIFETIME_S = 3600


@dataclass(frozen=True, slots=True)
class ShownPhoto:
    """A photo of a species that people may be shown.

    Attributes:
        url: Link to it; it works for ``LINK_LIFETIME_S``.
        source: Where it came from: ``contribution``, or the name of the set it was imported from.
        licence: What its contributor allows; None for imported photos.
    """

    url: str
    source: str
    licence: str | None


@dataclass(frozen=True, slots=True)
class KnownSpecies:
    """A taxon with its lineage, a picture of it where there is one, and how far the model is with it."""

    taxon: Taxon
    order: Group
    family: Group
    learning: Learning
    missing_photos: int | None
    # Clean photos that wait, and how many the gate asks for; None unless the species is pending.
    progress: tuple[int, int] | None = None
    reference_photo: ShownPhoto | None = None


@dataclass(frozen=True, kw_only=True)
class GetSpecies:
    """Looks a species up."""

    world_list: WorldList
    learned: LearnedSpecies
    standings: Standings
    heads: Heads
    pictures: PictureBook
    clean_objects: Objects
    links: Links

    def __call__(self, species_id: str) -> KnownSpecies:
        """Return the taxon of that id, or the one that holds it since a lump or a renaming.

        Raises:
            SpeciesNotFoundError: There is none.
        """
        taxon = self.world_list.find(species_id)
        if taxon is None:
            raise SpeciesNotFoundError("Look the species up with GET /species?query=, and use the id it returns.")
        order, family = self.world_list.order(taxon.order), self.world_list.family(taxon.family)
        learning, missing, progress = self._learning(taxon.species_id)
        return KnownSpecies(
            taxon=taxon,
            order=order or Group(taxon.order, "", ""),
            family=family or Group(taxon.family, "", ""),
            learning=learning,
            missing_photos=missing,
            progress=progress,
            reference_photo=self._photo_of(taxon.species_id),
        )

    def _photo_of(self, species_id: str) -> ShownPhoto | None:
        picture = self.pictures.find(species_id)
        if picture is None or picture.photo_id is None:
            return None
        # Erased photos are shown no more from that moment on; the picture itself goes with the next refresh.
        if self.clean_objects.get(TOMBSTONES + picture.photo_id) is not None:
            return None
        url = self.links.link_to(picture_key(species_id), lifetime_s=LINK_LIFETIME_S)
        return ShownPhoto(url, picture.source, picture.licence)

    def _learning(self, species_id: str) -> tuple[Learning, int | None, tuple[int, int] | None]:
        """Return how far the model is with a species, how many photos it still needs, and its progress while pending."""
        if species_id in self.learned.current():
            return "trainable", None, None
        standing = self.standings.find(species_id)
        if standing is not None and standing.is_trainable:
            return "trainable", None, None
        needed = self.heads.read().needed_photos
        if standing is None or not standing.waiting_photos:
            return "unseen", needed or None, None
        return "pending", standing.missing_photos(needed), (standing.waiting_photos, max(1, needed))
