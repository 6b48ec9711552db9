"""The dataset's adapters against moto: what the in-memory ports promise, the real ones keep."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from avocet.adapters.contribution_feed import ContributionFeed
from avocet.adapters.dataset_records import DynamoDatasetPhotos, DynamoHeads, DynamoStandings
from avocet.adapters.duplicate_index import MAX_ENTRIES, DynamoDuplicateIndex
from avocet.adapters.dynamodb import DynamoPhotoRecords
from avocet.adapters.job_ledger import DynamoJobLedger
from avocet.adapters.objects import S3Objects
from avocet.domain.dataset import DatasetPhoto, PhotoState, SpeciesStanding, Split, SplitCounts
from avocet.domain.duplicates import IndexEntry
from avocet.domain.hashing import band_keys
from avocet.domain.jobs import FencedOutError, Job, JobKind, JobState, Ledger
from avocet.usecases.dataset_ports import Head
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.refresh import Refresh, Run
from avocet.usecases.snapshot_store import discard_work
from tests.made.aws import Deployment, deployment
from tests.unit.dataset.test_refresh_history import far_picture, photo_id_of
from tests.unit.dataset.world import FixedOpinion, _beat, clean_made_up, photo_bytes

PHOTO = DatasetPhoto("a" * 32, "kaggle", "pied-avocet", f"pied-avocet/{'a' * 32}.jpg", label="Ü \"/'")


@pytest.fixture
def cloud() -> Iterator[Deployment]:
    with deployment() as made:
        yield made


def test_an_object_is_stored_new_only_once(cloud: Deployment) -> None:
    objects = S3Objects(cloud.s3, "clean")
    assert objects.put_new("k", b"1")
    assert not objects.put_new("k", b"2")
    assert objects.get("k") == b"1"
    assert objects.get("other") is None


def test_purging_leaves_no_version(cloud: Deployment) -> None:
    objects = S3Objects(cloud.s3, "clean")
    for data in (b"1", b"2", b"3"):
        objects.put("k", data)
    objects.put("k-longer", b"stays")
    objects.purge("k", keep_newest=True)
    assert len(cloud.s3.list_object_versions(Bucket="clean", Prefix="k").get("Versions", [])) == 2
    assert objects.get("k") == b"3"
    cloud.s3.delete_object(Bucket="clean", Key="k")
    objects.purge("k")
    assert list(objects.keys("k")) == ["k-longer"]
    left = cloud.s3.list_object_versions(Bucket="clean", Prefix="k")
    assert [each["Key"] for each in left["Versions"]] == ["k-longer"]
    assert not left.get("DeleteMarkers")


def test_a_record_is_saved_under_its_version_only(cloud: Deployment) -> None:
    photos = DynamoDatasetPhotos(cloud.dynamodb, "dataset")
    first = photos.save(PHOTO)
    assert photos.find(PHOTO.photo_id) == first
    photos.save(replace(first, state=PhotoState.WAITING, taken_revision=1))
    with pytest.raises(StaleRecordError):
        photos.save(replace(first, split=Split.TEST))
    with pytest.raises(StaleRecordError):
        photos.save(replace(PHOTO, species_id="great-tit"))
    assert list(photos.waiting("pied-avocet")) == [PHOTO.photo_id]
    assert list(photos.fresh()) == []


def test_many_records_are_read_in_batches(cloud: Deployment) -> None:
    photos = DynamoDatasetPhotos(cloud.dynamodb, "dataset")
    ids = [photo_id_of(number) for number in range(230)]
    for photo_id in ids:
        photos.save(replace(PHOTO, photo_id=photo_id))
    assert photos.find_many([*ids, "f" * 32]).keys() == set(ids)
    assert {photo.photo_id for photo in photos.fresh()} == set(ids)


def test_the_head_moves_for_the_newest_writer_only(cloud: Deployment) -> None:
    heads = DynamoHeads(cloud.dynamodb, "dataset")
    assert heads.read() == Head()
    heads.claim(3)
    head = Head("s" * 64, 3, "plan", "job", 7, {"added": "1"})
    heads.move(head)
    assert heads.read() == head
    heads.claim(5)
    with pytest.raises(FencedOutError):
        heads.move(head)
    with pytest.raises(FencedOutError):
        heads.claim(4)
    assert heads.read() == replace(head, fence=5)


def test_the_index_takes_entries_of_the_newest_writer_only(cloud: Deployment) -> None:
    DynamoHeads(cloud.dynamodb, "dataset").claim(2)
    index = DynamoDuplicateIndex(cloud.dynamodb, "dataset")
    entries = [IndexEntry(photo_id_of(n), f"{far_picture(n):064x}") for n in range(20)]
    index.insert(entries, 2)
    index.insert(entries, 2)
    keys = band_keys(bytes.fromhex(entries[0].phash))
    assert all(entries[0] in bucket for bucket in index.lookup(keys).values())
    with pytest.raises(FencedOutError):
        index.remove(entries, 1)
    index.remove(entries[:1], 2)
    assert not any(entries[0] in bucket for bucket in index.lookup(keys).values())


def test_a_full_bucket_takes_no_more_and_breaks_nothing(cloud: Deployment) -> None:
    DynamoHeads(cloud.dynamodb, "dataset").claim(1)
    index = DynamoDuplicateIndex(cloud.dynamodb, "dataset")
    # All agree in the first band and nowhere else.
    entries = [IndexEntry(photo_id_of(n), "0000" + f"{far_picture(n):064x}"[4:]) for n in range(MAX_ENTRIES)]
    index.insert(entries, 1)
    one_more = IndexEntry(photo_id_of(9999), "0000" + f"{far_picture(9999):064x}"[4:])
    index.insert([one_more], 1)
    first, *others = index.lookup(band_keys(bytes.fromhex(one_more.phash))).values()
    assert len(first) == MAX_ENTRIES
    assert all(one_more in bucket for bucket in others)


def test_standings_come_back_as_saved(cloud: Deployment) -> None:
    standings = DynamoStandings(cloud.dynamodb, "dataset")
    many = [SpeciesStanding(f"bird-{n}", SplitCounts(n, 1, 1), True, 0) for n in range(60)]
    standings.save(many)
    assert standings.find("bird-59") == many[59]
    assert standings.find("dodo") is None


def test_the_ledger_is_saved_under_its_version_and_history_is_newest_first(cloud: Deployment) -> None:
    ledgers = DynamoJobLedger(cloud.dynamodb, "jobs")
    now = datetime(2026, 11, 23, tzinfo=UTC)
    job = Job("j1", JobKind.REFRESH, "admin", now, {"a": "b"}, waits_for=("x",), started_at=now)
    saved = ledgers.save(Ledger((job,), 4))
    assert ledgers.load() == saved
    with pytest.raises(StaleRecordError):
        ledgers.save(Ledger((job,), 5))
    for number in range(3):
        closed = replace(job, job_id=f"c{number}", state=JobState.FINISHED, finished_at=now.replace(hour=number))
        ledgers.archive(closed)
    assert [each.job_id for each in ledgers.history(2)] == ["c2", "c1"]
    assert ledgers.find_closed("c1") is not None
    assert ledgers.find_closed("#ledger") is None


def test_a_whole_refresh_works_on_the_real_adapters(cloud: Deployment) -> None:
    photos = DynamoDatasetPhotos(cloud.dynamodb, "dataset")
    clean, raw = S3Objects(cloud.s3, "clean"), S3Objects(cloud.s3, "raw")
    records = DynamoPhotoRecords(cloud.dynamodb, "photos")
    refresh = Refresh(
        clean_objects=clean,
        raw_objects=raw,
        photos=photos,
        contributions=ContributionFeed(records, S3Objects(cloud.s3, "uploads"), raw),
        heads=DynamoHeads(cloud.dynamodb, "dataset"),
        index=DynamoDuplicateIndex(cloud.dynamodb, "dataset"),
        standings=DynamoStandings(cloud.dynamodb, "dataset"),
        opinion=FixedOpinion(),
        floor_photos=3,
        cleaner=clean_made_up,
    )
    for number in range(6):
        photo_id = photo_id_of(number)
        key = f"pied-avocet/{photo_id}.jpg"
        raw.put(key, photo_bytes(far_picture(number)))
        photos.save(DatasetPhoto(photo_id, "kaggle", "pied-avocet", key))
    run = Run("j", 1)
    plan = refresh.plan(run, _beat)
    for key in plan.batches:
        refresh.clean(key, _beat)
    assert refresh.write(run, plan.batches, _beat)["added"] == "6"
    discard_work(clean, "j")
    assert len(list(open_snapshot(clean).photos())) == 6
    again = refresh.plan(Run("k", 2), _beat)
    assert (again.photos, again.others) == (0, 0)
