"""Show photos of a species beside one that is being reviewed; refuses photos that nobody may be shown.

Everything was found out before, so that an answer costs a few look-ups however large the dataset is: what the photo looks
like was noted when it was named, what a species' photos look like when a model was trained on them. An imported photo was
named by nobody, and is in review because its picture is in the dataset already: it looks as that one does. Where nothing is
known, photos that differ from one another are taken from the picture book.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from avocet.domain.contribution import PhotoNotFoundError, UnknownSpeciesError
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState
from avocet.domain.duplicates import Fingerprint, bucket_keys, matches
from avocet.domain.likeness import (
    SHOWN_PHOTOS,
    SKETCHES,
    Order,
    backbone_key,
    backbones_of,
    nearest,
    sketches_key,
    unpacked,
    varied,
)
from avocet.domain.prediction import SKETCH_BYTES
from avocet.domain.taxonomy import Taxon, WorldList
from avocet.usecases.dataset_ports import DatasetPhotos, DuplicateIndex, Objects, PictureBook
from avocet.usecases.people_ports import Links
from avocet.usecases.ports import PhotoRecords
from avocet.usecases.review_photos import LINK_LIFETIME_S
from avocet.usecases.review_ports import Licences
from avocet.usecases.snapshot_store import TOMBSTONES

# Some may not be shown, or left the dataset since.
_LOOKED_AT_MOST = 40


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A photo of a species that people may be shown.

    Attributes:
        photo_id: Which.
        url: Link to it, for a while.
        source: Where it came from: ``contribution``, or the name of the set it was imported from.
        licence: What its contributor allows; None for imported photos.
    """

    photo_id: str
    url: str
    source: str
    licence: str | None


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Photos of a species beside one that is being reviewed."""

    taxon: Taxon
    order: Order
    photos: tuple[LookAlike, ...]


@dataclass(frozen=True, kw_only=True)
class ShowLookAlikes:
    """Shows them.

    Attributes:
        photos: What the dataset knows of photos.
        records: What was said about photos when they were named.
        index: Which photos show the same picture.
        pictures: Which photos may stand for a species.
        licences: What people agreed to.
        clean_objects: The clean bucket, for what was erased.
        models: The models bucket, where sketches lie.
        links: To the photos.
        world_list: Every bird there is a name for.
    """

    photos: DatasetPhotos
    records: PhotoRecords
    index: DuplicateIndex
    pictures: PictureBook
    licences: Licences
    clean_objects: Objects
    models: Objects
    links: Links
    world_list: WorldList

    def __call__(self, photo_id: str, species_id: str) -> LookAlikes:
        """Return photos of a species out of the current snapshot to put beside a photo.

        Raises:
            PhotoNotFoundError: No photo of that id waits for a review.
            UnknownSpeciesError: The world list does not hold the species.
        """
        taxon = self.world_list.find(species_id)
        if taxon is None:
            raise UnknownSpeciesError("There is no species of that id. Find one with GET /species.")
        looked_at = self.photos.find(photo_id)
        if looked_at is None or looked_at.state is not PhotoState.REVIEW:
            raise PhotoNotFoundError("No photo of that id waits for a review.")
        similar = tuple(islice(self._shown(self._similar(looked_at, taxon.species_id), taxon.species_id), SHOWN_PHOTOS))
        if similar:
            return LookAlikes(taxon, Order.SIMILARITY, similar)
        picture = self.pictures.find(taxon.species_id)
        named = [] if picture is None else [*filter(None, [picture.photo_id]), *picture.spares]
        held = self._held([each for each in named if each != photo_id], taxon.species_id)
        return LookAlikes(
            taxon, Order.VARIETY, tuple(islice(self._shown(varied(held), taxon.species_id), SHOWN_PHOTOS))
        )

    def _similar(self, looked_at: DatasetPhoto, species_id: str) -> list[DatasetPhoto]:
        """Return photos of a species, the most similar first and one of each duplicate group; none where that is not known."""
        look, backbone = self._own_look(looked_at) or self._look_of_twin(looked_at, species_id) or (b"", "")
        if not look:
            return []
        sketches = self._sketches(backbone, species_id, len(look))
        sketches.pop(looked_at.photo_id, None)
        held = self._held(nearest(look, sketches)[:_LOOKED_AT_MOST], species_id)
        by_group: dict[str, DatasetPhoto] = {}
        for photo in held:
            by_group.setdefault(photo.group_id or photo.photo_id, photo)
        return list(by_group.values())

    def _own_look(self, looked_at: DatasetPhoto) -> tuple[bytes, str] | None:
        """Return the sketch that was noted when the photo was named, and the backbone it was seen through."""
        record = self.records.find(looked_at.photo_id) if looked_at.source == CONTRIBUTION else None
        prediction = record.prediction if record is not None else None
        if prediction is None or not prediction.sketch:
            return None
        backbone = self.models.get(backbone_key(prediction.model_version))
        return None if backbone is None else (prediction.sketch, backbone.decode())

    def _look_of_twin(self, looked_at: DatasetPhoto, species_id: str) -> tuple[bytes, str] | None:
        """Return the sketch of a photo of the dataset that shows the same picture, by a backbone that knows the species."""
        if not looked_at.phash:
            return None
        # How its mirror image hashes was not kept; a picture that is there mirrored only is not found.
        seen = Fingerprint(looked_at.photo_id, looked_at.phash, looked_at.phash)
        twins = self.photos.find_many(matches(seen, self.index.lookup(sorted(bucket_keys(seen)))))
        placed = [twin for twin in twins.values() if twin.dataset_species_id is not None]
        if not placed:
            return None
        for backbone in backbones_of(self.models.keys(SKETCHES), species_id):
            for twin in placed:
                look = self._sketches(backbone, twin.dataset_species_id or "", SKETCH_BYTES).get(twin.photo_id)
                if look is not None:
                    return look, backbone
        return None

    def _sketches(self, backbone: str, species_id: str, sketch_bytes: int) -> dict[str, bytes]:
        data = self.models.get(sketches_key(backbone, species_id))
        return {} if data is None else unpacked(data, sketch_bytes)

    def _held(self, photo_ids: Sequence[str], species_id: str) -> list[DatasetPhoto]:
        """Return those that the current snapshot holds as that species."""
        known = self.photos.find_many(photo_ids)
        found = (known[photo_id] for photo_id in photo_ids if photo_id in known)
        return [photo for photo in found if photo.dataset_species_id == species_id]

    def _shown(self, photos: Sequence[DatasetPhoto], species_id: str) -> Iterator[LookAlike]:
        for photo in photos:
            licence = (
                self.licences.licence_to_show(photo.photo_id, species_id) if photo.source == CONTRIBUTION else None
            )
            if photo.source == CONTRIBUTION and licence is None:
                continue
            # Erased photos are shown no more from that moment on; their records go with the next refresh.
            if self.clean_objects.get(TOMBSTONES + photo.photo_id) is not None:
                continue
            url = self.links.link_to(photo.raw_key, lifetime_s=LINK_LIFETIME_S)
            yield LookAlike(photo.photo_id, url, photo.source, licence)
