"""Keep one picture of each species that people may be shown; refuses photos whose people did not agree or nobody reviewed.

The one writer of a refresh keeps them. A picture stands as long as its photo stands in the dataset under the species;
when it falls, every version of it goes and a spare takes its place. Only species that a refresh touched are looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto
from avocet.domain.jobs import FencedOutError
from avocet.domain.reference_pictures import MAX_SPARES, ReferencePicture
from avocet.usecases.dataset_ports import Contributions, DatasetPhotos, Objects, PictureBook, Spread

PICTURES = "references/"
# So many pictures are held in memory at once.
_BATCH_SPECIES = 50
# Nearly always the first few photos will do.
_BATCH_PHOTOS = 20


def picture_key(species_id: str) -> str:
    """Return where a species' picture lies in the clean bucket."""
    return f"{PICTURES}{species_id}.jpg"


class Cleaner(Protocol):
    """Makes a raw photo fit to be shown."""

    def __call__(self, raw: bytes, /) -> bytes | None:
        """Return its cleaned bytes; None when it cannot be used."""


@dataclass(frozen=True, kw_only=True)
class KeepReferencePictures:
    """Keeps them.

    Attributes:
        clean_objects: The clean bucket, where they lie.
        raw_objects: The raw bucket, where they come from.
        photos: What the dataset knows of each photo.
        contributions: People's answers, and what they agreed to.
        book: Which photo is shown of which species.
        cleaner: Makes a raw photo fit to be shown.
        spread: Like the built-in ``map``; may use several threads.
    """

    clean_objects: Objects
    raw_objects: Objects
    photos: DatasetPhotos
    contributions: Contributions
    book: PictureBook
    cleaner: Cleaner
    spread: Spread = map

    def settle(
        self, species_ids: Sequence[str], added: Mapping[str, Sequence[str]], erased: frozenset[str], fence: int
    ) -> None:
        """Give each species the picture it should have; doing it again changes nothing.

        Args:
            species_ids: The species that were touched.
            added: Photos that entered under each of them, in the order in which they are to be chosen.
            erased: Photos that nobody may see any more.
            fence: The writer's token.

        Raises:
            FencedOutError: Somebody with a newer token writes now.
        """
        for start in range(0, len(species_ids), _BATCH_SPECIES):
            self._settle(species_ids[start : start + _BATCH_SPECIES], added, erased, fence)

    def _settle(
        self, species_ids: Sequence[str], added: Mapping[str, Sequence[str]], erased: frozenset[str], fence: int
    ) -> None:
        kept = self.book.find_many(species_ids)
        before = [kept.get(species_id, ReferencePicture(species_id)) for species_id in species_ids]
        shown = self.photos.find_many(sorted(each.photo_id for each in before if each.photo_id))
        pickings = self.spread(lambda each: self._picked(each, shown, added.get(each.species_id, ()), erased), before)
        picked = list(zip(before, pickings, strict=True))
        fallen = [now.without_photo() for _, (now, data) in picked if data is not None or now.photo_id is None]
        # Nothing is said to be shown while it is exchanged; and a writer who was given up gets no further than this.
        self.book.save(fallen, fence)
        for _ in self.spread(lambda each: self.clean_objects.purge(picture_key(each.species_id)), fallen):
            pass
        fresh = {picture_key(now.species_id): data for _, (now, data) in picked if data is not None}
        for _ in self.spread(lambda each: self._put(*each), fresh.items()):
            pass
        changed = [now for was, (now, data) in picked if now.photo_id and (data is not None or now != was)]
        try:
            self.book.save(changed, fence)
        except FencedOutError:
            self._take_back(fresh)
            raise

    def _picked(
        self,
        before: ReferencePicture,
        shown: Mapping[str, DatasetPhoto],
        added: Sequence[str],
        erased: frozenset[str],
    ) -> tuple[ReferencePicture, bytes | None]:
        """Return what is to be shown of a species, and its bytes where that is not what is shown already."""

        def usable(photo_ids: Sequence[str]) -> Iterator[tuple[DatasetPhoto, str | None]]:
            for start in range(0, len(photo_ids), _BATCH_PHOTOS):
                some = photo_ids[start : start + _BATCH_PHOTOS]
                records = self.photos.find_many(some)
                for photo_id in some:
                    record = records.get(photo_id)
                    if record is not None and (allowed := self._allowed(record, before.species_id, erased)):
                        yield record, allowed[0]

        photo = shown.get(before.photo_id or "")
        if photo is not None and self._allowed(photo, before.species_id, erased):
            if not before.has_room:
                return before, None
            news = islice((each.photo_id for each, _ in usable(added)), MAX_SPARES + 1)
            return before.with_spares(news), None
        candidates = list(islice(usable(tuple(dict.fromkeys((*before.spares, *added)))), MAX_SPARES + 1))
        spares = [each.photo_id for each, _ in candidates]
        now = ReferencePicture(before.species_id).with_spares(spares)
        for record, licence in candidates:
            raw = self.raw_objects.get(record.raw_key)
            data = None if raw is None else self.cleaner(raw)
            if data is not None:
                others = [each for each in spares if each != record.photo_id]
                chosen = replace(now, photo_id=record.photo_id, source=record.source, licence=licence, spares=())
                return chosen.with_spares(others), data
        return now, None

    def _allowed(self, photo: DatasetPhoto, species_id: str, erased: frozenset[str]) -> tuple[str | None] | None:
        """Return the licence (None for imported photos) in a tuple when people may be shown the photo as that species."""
        if photo.dataset_species_id != species_id or photo.photo_id in erased:
            return None
        if photo.source != CONTRIBUTION:
            return (None,)
        licence = self.contributions.licence_to_show(photo.photo_id, species_id)
        return None if licence is None else (licence,)

    def _put(self, key: str, data: bytes) -> None:
        # What lies there after the purge is a given-up writer's, and may show what nobody may see any more.
        while not self.clean_objects.put_new(key, data):
            self.clean_objects.purge(key)

    def _take_back(self, put: Mapping[str, bytes]) -> None:
        """Remove what this writer put after it was given up, unless its successor's lies there already."""
        for key, data in put.items():
            if self.clean_objects.get(key) == data:
                self.clean_objects.purge(key)
