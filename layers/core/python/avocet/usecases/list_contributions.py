"""List a person's own contributions with where each stands; nobody else's are ever in reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avocet.domain.contribution import PhotoRecord
from avocet.domain.whereabouts import Stage, Whereabouts, whereabouts_of
from avocet.usecases.dataset_ports import DatasetPhotos, Heads, Standings
from avocet.usecases.people_ports import Links, OwnPhotos, PageMark

LINK_LIFETIME_S = 900


@dataclass(frozen=True, slots=True)
class SpeciesProgress:
    """How many clean photos a pending species has, and how many it needs."""

    photos: int
    needed: int


@dataclass(frozen=True, slots=True)
class OwnContribution:
    """One contribution.

    Attributes:
        record: The photo's record.
        whereabouts: Where it stands.
        photo_url: Link to the photo, for a while; empty when there is none any more.
        progress: How far its species is, while that is pending.
    """

    record: PhotoRecord
    whereabouts: Whereabouts
    photo_url: str
    progress: SpeciesProgress | None


@dataclass(frozen=True, slots=True)
class ContributionPage:
    """Some contributions, the newest first; ``next`` is None on the last page."""

    contributions: Sequence[OwnContribution]
    next: PageMark | None


@dataclass(frozen=True, kw_only=True)
class ListContributions:
    """Lists them."""

    own_photos: OwnPhotos
    photos: DatasetPhotos
    standings: Standings
    heads: Heads
    links: Links

    def __call__(self, owner_id: str, *, limit: int, after: PageMark | None) -> ContributionPage:
        """Return a page of the person's contributions."""
        page = self.own_photos.of_owner(owner_id, limit=limit, after=after)
        known = self.photos.find_many([record.photo_id for record in page.records])
        places = {record.photo_id: whereabouts_of(record, known.get(record.photo_id)) for record in page.records}
        progress = self._progress(page.records, places)
        return ContributionPage(
            tuple(
                OwnContribution(
                    record=record,
                    whereabouts=places[record.photo_id],
                    photo_url=self._link(record),
                    progress=progress.get(_species_of(record), None) if _may_wait(places[record.photo_id]) else None,
                )
                for record in page.records
            ),
            page.next,
        )

    def _progress(
        self, records: Sequence[PhotoRecord], places: Mapping[str, Whereabouts]
    ) -> Mapping[str, SpeciesProgress]:
        wanted = sorted({_species_of(record) for record in records if _may_wait(places[record.photo_id])} - {""})
        if not wanted:
            return {}
        needed = self.heads.read().needed_photos
        found = {species_id: self.standings.find(species_id) for species_id in wanted}
        return {
            species_id: SpeciesProgress(
                photos=standing.waiting_photos, needed=standing.waiting_photos + standing.missing_photos(needed)
            )
            for species_id, standing in found.items()
            if standing is not None and not standing.is_trainable
        }

    def _link(self, record: PhotoRecord) -> str:
        contribution = record.contribution
        if contribution is None or contribution.stored_key is None or record.withdrawn_at is not None:
            return ""
        return self.links.link_to(contribution.stored_key, lifetime_s=LINK_LIFETIME_S)


def _species_of(record: PhotoRecord) -> str:
    return (record.contribution.answer.species_id if record.contribution else None) or ""


def _may_wait(place: Whereabouts) -> bool:
    return place.stage in (Stage.RECEIVED, Stage.WAITING_FOR_REVIEW, Stage.WAITING_FOR_SPECIES)
