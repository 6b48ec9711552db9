"""Have the challenger answer a live photo too, after the person was told the champion's answer and without their noticing.

Told of a photo as often as its record changes, late, twice or out of order, it looks at the record as it stands: a photo
is scored once, by whoever challenges at that moment, and the name that somebody gave it is counted once.

Nothing personal may outlive the photo's record, and an erasure may go on at any moment. So what is kept of a photo is
written first and the record looked at again afterwards: whoever erases removes the record and then what is kept, and
whichever of the two comes last finds what the other left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from avocet.domain.contribution import PhotoChangedError, PhotoRecord, TooManyBytesError
from avocet.domain.imaging import PhotoError, to_model_input
from avocet.domain.models import Aliases
from avocet.domain.scoring import interpret
from avocet.domain.shadow import Sample, Shadowed, Trouble, compared, may_be_scored, name_given
from avocet.usecases.ports import BrokenBundleError, Classifier, Clock, Original, Originals, PhotoRecords
from avocet.usecases.request_upload import MAX_UPLOAD_BYTES

# A photo that came with its request is put away beside its record; the stream may tell of the record first. No request
# lives longer than this.
_PUT_AWAY_WITHIN = timedelta(seconds=30)
_LOOK_AGAIN_S = 0.5


class ShadowBook(Protocol):
    """Keeper of what challengers said."""

    def find(self, photo_id: str) -> Shadowed | None:
        """Return what was said of a photo."""

    def add(self, photo: Shadowed, now: datetime) -> bool:
        """Keep a photo and count it, in one step; False when it was kept before."""

    def name(self, photo: Shadowed, species_id: str) -> bool:
        """Note the name that somebody gave a photo and count it, in one step; False when one was noted before."""

    def forget(self, photo_id: str) -> None:
        """Remove what was said of a photo, if anything was; the counts stay, and tell of nobody."""

    def note_trouble(self, version: str, trouble: Trouble) -> None:
        """Keep why a version could not score, in place of what was kept before."""


class Challenger(Protocol):
    """The model that challenges."""

    def open(self, model_version: str) -> Classifier:
        """Return the model of that version and no other.

        Raises:
            BrokenBundleError: Its bundle is not fit to answer.
        """


class Outcome(StrEnum):
    """What became of one photo."""

    SCORED = "scored"
    NAMED = "named"
    KNOWN = "known"
    LEFT = "left"
    FORGOTTEN = "forgotten"
    UNFIT = "unfit"


@dataclass(frozen=True, kw_only=True)
class ShadowPhotos:
    """Scores photos in the shadow.

    Attributes:
        records: The photos' records.
        originals: The photos as they came.
        aliases: Who serves and who challenges.
        registered_at: Since when there is a version.
        challenger: Opens the challenger's bundle.
        book: Keeps what it said.
        sample: Which photos it is asked about.
        clock: The time.
        stopwatch_s: For how long the model takes.
        pause: Waits so many seconds.
    """

    records: PhotoRecords
    originals: Originals
    aliases: Callable[[], Aliases]
    registered_at: Callable[[str], datetime | None]
    challenger: Challenger
    book: ShadowBook
    sample: Sample
    clock: Clock
    stopwatch_s: Callable[[], float]
    pause: Callable[[float], None]

    def __call__(self, photo_ids: Sequence[str]) -> Mapping[str, Outcome]:
        """Look at photos whose records changed; return what became of those in the sample.

        Whatever outage ends this half-way, doing it again goes on.
        """
        meant = [photo_id for photo_id in dict.fromkeys(photo_ids) if self.sample.holds(photo_id)]
        if not meant:
            return {}
        aliases = self.aliases()
        version = aliases.challenger
        if version is None or version == aliases.champion:
            return {}
        return {photo_id: self._look(photo_id, version) for photo_id in meant}

    def _look(self, photo_id: str, version: str) -> Outcome:
        record = self.records.find(photo_id)
        if record is None or record.withdrawn_at is not None:
            self.book.forget(photo_id)
            return Outcome.FORGOTTEN
        kept = self.book.find(photo_id)
        if kept is None:
            outcome, kept = self._score(record, version)
            if kept is None:
                return outcome
        else:
            outcome = Outcome.KNOWN
        # Only now: an erasure that went on meanwhile would leave behind what was kept just before.
        record = self.records.find(photo_id)
        if record is None or record.withdrawn_at is not None:
            self.book.forget(photo_id)
            return Outcome.FORGOTTEN
        species_id = name_given(record)
        if species_id is not None and kept.named is None and self.book.name(kept, species_id):
            return Outcome.NAMED
        return outcome

    def _score(self, record: PhotoRecord, version: str) -> tuple[Outcome, Shadowed | None]:
        told = record.prediction
        if told is None or told.model_version == version or not may_be_scored(record, self.clock()):
            return Outcome.LEFT, None
        # Of what was sent before, only photos that somebody answers are told of again: no fair sample of all.
        since = self.registered_at(version)
        if since is None or record.created_at < since:
            return Outcome.LEFT, None
        try:
            model = self.challenger.open(version)
        except BrokenBundleError as error:
            self.book.note_trouble(version, Trouble(str(error), self.clock()))
            return Outcome.UNFIT, None
        try:
            original = self._original(record)
            if original is None:
                return Outcome.LEFT, None
            photo = to_model_input(original.data, size_px=model.size_px)
        except (PhotoChangedError, TooManyBytesError, PhotoError):
            # Not the photo that was answered any more.
            return Outcome.LEFT, None
        began = self.stopwatch_s()
        scores = model.score(photo.pixels)
        took_ms = 1e3 * (self.stopwatch_s() - began)
        shadow = interpret(scores, labels=model.labels, thresholds=model.thresholds, model_version=version)
        shadowed = compared(record, shadow, challenger_ms=took_ms)
        if not self.book.add(shadowed, self.clock()):
            return Outcome.KNOWN, self.book.find(record.photo_id)
        return Outcome.SCORED, shadowed

    def _original(self, record: PhotoRecord) -> Original | None:
        """Return the photo as it was answered; of one that was answered just now, wait until it is put away."""
        while True:
            original = self.originals.get(record.photo_id, max_bytes=MAX_UPLOAD_BYTES, tag=record.original_tag)
            if original is not None or not self.clock() < record.created_at + _PUT_AWAY_WITHIN:
                return original
            self.pause(_LOOK_AGAIN_S)
