"""A sync with the real client against a stand-in for Kaggle, into buckets and tables in moto, dying where it likes."""

import contextlib
import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from avocet.adapters.archive_store import S3Archives
from avocet.adapters.dataset_records import DynamoDatasetPhotos
from avocet.adapters.kaggle import KaggleSet, read_credentials
from avocet.adapters.label_cases import DynamoLabelCases
from avocet.adapters.objects import S3Objects
from avocet.adapters.sync_record import DynamoSyncRecords
from avocet.domain.archives import UnreadArchiveError
from avocet.domain.jobs import JobKind
from avocet.domain.labels import Resolution
from avocet.domain.syncing import SyncRecord, SyncStatus
from avocet.usecases.fetch_archive import FetchArchive, Next
from avocet.usecases.import_photos import ImportPhotos
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.sync_ports import HostError, NotConfiguredError
from avocet.usecases.take_in_archive import TakeInArchive
from tests.deployed.made_photos import made_photo
from tests.made.aws import ENVIRONMENT, Deployment, deployment
from tests.made.kaggle import DATASET, KEY, StandIn, archive, bomb_bytes, kaggle
from tests.unit.dataset.test_jobs import Office
from tests.unit.dataset.world import Bomb, Crash, Doomed

# S3 takes no smaller parts, save for the last.
PART_BYTES = 5 * 1024 * 1024
LABELS = {"MALLARD DUCK": 3, "ROBIN": 2}
SPECIES = {"MALLARD DUCK": "mallard", "ROBIN": "american-robin", "NEW BIRD": "kakapo"}


class Secrets:
    """The secrets, without a service."""

    class exceptions:  # noqa: N801 (as the client calls it)
        class ResourceNotFoundException(Exception):  # noqa: N818
            pass

    def __init__(self, text: str | None) -> None:
        self.text = text

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        if self.text is None:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.text}


@dataclass
class Copy:
    """Everything a sync stands on."""

    cloud: Deployment
    stand_in: StandIn
    office: Office = field(default_factory=Office)
    secret: str | None = ""
    part_bytes: int = PART_BYTES

    def __post_init__(self) -> None:
        self.records = DynamoSyncRecords(self.cloud.dynamodb, "dataset")
        self.office.launcher.can_launch = lambda job: True  # type: ignore[method-assign]

    def host(self) -> KaggleSet:
        text = json.dumps(self.stand_in.secret) if self.secret == "" else self.secret
        return KaggleSet(read_credentials(Secrets(text), "avocet/test/kaggle"), DATASET)  # type: ignore[arg-type]

    def halves(self, bomb: Bomb | None = None) -> tuple[FetchArchive, TakeInArchive]:
        ports: dict[str, Any] = {"store": S3Archives(self.cloud.s3, "raw"), "records": self.records}
        clean: Any = S3Objects(self.cloud.s3, "clean")
        if bomb:
            ports = {name: Doomed(port, bomb) for name, port in ports.items()}
            clean = Doomed(clean, bomb)
        fetch = FetchArchive(
            **ports,
            host=self.host,
            notifier=self.office.notifier,
            clock=lambda: self.office.now,
            spread=map,
            part_bytes=self.part_bytes,
        )
        take_in = TakeInArchive(
            **ports,
            work=clean,
            import_photos=ImportPhotos(
                raw_objects=S3Objects(self.cloud.s3, "raw"),
                photos=DynamoDatasetPhotos(self.cloud.dynamodb, "dataset"),
                cases=DynamoLabelCases(self.cloud.dynamodb, "dataset"),
                resolve=lambda label, _: Resolution(label, SPECIES.get(label)),
            ),
            jobs=self.office.run(),
            notifier=self.office.notifier,
            spread=map,
        )
        return fetch, take_in

    def run(self, bomb: Bomb | None = None, *, time_left_s: float = 900) -> dict[str, str]:
        """Go through the steps as the state machine does."""
        fetch, take_in = self.halves(bomb)
        step = fetch.check(_beat)
        while step.next in (Next.FETCH, Next.PAUSE):
            step = fetch.fetch(lambda: time_left_s, _beat)
        if step.next is Next.CLOSE:
            return step.result
        listed = take_in.list_photos(_beat)
        if listed.step.next is Next.CLOSE:
            return listed.step.result
        for key in listed.batches:
            take_in.take_batch(key, _beat)
        return take_in.finish(listed.batches, _beat)

    @property
    def record(self) -> SyncRecord:
        return self.records.read()

    @property
    def photos(self) -> list[str]:
        return [key for key in self.cloud.raw_keys() if not key.startswith("archives/")]

    @property
    def told(self) -> list[str]:
        return [notice.subject.en for notice in self.office.notifier.notices]

    @property
    def refreshes(self) -> list[Any]:
        return [job for job in self.office.ledger.ledger.jobs if job.kind is JobKind.REFRESH]


