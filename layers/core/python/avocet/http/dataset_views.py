"""The dataset as the API takes and shows it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from avocet.adapters.dataset_records import DynamoDatasetPhotos
from avocet.domain.dataset import DatasetPhoto, PhotoState
from avocet.domain.jobs import Job
from avocet.domain.label_cases import LabelState
from avocet.domain.snapshots import Manifest
from avocet.domain.syncing import SyncRecord
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.dataset import (
    DatasetView,
    ImportAnswer,
    KnownPhotos,
    PhotoInDataset,
    RefusedPhoto,
    SnapshotView,
    SplitCount,
    SyncView,
    UnresolvedLabel,
)
from avocet.http.schema.erasure import ErasureTaken
from avocet.http.views import timestamp
from avocet.usecases.dataset_ports import Head
from avocet.usecases.import_photos import ImportReport
from avocet.usecases.settle_label import CountedLabel
from avocet.usecases.snapshot_store import SnapshotStore

_MAX_KNOWN = 2_000
_MAX_LISTED = 500
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class KnownAsked:
    """What ``POST /admin/dataset/known`` asks: label and SHA-256 of each photo."""

    source: str
    photos: list[tuple[str, str]]


def known_request(request: Request) -> KnownAsked:
    """Read the body of ``POST /admin/dataset/known``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: It names no source, or photos in another way.
    """
    body = json_object(request.body)
    source, photos = body.get("source"), body.get("photos")
    if not isinstance(source, str):
        raise InvalidRequestError("source must be a text.")
    if not isinstance(photos, list) or len(photos) > _MAX_KNOWN:
        raise InvalidRequestError(f"photos must be a list of at most {_MAX_KNOWN}.")
    return KnownAsked(source, [_known(photo) for photo in photos])


def _known(photo: object) -> tuple[str, str]:
    if not isinstance(photo, dict) or not isinstance(photo.get("label"), str):
        raise InvalidRequestError("Each photo needs its label.")
    sha256 = photo.get("sha256")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise InvalidRequestError("Each photo needs its sha256, 64 hexadecimal digits.")
    return photo["label"], sha256


def source_in_query(request: Request) -> str:
    """Return the name of the set that a batch comes from.

    Raises:
        InvalidRequestError: There is none.
    """
    source = request.query.get("source")
    if not source:
        raise InvalidRequestError("Say with ?source= which set the photos are from.")
    return source


def known_view(known: list[bool]) -> KnownPhotos:
    """Show which photos are here."""
    return KnownPhotos(tuple(known))


def import_view(report: ImportReport) -> ImportAnswer:
    """Show what became of a batch."""
    return ImportAnswer(
        taken=report.taken,
        known=report.known,
        unresolved=tuple(UnresolvedLabel(label, ids) for label, ids in sorted(report.unresolved.items())),
        left_out=dict(sorted(report.left_out.items())),
        refused=tuple(RefusedPhoto(name, code, why) for name, code, why in report.refused),
    )


def dataset_view(
    head: Head,
    store: SnapshotStore,
    photos: DynamoDatasetPhotos,
    labels: Sequence[CountedLabel],
    sync: SyncRecord,
) -> DatasetView:
    """Show where the dataset stands."""
    manifest = store.manifest(head.snapshot_id) if head.snapshot_id else None
    return DatasetView(
        snapshot=snapshot_view(manifest) if manifest else None,
        needed_photos=head.needed_photos,
        sources=dict(head.sources),
        in_review=sum(1 for _ in islice(photos.listed(PhotoState.REVIEW), _MAX_LISTED)),
        unresolved={each.case.label: each.photos for each in labels if each.case.state is LabelState.OPEN},
        is_being_written=bool(head.plan_key),
        sync=SyncView(
            status=sync.status,
            message=sync.sentence,
            version=sync.version_taken,
            detail=sync.detail or None,
            checked_at=timestamp(sync.checked_at) if sync.checked_at else None,
            retry_at=timestamp(sync.retry_at) if sync.retry_at else None,
        ),
    )


def snapshot_view(manifest: Manifest) -> SnapshotView:
    """Show a snapshot without its rows."""
    return SnapshotView(
        snapshot_id=manifest.snapshot_id,
        parent_id=manifest.parent_id or None,
        depth=manifest.depth,
        photos=manifest.photos,
        changes=dict(manifest.changes),
        species={
            name: SplitCount(counts.train, counts.validation, counts.test)
            for name, counts in sorted(manifest.species.items())
        },
    )


def photo_view(photo: DatasetPhoto) -> PhotoInDataset:
    """Show what the dataset knows of a photo."""
    return PhotoInDataset(
        photo_id=photo.photo_id,
        source=photo.source,
        species_id=photo.species_id,
        label=photo.label,
        state=PhotoState.NEW if photo.is_fresh else photo.state,
        reason=photo.reason or None,
        split=photo.split,
        snapshot_id=photo.snapshot_id,
    )


def erasure_view(photo_id: str, job: Job) -> ErasureTaken:
    """Show that an erasure was taken."""
    return ErasureTaken(photo_id, job.job_id)
