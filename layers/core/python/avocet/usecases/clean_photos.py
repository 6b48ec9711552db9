"""Clean the photos of one batch: verify, normalise, hash, and ask the champion about what people said."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from avocet.domain.cleaning import CleanPhoto, agrees, clean_photo, doubt
from avocet.domain.dataset import CONTRIBUTION
from avocet.domain.imaging import PhotoError
from avocet.domain.shards import pack_shard
from avocet.usecases.dataset_ports import Objects, SecondOpinion, Spread
from avocet.usecases.refresh_work import Beat, Cleaned, Work, dumped, loaded, results_key, staged_key

_BEAT_PHOTOS = 50


@dataclass(frozen=True, kw_only=True)
class CleanPhotos:
    """Cleaning over one dataset.

    Attributes:
        clean_objects: The clean bucket.
        raw_objects: The raw bucket.
        opinion: The champion.
        cleaner: Makes a raw photo clean.
        spread: Like the built-in ``map``; may use several threads.
    """

    clean_objects: Objects
    raw_objects: Objects
    opinion: SecondOpinion
    cleaner: Callable[[bytes], CleanPhoto] = clean_photo
    spread: Spread = map

    def batch(self, batch_key: str, beat: Beat) -> int:
        """Verify, normalise and hash the photos of one batch; return how many.

        Raises:
            FencedOutError: The work is another's now.
        """
        batch = [Work(**each) for each in loaded(self.clean_objects, batch_key)]
        results: list[Cleaned] = []
        kept: list[tuple[str, bytes]] = []
        for result, data in self.spread(self.one, batch):
            results.append(result)
            if data is not None:
                kept.append((result.photo_id, data))
            if len(results) % _BEAT_PHOTOS == 0:
                beat(_BEAT_PHOTOS, None, "cleaning photos")
        beat(len(results) % _BEAT_PHOTOS, None, "cleaning photos")
        self.clean_objects.put(staged_key(batch_key), pack_shard(kept))
        self.clean_objects.put(results_key(batch_key), dumped(asdict(each) for each in results))
        return len(batch)

    def one(self, work: Work) -> tuple[Cleaned, bytes | None]:
        """Return what is found of one photo, and its clean bytes where it can be used."""
        verdict = Cleaned(
            work.photo_id, work.species_id, work.source, work.revision, work.reviewed, owner_id=work.owner_id
        )
        raw = self.raw_objects.get(work.raw_key)
        if raw is None:
            return replace(verdict, refused="missing-in-raw"), None
        try:
            clean = self.cleaner(raw)
        except PhotoError as error:
            return replace(verdict, refused=error.code), None
        verdict = replace(
            verdict,
            content_sha256=clean.content_sha256,
            phash=clean.phash,
            mirrored_phash=clean.mirrored_phash,
        )
        if work.source != CONTRIBUTION or work.reviewed:
            return verdict, clean.data
        opinion = self.opinion.about(clean.pixels(), work.species_id)
        if opinion is None:
            return verdict, clean.data
        verdict = replace(verdict, is_agreed=agrees(work.species_id, opinion))
        if not (reason := doubt(work.species_id, opinion)):
            return verdict, clean.data
        return replace(verdict, doubt=reason, proposed_species_id=opinion.species_id), clean.data
