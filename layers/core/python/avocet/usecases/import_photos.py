"""Take labelled photos into raw: each once, without metadata, under its species; what has no species yet is kept aside."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from avocet.domain.contribution import raw_key
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState
from avocet.domain.errors import AvocetError
from avocet.domain.hashing import content_hash
from avocet.domain.imaging import PhotoError, to_stored_photo
from avocet.domain.imports import MAX_LABEL_LETTERS, MAX_SOURCE_LETTERS, ImportedPhoto, photo_id_of
from avocet.domain.label_cases import LabelCase, LabelState, label_id_of
from avocet.domain.labels import Resolution
from avocet.usecases.dataset_ports import DatasetPhotos, LabelCases, Objects
from avocet.usecases.ports import StaleRecordError

_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]*")
_UNRESOLVED = "unresolved"


class InvalidSourceError(AvocetError):
    """The name of the set will not do."""

    code: ClassVar[str] = "invalid-source"
    title: ClassVar[str] = "The name of the source is not valid"


@dataclass
class ImportReport:
    """What became of a batch.

    Attributes:
        taken: Photos that came in.
        known: Photos that were there already.
        unresolved: Labels that name no species yet, with the ids proposed; their photos are kept.
        left_out: Labels that a review says are no birds.
        refused: Photos that cannot be used: name, code, and why.
    """

    taken: int = 0
    known: int = 0
    unresolved: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ImportPhotos:
    """Imports photos of labelled sets.

    Attributes:
        raw_objects: The raw bucket.
        photos: The dataset's records.
        cases: Labels that a person settled, or has to.
        resolve: Finds the species of a label and a scientific name.
    """

    raw_objects: Objects
    photos: DatasetPhotos
    cases: LabelCases
    resolve: Callable[[str, str], Resolution]

    def known(self, source: str, photos: Sequence[tuple[str, str]]) -> list[bool]:
        """Say of each photo, given as label and SHA-256 of its bytes, whether it is here already.

        Raises:
            InvalidSourceError: The source's name will not do.
        """
        _check_source(source)
        ids = [photo_id_of(source, label, sha256) for label, sha256 in photos]
        there = self.photos.find_many(sorted(set(ids)))
        return [photo_id in there for photo_id in ids]

    def __call__(self, source: str, photos: Iterable[ImportedPhoto]) -> ImportReport:
        """Take the photos of one batch; doing it again changes nothing.

        Raises:
            InvalidSourceError: The source's name will not do.
        """
        _check_source(source)
        report = ImportReport()
        resolved: dict[tuple[str, str], Resolution] = {}
        for photo in photos:
            if len(photo.label) > MAX_LABEL_LETTERS or not photo.label.strip():
                report.refused.append((photo.name, "invalid-label", "A label has 1 to 300 letters."))
                continue
            names = (photo.label, photo.scientific)
            if names not in resolved:
                resolved[names] = self._settled(source, self.resolve(*names), photo.scientific)
            self._take(source, photo, resolved[names], report)
        for label in report.unresolved:
            self._reopen(label_id_of(source, label))
        return report

    def _settled(self, source: str, resolution: Resolution, scientific: str) -> Resolution:
        """Return what a person said of a label that nothing else resolves; the first to meet it opens its case."""
        if resolution.species_id is not None or resolution.excluded:
            return resolution
        label_id = label_id_of(source, resolution.label)
        case = self.cases.find(label_id)
        if case is None:
            try:
                self.cases.save(LabelCase(label_id, source, resolution.label, scientific, tuple(resolution.proposals)))
            except StaleRecordError:
                case = self.cases.find(label_id)
        if case is None or case.state is LabelState.OPEN:
            return resolution
        return replace(resolution, species_id=case.species_id, excluded=case.state is LabelState.LEFT_OUT)

    def _reopen(self, label_id: str) -> None:
        """Let the next refresh look at a label again that was settled while its photos came in."""
        case = self.cases.find(label_id)
        if case is not None and (reopened := case.reopened()) != case:
            try:
                self.cases.save(reopened)
            except StaleRecordError:
                # Decided anew this very moment; the next refresh looks at it anyway.
                return

    def _take(self, source: str, photo: ImportedPhoto, resolution: Resolution, report: ImportReport) -> None:
        if resolution.excluded:
            report.left_out[photo.label] = report.left_out.get(photo.label, 0) + 1
            return
        photo_id = photo_id_of(source, photo.label, content_hash(photo.data))
        if resolution.species_id is None:
            report.unresolved[photo.label] = tuple(resolution.proposals)
        if self.photos.find(photo_id) is not None:
            report.known += 1
            return
        try:
            stored = to_stored_photo(photo.data)
        except PhotoError as error:
            report.refused.append((photo.name, error.code, error.detail))
            return
        species_id = resolution.species_id
        key = raw_key(photo_id, species_id) if species_id else f"{_UNRESOLVED}/{photo_id}.jpg"
        # The photo first: a record without one would be a promise nobody can keep.
        self.raw_objects.put(key, stored.data)
        record = DatasetPhoto(
            photo_id=photo_id,
            source=source,
            species_id=species_id,
            raw_key=key,
            label=photo.label,
            # What has no species is nothing a refresh could act on.
            taken_revision=0 if species_id else 1,
            state=PhotoState.NEW if species_id else PhotoState.UNRESOLVED,
            proposed_species_id=resolution.proposals[0] if resolution.proposals and not species_id else None,
        )
        try:
            self.photos.save(record)
        except StaleRecordError:
            report.known += 1
            return
        report.taken += 1


def _check_source(source: str) -> None:
    if len(source) > MAX_SOURCE_LETTERS or not _SOURCE.fullmatch(source) or source == CONTRIBUTION:
        raise InvalidSourceError("A source is named by up to 40 small letters, digits, dots and hyphens.")
