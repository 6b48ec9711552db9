"""The dataset's adapters against moto: what the in-memory ports promise, the real ones keep."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest

from avocet.adapters import duplicate_index
from avocet.adapters.contribution_feed import ContributionFeed
from avocet.adapters.dataset_records import DynamoDatasetPhotos, DynamoHeads, DynamoStandings
from avocet.adapters.duplicate_index import DynamoDuplicateIndex
from avocet.adapters.dynamodb import DynamoPhotoRecords
from avocet.adapters.job_ledger import DynamoJobLedger
from avocet.adapters.job_machines import JobMachines
from avocet.adapters.label_cases import DynamoLabelCases
from avocet.adapters.objects import S3Objects
from avocet.adapters.picture_book import DynamoPictureBook
from avocet.adapters.system import now
from avocet.adapters.trust_book import DynamoTrustBook
from avocet.domain.dataset import DatasetPhoto, PhotoState, SpeciesStanding, Split, SplitCounts
from avocet.domain.duplicates import IndexEntry
from avocet.domain.hashing import band_keys
from avocet.domain.jobs import FencedOutError, Job, JobKind, JobState, Ledger, finished
from avocet.domain.label_cases import LabelCase, label_id_of
from avocet.domain.sayings import Saying
from avocet.usecases.dataset_ports import Head
from avocet.usecases.keep_numbers import KeepNumbers
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.refresh import Refresh
from avocet.usecases.refresh_work import Run
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


def test_a_full_bucket_takes_no_more_and_breaks_nothing(cloud: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_index, "MAX_ENTRIES", 8)
    DynamoHeads(cloud.dynamodb, "dataset").claim(1)
    index = DynamoDuplicateIndex(cloud.dynamodb, "dataset")
    # All agree in the first band and nowhere else.
    entries = [IndexEntry(photo_id_of(n), "0000" + f"{far_picture(n):064x}"[4:]) for n in range(8)]
    index.insert(entries, 1)
    one_more = IndexEntry(photo_id_of(9999), "0000" + f"{far_picture(9999):064x}"[4:])
    index.insert([one_more], 1)
    first, *others = index.lookup(band_keys(bytes.fromhex(one_more.phash))).values()
    assert len(first) == 8
    assert all(one_more in bucket for bucket in others)


def test_a_label_is_saved_under_its_version_and_found_until_it_was_applied(cloud: Deployment) -> None:
    cases = DynamoLabelCases(cloud.dynamodb, "dataset")
    assert cases.find("c" * 32) is None
    opened = cases.save(LabelCase("c" * 32, "kaggle", "ODD", "", ("great-tit",)))
    assert cases.find("c" * 32) == opened
    assert (list(cases.all()), list(cases.unapplied())) == ([opened], [])
    settled = cases.save(opened.settled("great-tit", "ada"))
    assert (list(cases.all()), list(cases.unapplied())) == ([settled], [settled])
    with pytest.raises(StaleRecordError):
        cases.save(opened.settled("pied-avocet", "bob"))
    assert list(cases.unapplied()) == [settled]


def test_photos_are_found_by_the_label_they_came_under(cloud: Deployment) -> None:
    photos = DynamoDatasetPhotos(cloud.dynamodb, "dataset")
    photos.save(PHOTO)
    photos.save(replace(PHOTO, photo_id="b" * 32, source="other"))
    photos.save(replace(PHOTO, photo_id="c" * 32, label=None))
    label_id = label_id_of(PHOTO.source, str(PHOTO.label))
    assert (photos.labelled(label_id), photos.count_labelled(label_id)) == ([PHOTO.photo_id], 1)
    assert photos.count_labelled("f" * 32) == 0


def test_standings_come_back_as_saved(cloud: Deployment) -> None:
    standings = DynamoStandings(cloud.dynamodb, "dataset")
    many = [SpeciesStanding(f"bird-{n}", SplitCounts(n, 1, 1), True, 0) for n in range(60)]
    DynamoHeads(cloud.dynamodb, "dataset").claim(1)
    standings.save(many, 1)
    with pytest.raises(FencedOutError):
        standings.save(many[:1], 0)
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


def test_why_a_job_failed_is_kept_by_its_code_where_an_earlier_release_takes_no_notice_of_it(cloud: Deployment) -> None:
    ledgers = DynamoJobLedger(cloud.dynamodb, "jobs")
    job = Job("j1", JobKind.VERIFY, "admin", now(), fence=4, state=JobState.RUNNING, started_at=now())
    _, failed = finished(Ledger((job,), 4), "j1", 4, now=now(), reason="2 findings, such as: Photo 7 is in no shard.")
    ledgers.archive(failed)
    assert ledgers.find_closed("j1") == failed
    assert ledgers.history(1)[0].failure == Saying("findings", {"count": "2", "first": "Photo 7 is in no shard."})
    item = cloud.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": "j1"}})["Item"]
    assert "failure" not in json.loads(item["record"]["S"])
    cloud.dynamodb.update_item(TableName="jobs", Key={"job_id": {"S": "j1"}}, UpdateExpression="REMOVE failure")
    assert ledgers.find_closed("j1") == replace(failed, failure=None), "kept by an earlier release"


def test_a_whole_refresh_works_on_the_real_adapters(cloud: Deployment) -> None:
    photos = DynamoDatasetPhotos(cloud.dynamodb, "dataset")
    clean, raw = S3Objects(cloud.s3, "clean"), S3Objects(cloud.s3, "raw")
    records = DynamoPhotoRecords(cloud.dynamodb, "photos")
    refresh = Refresh(
        clean_objects=clean,
        raw_objects=raw,
        models_objects=S3Objects(cloud.s3, "models"),
        photos=photos,
        contributions=ContributionFeed(records, S3Objects(cloud.s3, "uploads"), raw),
        heads=DynamoHeads(cloud.dynamodb, "dataset"),
        index=DynamoDuplicateIndex(cloud.dynamodb, "dataset"),
        standings=DynamoStandings(cloud.dynamodb, "dataset"),
        picture_book=DynamoPictureBook(cloud.dynamodb, "dataset"),
        labels=DynamoLabelCases(cloud.dynamodb, "dataset"),
        numbers=KeepNumbers(clean, now),
        opinion=FixedOpinion(),
        trust=DynamoTrustBook(cloud.dynamodb, "people"),
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
    assert refresh.write(run, _beat)["added"] == "6"
    discard_work(clean, "j")
    assert len(list(open_snapshot(clean).photos())) == 6
    again = refresh.plan(Run("k", 2), _beat)
    assert (again.photos, again.others) == (0, 0)


def test_an_attempt_has_broken_off_when_its_execution_ended_badly_and_not_before_there_is_one(
    cloud: Deployment,
) -> None:
    client = boto3.client("stepfunctions", region_name="eu-west-1")
    arn = client.create_state_machine(
        name="avocet-test-check-drift", definition="{}", roleArn="arn:aws:iam::123456789012:role/machine"
    )["stateMachineArn"]
    machines = JobMachines(client, arn.removesuffix("check-drift"), frozenset({"check_drift"}))
    job = Job("j1", JobKind.CHECK_DRIFT, "admin", now(), state=JobState.RUNNING, fence=7)
    assert not machines.has_broken_off(job), "it may be about to begin"
    machines.launch(job)
    assert not machines.has_broken_off(job)
    client.stop_execution(executionArn=client.list_executions(stateMachineArn=arn)["executions"][0]["executionArn"])
    assert machines.has_broken_off(job)
    assert not machines.has_broken_off(replace(job, fence=8))