def _beat(advance: int, total: int | None, note: str) -> None:
    return None


SOUND = archive(made_photo, LABELS)


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Copy]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with deployment() as cloud, kaggle(StandIn(SOUND)) as stand_in:
        yield Copy(cloud, stand_in)


def test_a_new_version_is_taken_in_and_a_refresh_asked_for(copy: Copy) -> None:
    result = copy.run()
    assert result == {"status": "up-to-date", "version": "1", "taken": "5"}
    assert sorted(key.split("/")[0] for key in copy.photos) == ["american-robin"] * 2 + ["mallard"] * 3
    assert copy.record.version_taken == 1
    assert "version 1 of the set brought 5 new photos" in copy.refreshes[0].because
    assert copy.told[:2] == ["dataset refresh started", "5 new photos fetched"]
    # Nothing of the archive and of the work on it stays, and no credential went to the storage.
    assert copy.cloud.raw_keys() == copy.photos
    assert list(S3Objects(copy.cloud.s3, "clean").keys("sync/")) == []
    assert copy.stand_in.leaked == []


def test_the_same_version_is_taken_in_once(copy: Copy) -> None:
    copy.run()
    copy.stand_in.ranges.clear()
    assert copy.run()["status"] == "up-to-date"
    assert copy.stand_in.ranges == []
    assert len(copy.told) == 2


def test_the_next_version_brings_only_what_is_new(copy: Copy) -> None:
    copy.run()
    copy.stand_in.archive, copy.stand_in.version = archive(made_photo, {**LABELS, "NEW BIRD": 1}), 2
    result = copy.run()
    assert (result["version"], result["taken"], result["known"]) == ("2", "1", "5")
    assert len(copy.photos) == 6
    # A version that brings nothing asks for no refresh.
    before = len(copy.office.ledger.ledger.jobs)
    copy.stand_in.version = 3
    assert copy.run()["known"] == "6"
    assert len(copy.office.ledger.ledger.jobs) == before


@pytest.mark.parametrize("secret", [None, "no json", "[]", '{"username": "somebody"}'])
def test_without_credentials_there_is_a_status_and_no_failing_job(copy: Copy, secret: str | None) -> None:
    copy.secret = secret
    assert copy.run()["status"] == "not-configured"
    assert copy.stand_in.requests == []
    assert copy.told == []


@pytest.mark.parametrize(
    ("status", "stands", "tells"),
    [
        (401, SyncStatus.DENIED, 1),
        (403, SyncStatus.DENIED, 1),
        (404, SyncStatus.WITHDRAWN, 1),
        (429, SyncStatus.LIMITED, 0),
        (500, SyncStatus.UNREACHABLE, 0),
    ],
)
def test_whatever_kaggle_says_is_a_lasting_state_and_told_once(
    copy: Copy, status: int, stands: SyncStatus, tells: int
) -> None:
    copy.stand_in.refuse = status
    for _ in range(3):
        assert copy.run()["status"] == stands
    assert copy.record.status is stands
    assert len(copy.told) == tells
    copy.stand_in.refuse = 0
    copy.office.now += timedelta(days=1)
    assert copy.run()["status"] == "up-to-date"


def test_a_pause_is_kept(copy: Copy) -> None:
    copy.stand_in.refuse, copy.stand_in.retry_after = 429, "3600"
    copy.run()
    asked = len(copy.stand_in.requests)
    copy.office.now += timedelta(seconds=3599)
    assert copy.run()["status"] == "limited"
    assert len(copy.stand_in.requests) == asked
    copy.office.now += timedelta(seconds=1)
    copy.stand_in.refuse = 0
    assert copy.run()["status"] == "up-to-date"


def test_a_short_pause_in_the_middle_of_the_archive_is_waited_for(copy: Copy) -> None:
    fetch, _ = copy.halves()
    assert fetch.check(_beat).next is Next.FETCH
    copy.stand_in.refuse, copy.stand_in.retry_after = 429, "7"
    step = fetch.fetch(lambda: 900, _beat)
    assert (step.next, step.pause_s) == (Next.PAUSE, 7)


def test_who_cannot_be_reached_is_unreachable(copy: Copy) -> None:
    copy.secret = json.dumps({**KEY, "endpoint": "http://127.0.0.1:9"})
    assert copy.run()["status"] == "unreachable"


