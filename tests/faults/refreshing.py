"""Campaigns of a refresh, step by step: from nothing to a first snapshot."""

import io
import os
import uuid

import numpy as np
from PIL import Image

from avocet.adapters.aws import s3_client
from avocet.adapters.objects import S3Objects
from avocet.domain.contribution import raw_key
from avocet.domain.dataset import DatasetPhoto, PhotoState
from avocet.domain.jobs import Job, JobKind, JobState
from avocet.domain.likeness import packed, sketches_key
from avocet.domain.prediction import SKETCH_BYTES
from avocet.http import learning_wiring
from avocet.http.wiring import settings
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.snapshot_store import CURRENT_KEY, SnapshotStore
from tests.faults import collection, office
from tests.faults.clouds import Campaigns, Cloud, Harm, Trial, forget_clients

# Species that the champion knows nothing of, so that it has no say.
_SPECIES = ("barn-owl", "great-tit")
_PHOTOS_EACH = 3
_SKETCHES_KEY = sketches_key("b" * 16, _SPECIES[0])


def _planned(here: Cloud) -> Trial:
    return _refreshed(here, "plan")


def _cleaned(here: Cloud) -> Trial:
    return _refreshed(here, "clean")


def _written(here: Cloud) -> Trial:
    return _refreshed(here, "write")


def _refreshed(here: Cloud, tried: str) -> Trial:
    office.clear_desk(here)
    _empty_dataset(here)
    photo_ids = _import_photos()
    contributed = here.given()
    sketched = _erased_and_sketched()
    job = office.asked_for(JobKind.REFRESH)
    refresh = _Refresh(here, job)
    steps = {"plan": refresh.plan, "clean": refresh.clean, "write": refresh.write}
    for name in steps:
        if name == tried:
            break
        steps[name]()

    def ask() -> office.Answer:
        steps[tried]()
        return office.DONE

    def harm() -> Harm:
        for name in list(steps)[list(steps).index(tried) + 1 :]:
            steps[name]()
        here.call("close_job", office.step_of(job, **refresh.outcome))
        snapshot_id = learning_wiring.heads().read().snapshot_id
        rows = SnapshotStore(learning_wiring.clean_objects()).read(snapshot_id).rows if snapshot_id else {}
        records = learning_wiring.dataset_photos().find_many([*photo_ids, contributed])
        inside = [name for name in photo_ids if records[name].state is PhotoState.IN_DATASET]
        untold, retold = office.untold_and_retold(here, "dataset refresh finished")
        closed = learning_wiring.ledger().find_closed(job.job_id)
        return Harm(
            lost=len(set(photo_ids) - rows.keys())
            + len(set(photo_ids) - set(inside))
            + int(contributed not in records)
            + int(closed is None or closed.state is not JobState.FINISHED)
            + untold
            + len(collection.findings())
            + int(tried == "write" and bytes.fromhex(sketched) in (_models().get(_SKETCHES_KEY) or b"")),
            doubled=len(rows.keys() - set(photo_ids)) + office.work_left(job) + retold,
        )

    return Trial(ask, harm)


class _Refresh:
    """The steps of a refresh, and what its machine remembers between them."""

    def __init__(self, here: Cloud, job: Job) -> None:
        self._here, self._job = here, job
        self._batches: list[str] = []
        self.outcome: dict[str, dict[str, str]] = {}

    def plan(self) -> None:
        self._batches = self._here.call("refresh_plan", office.step_of(self._job))["batches"]

    def clean(self) -> None:
        for batch in self._batches:
            self._here.call("refresh_clean", office.step_of(self._job, batch=batch))

    def write(self) -> None:
        self.outcome = self._here.call("refresh_write", office.step_of(self._job))


def _empty_dataset(here: Cloud) -> None:
    """Begin with no dataset at all, where three photos of a species are enough."""
    if os.environ["AVOCET_GATE_FLOOR_PHOTOS"] != str(_PHOTOS_EACH):
        os.environ["AVOCET_GATE_FLOOR_PHOTOS"] = str(_PHOTOS_EACH)
        forget_clients()
    here.made.empty_dataset()
    here.made.s3.delete_object(Bucket="clean", Key=CURRENT_KEY)


def _import_photos() -> list[str]:
    raw, records, photo_ids = learning_wiring.raw_objects(), learning_wiring.dataset_photos(), []
    for number, species_id in enumerate(_SPECIES):
        for photo in range(_PHOTOS_EACH):
            photo_id = uuid.uuid4().hex
            key = raw_key(photo_id, species_id)
            raw.put(key, _photo(number, photo))
            records.save(DatasetPhoto(photo_id, "kaggle", species_id, key))
            photo_ids.append(photo_id)
    return photo_ids


def _models() -> S3Objects:
    return S3Objects(s3_client(), settings().models_bucket)


def _erased_and_sketched() -> str:
    """Erase a photo of which a training noted what it looks like; return its id."""
    photo_id = uuid.uuid4().hex
    _models().put(_SKETCHES_KEY, packed({photo_id: bytes(SKETCH_BYTES)}))
    ErasePhotos(clean_objects=learning_wiring.clean_objects())([photo_id])
    return photo_id


def _photo(species: int, photo: int) -> bytes:
    """Tiles in an order of their own, so that no photo looks like another."""
    tiles = np.random.default_rng((species, photo)).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(tiles).resize((224, 224), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


CAMPAIGNS: Campaigns = {
    "refresh_plan": {"imported and contributed photos": _planned},
    "refresh_clean": {"imported and contributed photos": _cleaned},
    "refresh_write": {"imported and contributed photos": _written},
}
