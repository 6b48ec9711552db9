"""Checking the champion: only what is new is scored, and every kind of bad weather ends in a clear state."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from avocet.adapters.onnx import load_bundle
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.dataset import Split
from avocet.domain.drift import DriftState
from avocet.domain.drift_report import PAGE_ENDINGS, DriftReport, notice_of
from avocet.domain.notifications import Language
from avocet.domain.service_state import LastCheck
from avocet.settings import LAST_CHECK_KEY
from avocet.usecases.check_drift import REPORTS, CheckDrift, report_key
from avocet.usecases.ports import Classifier
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.snapshot_store import TOMBSTONES
from avocet.usecases.watch_live import LiveFigures
from tests.made.bundles import BLUE, GREEN, RED, make_bundle, write_files
from tests.made.handmade_snapshots import add_snapshot
from tests.made.photos import BLUISH, GREENISH, REDDISH, jpeg
from tests.unit.dataset.world import Crash, MemoryObjects

VERSION = "starter-00000001"
COLOUR = {RED: REDDISH, GREEN: GREENISH, BLUE: BLUISH}


@dataclass
class Station:
    """A check over buckets in memory, with a real session on a model that knows three colours."""

    version: str | None = VERSION
    made_from: str | None = None
    clean: MemoryObjects = field(default_factory=MemoryObjects)
    models: MemoryObjects = field(default_factory=MemoryObjects)
    scored: int = 0
    fence: int = 0
    now: datetime = datetime(2026, 11, 23, tzinfo=UTC)
    species: tuple[str, ...] = (RED, GREEN, BLUE)
    dies_after: int | None = None

    def check(self) -> CheckDrift:
        return CheckDrift(
            clean=self.clean,
            models=self.models,
            pointer=self,
            made_from=lambda _version: self.made_from,
            classifier=self.classifier,
            world_list=world_list(),
            live=lambda _version: LiveFigures(),
            clock=lambda: self.now,
        )

    def read(self) -> str | None:
        return self.version

    def classifier(self, version: str) -> Classifier:
        with TemporaryDirectory() as folder:
            files = write_files(make_bundle(version, self.species), Path(folder))
            model = load_bundle(files, world_list())
        station = self

        class Counting:
            model_version, size_px = model.model_version, model.size_px
            labels, thresholds = model.labels, model.thresholds

            def score(self, pixels: object) -> object:
                station.scored += 1
                if station.dies_after is not None and station.scored > station.dies_after:
                    raise Crash
                return model.score(pixels)  # type: ignore[arg-type]

        return Counting()  # type: ignore[return-value]

    def photos(
        self, count: int, *, shown_as: Callable[[str], str] = lambda species: species
    ) -> list[tuple[str, bytes]]:
        sizes = range(64, 64 + count)
        return [(name, jpeg(COLOUR[shown_as(name)], width_px=width)) for name in COLOUR for width in sizes]

    def run(self) -> tuple[DriftReport, bool]:
        """Do the whole job, as the state machine would."""
        self.fence += 1
        plan = self.check().plan(_beat)
        for shard in plan.shards:
            self.check().score(plan.model_version, plan.snapshot_id, shard, _beat)
        return self.check().report(f"job-{self.fence}", self.fence, plan)

    def page(self, report: DriftReport, language: Language) -> str:
        """What the check wrote down for people to read."""
        page = self.models.get(f"{report_key(report.report_id)}{PAGE_ENDINGS[language]}")
        assert page is not None
        return page.decode()


def _beat(_advance: int, _total: int | None, _note: str) -> None:
    pass


def test_the_first_check_becomes_the_reference_and_only_new_photos_are_scored_after_it() -> None:
    station = Station()
    first = add_snapshot(station.clean, station.photos(10))
    report, _ = station.run()
    assert (report.state, report.test_photos, report.newly_scored) == (DriftState.NO_REFERENCE, 30, 30)
    add_snapshot(station.clean, station.photos(12), parent=first)
    report, _ = station.run()
    assert (report.state, report.new_photos, report.newly_scored) == (DriftState.STEADY, 36, 36)
    assert report.reference_snapshot_id == first
    station.run()
    assert station.scored == 66


def test_a_model_made_from_a_snapshot_is_held_against_that_one_at_once() -> None:
    station = Station()
    station.made_from = add_snapshot(station.clean, station.photos(20))
    swapped = {RED: GREEN, GREEN: GREEN, BLUE: BLUE}
    add_snapshot(station.clean, station.photos(20, shown_as=swapped.__getitem__), parent=station.made_from)
    report, is_news = station.run()
    assert is_news
    assert report.state is DriftState.DRIFTING
    (drifting,) = report.drifting
    assert drifting.current.species_id == RED
    assert drifting.photos[0].answer == GREEN
    notice = notice_of(report)
    assert "Great Crested Grebe" in notice.subject.en
    assert "dérive de 1 espèce : " in notice.subject.fr
    assert "100 % → 0 %" in notice.text.en
    french = {
        "Grèbe huppé",
        "reconnue moins souvent",
        "Depuis la référence, 60 photos de test ont été ajoutées",
        "Comment lire",
    }
    english = {
        "Great Crested Grebe",
        "recognised less often",
        "Since the reference 60 test photos were added",
        "How to read",
    }
    for language, told, not_told in ((Language.EN, english, french), (Language.FR, french, english)):
        page = station.page(report, language)
        assert f'<html lang="{language}">' in page
        assert [each for each in told if each not in page] == []
        assert [each for each in not_told if each in page] == []
        assert "<script" not in page


def test_the_gist_of_the_last_check_is_kept_and_an_overtaken_attempt_does_not_overwrite_it() -> None:
    station = Station()
    add_snapshot(station.clean, station.photos(3))
    station.fence = 7
    report, _ = station.run()
    station.fence = 3
    station.run()
    kept = station.models.get(LAST_CHECK_KEY)
    assert kept is not None
    assert LastCheck.from_json(kept) == LastCheck.of(report)


def test_a_report_that_says_what_the_last_one_said_is_no_news() -> None:
    station = Station()
    add_snapshot(station.clean, station.photos(3))
    assert [station.run()[1] for _ in range(3)] == [True, True, False]


def test_without_a_champion_there_is_nothing_to_check_and_the_report_says_so() -> None:
    station = Station(version=None)
    add_snapshot(station.clean, station.photos(1))
    report, _ = station.run()
    assert report.state is DriftState.NO_MODEL
    assert "No model" in report.sentence.en


@pytest.mark.parametrize("has_snapshot", [False, True])
def test_without_test_photos_nothing_can_have_drifted(has_snapshot: bool) -> None:
    station = Station()
    if has_snapshot:
        add_snapshot(station.clean, station.photos(1), split=Split.TRAIN)
    report, _ = station.run()
    assert report.state is DriftState.NO_PHOTOS
    assert report.test_photos == 0


def test_a_species_that_left_the_catalogue_is_named_and_breaks_nothing() -> None:
    station = Station(species=(RED, GREEN, "bird-that-never-was"))
    add_snapshot(station.clean, station.photos(3))
    report, _ = station.run()
    assert report.left_catalogue == ("bird-that-never-was",)
    assert "bird-that-never-was" in station.page(report, Language.EN)


def test_a_check_killed_half_way_goes_on_where_it_stopped() -> None:
    station = Station()
    first = add_snapshot(station.clean, station.photos(5))
    add_snapshot(station.clean, station.photos(5), parent=first)
    station.dies_after = 20
    with pytest.raises(Crash):
        station.run()
    station.dies_after = None
    report, _ = station.run()
    assert report.test_photos == 30
    # The first shard of 15 was done; the second is scored again from its beginning.
    assert station.scored == 15 + 6 + 15


def test_a_report_that_is_made_again_says_the_same_and_is_news_as_before() -> None:
    station = Station()
    first = add_snapshot(station.clean, station.photos(5))
    for fence in (1, 2):
        plan = station.check().plan(_beat)
        for shard in plan.shards:
            station.check().score(plan.model_version, plan.snapshot_id, shard, _beat)
        # The second is another attempt at the same job: the first died before it could tell.
        for _ in range(2):
            report, is_news = station.check().report("job", fence, plan)
            assert (report.state, is_news) == (DriftState.NO_REFERENCE, True)
    add_snapshot(station.clean, station.photos(6), parent=first)
    station.fence = 2
    report, _ = station.run()
    assert (report.state, report.reference_snapshot_id) == (DriftState.STEADY, first)
    _, is_news = station.run()
    assert not is_news


def test_a_clock_that_jumps_back_does_not_make_an_old_report_the_newest() -> None:
    station = Station()
    add_snapshot(station.clean, station.photos(2))
    station.run()
    station.now -= timedelta(days=400)
    report, _ = station.run()
    newest = station.check().latest_report()
    assert newest is not None
    assert json.loads(newest)["report_id"] == report.report_id


def test_a_bucket_that_refuses_the_report_leaves_no_half_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    station = Station()
    add_snapshot(station.clean, station.photos(2))

    class RefusedError(Exception):
        pass

    def refuse(self: MemoryObjects, key: str, data: bytes) -> None:
        if key.startswith(REPORTS):
            raise RefusedError
        self.stored.setdefault(key, []).append(data)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryObjects, "put", refuse)
        with pytest.raises(RefusedError):
            station.run()
    assert station.check().latest_report() is None
    assert station.run()[0].test_photos == 6


def test_an_erased_photo_counts_no_more() -> None:
    station = Station()
    add_snapshot(station.clean, station.photos(4))
    assert station.run()[0].test_photos == 12
    photo_id = next(iter(open_snapshot(station.clean).rows))
    station.clean.put(TOMBSTONES + photo_id, b"")
    assert station.run()[0].test_photos == 11
