"""What the embedded cloud may be doing when the power goes: how each work is begun, and how it must have ended afterwards."""

import io
import itertools
import json
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from avocet.adapters.objects import S3Objects
from avocet.usecases.read_snapshot import open_snapshot
from tests.deployed.cloud import Cloud, Person, SignInRefusedError, succeeded
from tests.deployed.made_photos import made_photo
from tests.deployed.test_dataset import job_done, send
from tests.deployed.test_promoting import Trainer
from tests.deployed.waiting import until
from tests.local.conftest import OwnCloud
from tests.local.power_cuts import Moment
from tests.made.kaggle import StandIn, archive

ENDS_WITHIN_S = 900
LABELS = ("MALLARD DUCK", "HOUSE SPARROW", "EMU")
SPECIES = "emu"
ARRIVING = 6


@dataclass
class Town:
    """The cloud that is brought down, its admin, and a stand-in for Kaggle."""

    own: OwnCloud
    cloud: Cloud
    kaggle: StandIn
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(500_000))

    @property
    def admin(self) -> Person:
        return self.cloud.person("admin")

    def photo(self) -> bytes:
        return made_photo(next(self._numbers))

    def rows(self) -> Mapping[str, Any]:
        return open_snapshot(S3Objects(self.cloud.s3, self.cloud.outputs["CleanBucketName"])).rows

    def jobs(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = succeeded(self.admin.get("/admin/jobs"))["jobs"]
        return listed

    def counted(self) -> int:
        return int(succeeded(self.cloud.request("GET", "/stats"))["contributions"])

    def nothing_runs(self) -> bool:
        return not any(job["state"] in ("queued", "running") for job in self.jobs())

    def rest(self) -> None:
        """Wait until every job is closed, and see that the dataset is sound and nothing was given up on."""
        until(self.nothing_runs, within_s=ENDS_WITHIN_S)
        job_done(self.admin, "verify")
        assert succeeded(self.admin.get("/admin/dead-letters"))["letters"] == []

    def contributor(self) -> tuple[Person, list[str]]:
        """Return somebody new, and the photos they gave."""
        person = self.cloud.sign_up()
        given = [person.predict(self.photo())["prediction_id"] for _ in range(2)]
        for photo_id in given:
            succeeded(person.answer(photo_id, "corrected", SPECIES))
        return person, given


class Work:
    """One work; making it prepares what it needs.

    Attributes:
        moments: At which the power may go.
        arriving: How many photos it brings into the dataset.
        given: How many contributions it must have added to the count by its end.
    """

    moments: ClassVar[tuple[Moment, ...]]
    arriving = 0

    @property
    def given(self) -> int:
        return 0

    def __init__(self, town: Town) -> None:
        self.town = town

    def begin(self) -> httpx.Response:
        """Ask for it; may be cut off anywhere."""
        raise NotImplementedError

    def must_have_ended(self, was_acknowledged: bool) -> None:
        """Wait until it is done, asking again where nobody said yes; fail when anything of it is lost or doubled."""
        raise NotImplementedError


class Job(Work):
    """A job that an admin asks for."""

    kind: ClassVar[str]

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        self._known = {job["job_id"] for job in town.jobs()}

    def begin(self) -> httpx.Response:
        return self.town.admin.post("/admin/jobs", json={"kind": self.kind})

    def _mine(self) -> list[dict[str, Any]]:
        return [job for job in self.town.jobs() if job["kind"] == self.kind and job["job_id"] not in self._known]

    def ended(self, was_acknowledged: bool) -> dict[str, Any]:
        if not was_acknowledged and not self._mine():
            succeeded(self.begin(), 202)
        until(self.town.nothing_runs, within_s=ENDS_WITHIN_S)
        first = self._mine()[-1]
        assert first["state"] == "finished", first["reason"]
        return first

    def must_have_ended(self, was_acknowledged: bool) -> None:
        self.ended(was_acknowledged)


class Refreshing(Job):
    kind = "refresh"
    arriving = ARRIVING
    moments = (
        Moment("as it is noted that it runs", "JobsTable", "starting"),
        Moment("as it looks for new photos", "JobsTable", "looking for new photos"),
        Moment("as the batches are written down", object="work/*/*/batches.json"),
        Moment("as photos are cleaned", "JobsTable", "cleaning photos", nth=2),
        Moment("as it looks for duplicates", "JobsTable", "looking for duplicates"),
        Moment("as a shard is written", object="shards/*"),
        Moment("as the snapshot is written", "JobsTable", "writing the snapshot"),
        Moment("as the plan of the commit is written", object="plans/*"),
        Moment("as the head moves", "DatasetTable", "snapshot_id"),
        Moment("as the first photo's fate is noted", "JobsTable", "noting what became"),
        Moment("as it is closed", "JobsTable", '"finished'),
    )

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        send(town.admin, [(LABELS[n % 3], "", town.photo()) for n in range(ARRIVING)], "arriving")


class Copying(Job):
    """The copy of the set at Kaggle, and the refresh that comes of it."""

    kind = "sync"
    arriving = ARRIVING
    moments = (
        Moment("as it asks for a new version", "JobsTable", "asking for a new version"),
        Moment("as the upload is begun", "DatasetTable", "upload_id"),
        Moment("as the archive arrives", "JobsTable", "fetching the archive"),
        Moment("as the archive is whole", object="archives/*.zip"),
        Moment("as the archive's directory is read", "JobsTable", "reading the archive"),
        Moment("as photos are unpacked", "DatasetTable", "HOUSE SPARROW", nth=2),
        Moment("as a batch is done", object="sync/*/results/*"),
        Moment("as the new version is noted", "JobsTable", "noting the new version"),
        Moment("as the refresh is asked for", "JobsTable", "of the set brought"),
    )

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        town.kaggle.archive = archive(lambda _: town.photo(), dict.fromkeys(LABELS[:2], ARRIVING // 2))
        town.kaggle.version += 1

    def must_have_ended(self, was_acknowledged: bool) -> None:
        self.ended(was_acknowledged)
        assert succeeded(self.town.admin.get("/admin/dataset"))["sync"]["version"] == self.town.kaggle.version
        assert self.town.kaggle.leaked == []


class Training(Job):
    kind = "train"
    moments = (
        Moment("as it is noted that it runs", "JobsTable", "starting"),
        Moment("as the worker begins", object="training/*/status.json"),
        Moment("as the model is laid down", object="training/*/output/model.tar.gz"),
        Moment("as the bundle is taken in", object="bundles/*/bundle.json"),
        Moment("as the version is registered", "ModelsTable", "registered_at"),
        Moment("as it is closed", "JobsTable", '"finished'),
    )

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        snapshot_id = succeeded(town.admin.get("/admin/dataset"))["snapshot"]["snapshot_id"]
        trained_on = [model["snapshot_id"] for model in succeeded(town.admin.get("/admin/models"))["models"]]
        if snapshot_id in trained_on:
            # What makes the same version again writes neither a bundle nor a version.
            send(town.admin, [(LABELS[0], "", town.photo())], "another")
            job_done(town.admin, "refresh")
            self._known = {job["job_id"] for job in town.jobs()}

    def must_have_ended(self, was_acknowledged: bool) -> None:
        job = self.ended(was_acknowledged)
        models, version = succeeded(self.town.admin.get("/admin/models")), job["result"]["model_version"]
        # The same photos and the same champion make the same version again.
        assert [model["version"] for model in models["models"]].count(version) == 1
        assert models["challenger"] == version


class Promoting(Work):
    moments = (
        Moment("as the champion moves", "ModelsTable"),
        Moment("as the admins are told", "NoticesTable"),
    )

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        self._before, self._version = self._champion(), Trainer(town.cloud).train()

    def _champion(self) -> str | None:
        return Trainer(self.town.cloud).aliases.read().champion

    def begin(self) -> httpx.Response:
        body = {"version": self._version, "reason": "just before the power went"}
        return self.town.cloud.request("PUT", "/admin/models/champion", token=self.town.admin.id_token, json=body)

    def must_have_ended(self, was_acknowledged: bool) -> None:
        champion = self._champion()
        assert champion == self._version or (champion == self._before and not was_acknowledged)
        assert self.begin().status_code == (409 if champion == self._version else 200)
        somebody = self.town.cloud.sign_up()
        self._must_answer(somebody, self._version)
        history = succeeded(self.town.admin.get("/admin/models"))["history"]
        assert [tenure["version"] for tenure in history].count(self._version) == 1
        back = {"leaving_revision": history[0]["revision"], "reason": "it knows three birds"}
        succeeded(self.town.admin.post("/admin/models/rollback", json=back))
        assert self._champion() == self._before
        self._must_answer(somebody, self._before)

    def _must_answer(self, somebody: Person, version: str | None) -> None:
        until(lambda: somebody.predict(self.town.photo())["model_version"] == version, within_s=ENDS_WITHIN_S)


@dataclass
class Stream:
    """Somebody who sends photo after photo and names each, and notes what was acknowledged."""

    person: Person
    photos: list[bytes]
    predicted: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    def flow(self) -> None:
        for photo in self.photos:
            try:
                prediction = self.person.send_photo(photo)
                if not prediction.is_success:
                    continue
                self.predicted.append(prediction.json()["prediction_id"])
                if self.person.answer(self.predicted[-1], "corrected", SPECIES).is_success:
                    self.given.append(self.predicted[-1])
            except httpx.HTTPError:
                return


class Contributing(Work):
    """Several people who give photo after photo."""

    moments = tuple(Moment(f"at write number {nth} to the photos", "PhotosTable", nth=nth) for nth in (3, 10, 20, 31))
    people = 3
    photos_each = 6

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        photos = [[town.photo() for _ in range(self.photos_each)] for _ in range(self.people)]
        self._streams = [Stream(town.cloud.sign_up(), each) for each in photos]
        self._threads = [threading.Thread(target=stream.flow) for stream in self._streams]

    @property
    def given(self) -> int:
        return sum(len(stream.predicted) for stream in self._streams)

    def begin(self) -> httpx.Response:
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()
        return self.town.cloud.request("GET", "/status")

    def must_have_ended(self, was_acknowledged: bool) -> None:
        raw_keys = self.town.cloud.raw_keys
        for stream in self._streams:
            for photo_id in stream.given:
                assert raw_keys(photo_id) == [f"{SPECIES}/{photo_id}.jpg"], "acknowledged, so there, and once"
            for photo_id in stream.predicted:
                assert succeeded(stream.person.get(f"/predictions/{photo_id}"))["predictions"]
                assert succeeded(stream.person.answer(photo_id, "corrected", SPECIES))["status"] == "received"
                assert raw_keys(photo_id) == [f"{SPECIES}/{photo_id}.jpg"]


class Erasing(Work):
    moments = (
        Moment("as it is noted who goes", object="erased-people/*"),
        Moment("as the first tombstone stands", object="tombstones/*"),
        Moment("as a record goes", "PhotosTable", '"Key"', nth=2),
    )

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        self._person, self._given = town.contributor()
        self._token = self._person.id_token
        self._staying, self._kept = town.contributor()

    def begin(self) -> httpx.Response:
        body = {"confirmation": "erase-everything"}
        return self.town.cloud.request("DELETE", "/me", token=self._token, json=body)

    def _is_gone(self) -> bool:
        try:
            self.town.cloud.sign_in(self._person.username, self._person.password)
        except SignInRefusedError:
            return not any(self.town.cloud.record(photo_id) for photo_id in self._given)
        return False

    def must_have_ended(self, was_acknowledged: bool) -> None:
        if not was_acknowledged:
            # The account is shut, or gone, where the wish was taken and only the answer got lost.
            assert self.begin().status_code in (202, 401, 404)
        until(self._is_gone, within_s=ENDS_WITHIN_S, every_s=1)
        until(self.town.nothing_runs, within_s=ENDS_WITHIN_S)
        for photo_id in self._given:
            assert self.town.cloud.raw_keys(photo_id) == []
        assert not self.town.rows().keys() & set(self._given)
        for photo_id in self._kept:
            assert self.town.cloud.raw_keys(photo_id) == [f"{SPECIES}/{photo_id}.jpg"], "nobody else's goes"
            assert succeeded(self._staying.get(f"/predictions/{photo_id}"))


class Exporting(Work):
    moments = (
        Moment("as it is noted that it was asked for", object="exports/*/asked"),
        Moment("as the archive is there", object="exports/*/*.zip"),
    )

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        self._person, self._given = town.contributor()

    def begin(self) -> httpx.Response:
        return self._person.get("/me/export")

    def _link(self) -> str | None:
        answer = self.begin()
        assert answer.status_code in (200, 202), answer.text
        return answer.json()["url"] if answer.status_code == 200 else None

    def must_have_ended(self, was_acknowledged: bool) -> None:
        link = until(self._link, within_s=ENDS_WITHIN_S, every_s=1)
        with zipfile.ZipFile(io.BytesIO(self.town.cloud.http.get(link).content)) as packed:
            assert packed.testzip() is None
            assert {f"photos/{photo_id}.jpg" for photo_id in self._given} <= set(packed.namelist())
            assert len(json.loads(packed.read("contributions.json"))) == len(self._given)


AT_ONCE: tuple[Callable[[Town], Work], ...] = (Copying, Refreshing, Promoting, Contributing, Erasing, Exporting)
KINDS: tuple[type[Work], ...] = (Copying, Refreshing, Training, Promoting, Contributing, Erasing, Exporting)