def large_archive() -> bytes:
    """An archive of three parts."""
    # Not compressible, and no photo: it only takes its place.
    import random

    return archive(made_photo, LABELS, extra={"model.h5": random.Random(7).randbytes(2 * PART_BYTES + 1000)})


def test_an_archive_cut_in_the_middle_goes_on_where_it_was_cut(copy: Copy) -> None:
    copy.stand_in.archive = large_archive()
    copy.stand_in.cut_at = PART_BYTES + 10
    with pytest.raises(HostError):
        copy.run()
    assert copy.record.status is SyncStatus.FETCHING
    copy.stand_in.cut_at = None
    copy.stand_in.ranges.clear()
    assert copy.run()["taken"] == "5"
    assert min(start for start, _ in copy.stand_in.ranges) == PART_BYTES


def test_an_invocation_whose_time_is_over_leaves_the_rest_to_the_next(copy: Copy) -> None:
    copy.stand_in.archive = large_archive()
    fetch, _ = copy.halves()
    fetch = replace(fetch, side_by_side=1)
    fetch.check(_beat)
    left = iter([900, 10])
    assert fetch.fetch(lambda: next(left), _beat).next is Next.FETCH
    assert len(copy.stand_in.ranges) == 1
    assert fetch.fetch(lambda: 900, _beat).next is Next.EXTRACT
    assert len(copy.stand_in.ranges) == 3


def test_other_bytes_under_the_same_version_begin_anew(copy: Copy) -> None:
    copy.stand_in.archive = large_archive()
    copy.stand_in.cut_at = PART_BYTES + 10
    with pytest.raises(HostError):
        copy.run()
    copy.stand_in.cut_at, copy.stand_in.archive = None, SOUND
    assert copy.run()["taken"] == "5"


@pytest.mark.parametrize("damage", ["no zip", "cut short", "overlapping", "no photos"])
def test_a_broken_archive_is_told_once_and_not_fetched_again(copy: Copy, damage: str) -> None:
    match damage:
        case "no zip":
            copy.stand_in.archive = b"<html>sorry</html>" * 100
        case "cut short":
            copy.stand_in.archive = SOUND[:-1000]
        case "overlapping":
            copy.stand_in.archive = overlapping(SOUND)
        case _:
            copy.stand_in.archive = archive(made_photo, {})
    assert copy.run()["status"] == "broken"
    asked = len(copy.stand_in.ranges)
    assert copy.run()["status"] == "broken"
    assert len(copy.stand_in.ranges) == asked
    assert copy.told == ["no new photos can be fetched"]
    assert copy.cloud.raw_keys() == []
    copy.stand_in.archive, copy.stand_in.version = SOUND, 2
    assert copy.run()["taken"] == "5"


def overlapping(data: bytes) -> bytes:
    """Let every entry of the directory point at the first one's bytes."""
    at, changed = data.find(b"PK\x01\x02"), bytearray(data)
    while at >= 0:
        changed[at + 42 : at + 46] = bytes(4)
        at = data.find(b"PK\x01\x02", at + 1)
    return bytes(changed)


def test_entries_that_climb_out_explode_or_lie_are_refused_and_the_others_taken(copy: Copy) -> None:
    hostile = {
        "../../etc/cron.d/ROBIN/1.jpg": made_photo(50),
        "/absolute/ROBIN/1.jpg": made_photo(51),
        "train/../1.jpg": made_photo(52),
        "train/ROBIN/bomb.jpg": bomb_bytes(20_000_000),
        "train/ROBIN/huge.jpg": bomb_bytes(26_000_000),
        "train/ROBIN/text.jpg": b"no photo at all",
        "train/orphan.jpg": made_photo(53),
    }
    data = archive(made_photo, LABELS, extra=hostile)
    # One sound photo loses a byte: what the directory says of it is no longer true.
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        first = packed.infolist()[0]
    at = first.header_offset + 30 + len(first.filename) + first.compress_size // 2
    copy.stand_in.archive = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
    result = copy.run()
    assert (result["taken"], result["refused"]) == ("4", "8")
    assert {key.split("/")[0] for key in copy.photos} == {"mallard", "american-robin"}


