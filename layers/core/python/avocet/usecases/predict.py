"""Name the bird on a photo and keep what was said; refuses what is not a photo, foreign or expired."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from avocet.domain.contribution import PhotoMissingError, PhotoRecord, owned
from avocet.domain.imaging import ModelInput, PhotoTooLargeError, to_model_input
from avocet.domain.scoring import interpret
from avocet.domain.sightings import Sighting, places_of
from avocet.usecases.ports import (
    Champion,
    Classifier,
    Clock,
    IdSource,
    Originals,
    PhotoRecords,
    Pixels,
    Sightings,
    StaleRecordError,
)
from avocet.usecases.request_upload import MAX_UPLOAD_BYTES

MAX_INLINE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of one prediction went, in milliseconds of wall clock.

    Attributes:
        model_ms: Looking up the champion, and loading it where it had changed.
        decode_ms: From bytes to the model's input; fetching an uploaded photo is part of ``store_ms``.
        infer_ms: The model itself.
        store_ms: What the answer waited for storage, beyond what ran beside the model.
    """

    model_ms: float
    decode_ms: float
    infer_ms: float
    store_ms: float


@dataclass(frozen=True, slots=True)
class Identified:
    """A prediction with its record.

    Attributes:
        record: Holds the prediction.
        timings: None when the prediction had been made before.
    """

    record: PhotoRecord
    timings: Timings | None


@dataclass(frozen=True, kw_only=True)
class Predict:
    """Identifies photos; the answer is given only once photo and record are both durable."""

    records: PhotoRecords
    originals: Originals
    champion: Champion
    clock: Clock
    new_id: IdSource
    stopwatch_s: Callable[[], float]
    sightings: Sightings

    def inline(self, owner_id: str, data: bytes) -> Identified:
        """Identify a photo that came with the request.

        Raises:
            PhotoError: ``data`` is not a photo we can take.
            NoModelError: No model can answer.
        """
        if len(data) > MAX_INLINE_BYTES:
            raise PhotoTooLargeError(
                f"The photo has {len(data)} bytes; at most {MAX_INLINE_BYTES} are taken with a prediction. "
                "Ask for an upload and send its id instead."
            )
        photo_id = self.new_id()
        began = self.stopwatch_s()
        model = self.champion.current()
        looked_up = self.stopwatch_s()
        photo = to_model_input(data, size_px=model.size_px)
        decoded = self.stopwatch_s()
        # Storing starts once the bytes are known to be a photo, and runs beside the model, which leaves the
        # interpreter free meanwhile.
        with ThreadPoolExecutor(max_workers=1) as beside:
            storing = beside.submit(self.originals.put, photo_id, data)
            record = _predicted(PhotoRecord(photo_id, owner_id, self.clock()), model, photo.pixels)
            inferred = self.stopwatch_s()
            noting = beside.submit(self._note, record, photo)
            record = self.records.add(record)
            storing.result()
            noting.result()
        stored = self.stopwatch_s()
        return Identified(record, _timings(began, looked_up, decoded, inferred, stored, fetch_s=0.0))

    def uploaded(self, owner_id: str, upload_id: str) -> Identified:
        """Identify a photo that was uploaded before; a second time returns what was said the first time.

        Raises:
            PhotoNotFoundError: No such upload of this person.
            PhotoExpiredError: Its day is over.
            PhotoMissingError: Nothing has arrived yet.
            PhotoError: What arrived is not a photo we can take.
            NoModelError: No model can answer.
        """
        record = owned(self.records.find(upload_id), owner_id)
        record.require_live(self.clock())
        if record.prediction is not None:
            return Identified(record, None)
        fetching = self.stopwatch_s()
        original = self.originals.get(upload_id, max_bytes=MAX_UPLOAD_BYTES)
        if original is None:
            raise PhotoMissingError("Send the photo to the address that POST /uploads returned, then ask again.")
        began = self.stopwatch_s()
        model = self.champion.current()
        looked_up = self.stopwatch_s()
        photo = to_model_input(original.data, size_px=model.size_px)
        decoded = self.stopwatch_s()
        predicted = _predicted(replace(record, original_tag=original.tag), model, photo.pixels)
        inferred = self.stopwatch_s()
        try:
            record = self.records.save(predicted)
        except StaleRecordError:
            # Only another prediction of the same upload can have been faster, and one answer is enough.
            return Identified(owned(self.records.find(upload_id), owner_id), None)
        self._note(record, photo)
        stored = self.stopwatch_s()
        return Identified(record, _timings(began, looked_up, decoded, inferred, stored, fetch_s=began - fetching))

    def _note(self, record: PhotoRecord, photo: ModelInput) -> None:
        """Count what the photo is like, so that a change in what people send is seen."""
        prediction = record.prediction
        if prediction is not None:
            best = prediction.ranked[0]
            side_px, brightness = max(photo.width_px, photo.height_px), float(photo.pixels.mean())
            sighting = Sighting(best.species_id, best.score, prediction.unfamiliar, brightness, side_px)
            self.sightings.note(prediction.model_version, record.created_at, places_of(sighting))


def _predicted(record: PhotoRecord, model: Classifier, pixels: Pixels) -> PhotoRecord:
    prediction = interpret(
        model.score(pixels), labels=model.labels, thresholds=model.thresholds, model_version=model.model_version
    )
    return replace(record, prediction=prediction)


def _timings(
    began: float, looked_up: float, decoded: float, inferred: float, stored: float, *, fetch_s: float
) -> Timings:
    return Timings(
        model_ms=1e3 * (looked_up - began),
        decode_ms=1e3 * (decoded - looked_up),
        infer_ms=1e3 * (inferred - decoded),
        store_ms=1e3 * (stored - inferred + fetch_s),
    )