def test_a_lie_about_the_size_unpacks_to_no_more_than_a_photo_may_have(copy: Copy) -> None:
    data = bytearray(archive(made_photo, LABELS, extra={"train/ROBIN/bomb.jpg": bomb_bytes(40_000_000)}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (20_000).to_bytes(4, "little")
    copy.stand_in.archive = bytes(data)
    assert copy.run()["refused"] == "1"


def test_whoever_dies_anywhere_is_run_again_and_ends_the_same() -> None:
    """Dies at a sample of the outside calls of the sync, before or after they took effect."""
    for at in range(1, 40, 7):
        with pytest.MonkeyPatch.context() as patch, kaggle(StandIn(SOUND)) as stand_in:
            for name, value in ENVIRONMENT.items():
                patch.setenv(name, value)
            with deployment() as cloud:
                copy = Copy(cloud, stand_in)
                bomb = Bomb(at=at, after=at % 2 == 0)
                with contextlib.suppress(Crash):
                    copy.run(bomb)
                copy.run()
                assert copy.record.version_taken == 1
                assert len(copy.photos) == 5
                assert len(copy.refreshes) <= 2
                assert copy.refreshes
                assert copy.cloud.raw_keys() == copy.photos
                if bomb.calls < at:
                    return


def _dies(*_arguments: object, **_named: object) -> None:
    raise Crash


def test_what_a_batch_took_in_before_it_died_is_counted_and_refreshed(copy: Copy, monkeypatch: Any) -> None:
    put = S3Objects.put

    def dies_before_its_result(objects: S3Objects, key: str, data: bytes) -> None:
        if "/results/" in key:
            raise Crash
        put(objects, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(S3Objects, "put", dies_before_its_result)
        with pytest.raises(Crash):
            copy.run()
    assert len(copy.photos) == 5
    assert copy.run()["taken"] == "5"
    assert len(copy.refreshes) == 1


def test_what_whoever_noted_a_version_left_behind_is_removed_when_the_step_is_done_again(
    copy: Copy, monkeypatch: Any
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(S3Archives, "purge", _dies)
        with pytest.raises(Crash):
            copy.run()
    assert copy.record.version_taken == 1
    assert copy.cloud.raw_keys() != copy.photos
    _, take_in = copy.halves()
    take_in.finish((), _beat)
    assert copy.cloud.raw_keys() == copy.photos
    assert list(S3Objects(copy.cloud.s3, "clean").keys("sync/")) == []


@pytest.mark.parametrize("nth", range(3))
def test_an_archive_that_cannot_be_read_for_a_moment_is_not_taken_for_a_broken_one(
    copy: Copy, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """The client's timeout is an ``OSError`` too, which is what a zip reader makes of bytes that are no zip."""
    plain, reads = S3Archives.read, itertools.count()

    def read(*asked: Any) -> bytes:
        if next(reads) == nth:
            raise ReadTimeoutError(endpoint_url="https://raw.example.org")
        return plain(*asked)

    monkeypatch.setattr(S3Archives, "read", read)
    with pytest.raises(UnreadArchiveError):
        copy.run()
    assert copy.record.version_broken == 0
    assert copy.run()["taken"] == "5"


def test_a_broken_archive_is_told_also_when_whoever_found_it_died(copy: Copy, monkeypatch: Any) -> None:
    copy.stand_in.archive = b"<html>sorry</html>" * 100
    with monkeypatch.context() as patched:
        patched.setattr(copy.office.notifier, "send", _dies)
        with pytest.raises(Crash):
            copy.run()
    assert copy.run()["status"] == "broken"
    waiting = [notice.subject.en for notice in copy.office.notifier.waiting.values()]
    assert [*waiting, *copy.told] == ["no new photos can be fetched"]


def test_two_who_save_the_record_do_not_overwrite_each_other(copy: Copy) -> None:
    read = copy.records.read()
    copy.records.save(read)
    with pytest.raises(StaleRecordError):
        copy.records.save(replace(read, version_taken=9))


def test_kaggles_own_command_line_client_gets_the_same_answers(
    copy: Copy, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shows that the stand-in speaks as Kaggle does: the whole client downloads the set from it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_USERNAME", KEY["username"])
    monkeypatch.setenv("KAGGLE_KEY", KEY["key"])
    import kagglesdk.kaggle_env as environment

    monkeypatch.setitem(environment._env_to_endpoint, environment.KaggleEnv.PROD, copy.stand_in.endpoint)
    from kaggle.api.kaggle_api_extended import KaggleApi

    api = KaggleApi()
    api.authenticate()
    api.dataset_download_files(DATASET, path=str(tmp_path))
    assert (tmp_path / "100-bird-species.zip").read_bytes() == SOUND


def test_a_secret_that_is_not_there_says_its_name() -> None:
    with pytest.raises(NotConfiguredError, match="avocet/test/kaggle"):
        read_credentials(Secrets(None), "avocet/test/kaggle")  # type: ignore[arg-type]
