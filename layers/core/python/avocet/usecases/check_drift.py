"""Check the champion: score the test photos it has not seen yet, hold them against its reference, report. It changes no model.

Outcomes are kept by shard, which never changes, so a check costs what is new and a killed one goes on where it stopped.
The reference is the test split of the snapshot the model was made from; a model that was made elsewhere, as the shipped
starter was, takes its first check as reference.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from avocet.domain.dataset import Split
from avocet.domain.drift import DriftFindings, DriftState, DriftThresholds, compare
from avocet.domain.drift_page import page_of
from avocet.domain.drift_report import (
    LISTED,
    PAGE_ENDINGS,
    Checked,
    DataChange,
    DriftReport,
    LiveShift,
    report_on,
)
from avocet.domain.evaluation import Evaluation, Outcome, pack_outcomes, unpack_outcomes
from avocet.domain.imaging import to_model_input
from avocet.domain.judging import judged
from avocet.domain.service_state import LastCheck
from avocet.domain.snapshots import Row, SnapshotNotFoundError
from avocet.domain.taxonomy import Taxon, WorldList
from avocet.settings import LAST_CHECK_KEY
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.ports import ChampionPointer, Classifier, Clock
from avocet.usecases.read_snapshot import Snapshot, open_snapshot
from avocet.usecases.watch_live import LiveFigures

DRIFT = "drift/"
REPORTS = "drift-reports/"
# Signs of life come between batches of this many photos: about a second's work.
_BATCH = 50
_EXAMPLES = 20

Beat = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What a check has to do.

    Attributes:
        model_version: The champion; empty when there is none.
        snapshot_id: The dataset of today; empty when there is none.
        shards: Keys of the shards with photos the champion has not scored.
        photos: In them.
    """

    model_version: str
    snapshot_id: str
    shards: tuple[str, ...]
    photos: int


@dataclass(frozen=True, kw_only=True)
class CheckDrift:
    """The check.

    Attributes:
        clean: The clean bucket: snapshots and shards.
        models: The models bucket: outcomes and reports.
        pointer: Says which version serves.
        made_from: Returns the snapshot a version was trained on, where that is known.
        classifier: Loads a version, or returns it where it is loaded.
        world_list: Names of species.
        live: What people's own photos and answers say of a version.
        clock: The time.
        thresholds: What counts as drift.
    """

    clean: Objects
    models: Objects
    pointer: ChampionPointer
    made_from: Callable[[str], str | None]
    classifier: Callable[[str], Classifier]
    world_list: WorldList
    live: Callable[[str], LiveFigures]
    clock: Clock
    thresholds: DriftThresholds = field(default_factory=DriftThresholds)

    def plan(self, beat: Beat) -> CheckPlan:
        """Find the shards that hold test photos the champion has not scored.

        Raises:
            FencedOutError: The job is another worker's now.
        """
        version, snapshot = self.pointer.read() or "", self._today()
        if not version or snapshot is None:
            beat(0, 0, "nothing to check")
            return CheckPlan(version, snapshot.snapshot_id if snapshot else "", (), 0)
        known = set(self.models.keys(f"{DRIFT}{version}/outcomes/"))
        shards = [shard for shard in snapshot.shards_of(Split.TEST) if outcomes_key(version, shard.key) not in known]
        photos = sum(shard.photos for shard in shards)
        beat(0, photos, "scoring test photos")
        return CheckPlan(version, snapshot.snapshot_id, tuple(shard.key for shard in shards), photos)

    def score(self, version: str, snapshot_id: str, shard_key: str, beat: Beat) -> int:
        """Score the photos of one shard and keep the outcomes; return how many photos there were.

        Raises:
            FencedOutError: The job is another worker's now.
            BrokenBundleError: The version cannot be loaded.
            CorruptSnapshotError: The shard is damaged.
        """
        model = self.classifier(version)
        snapshot = open_snapshot(self.clean, snapshot_id)
        outcomes: list[Outcome] = []
        for row, jpeg in snapshot.photos_of_shard(shard_key):
            pixels = to_model_input(jpeg, size_px=model.size_px).pixels
            outcomes.append(
                judged(
                    model.score(pixels),
                    photo_id=row.photo_id,
                    species_id=row.species_id,
                    labels=model.labels,
                    thresholds=model.thresholds,
                )
            )
            if len(outcomes) % _BATCH == 0:
                beat(_BATCH, None, "scoring test photos")
        beat(len(outcomes) % _BATCH, None, "scoring test photos")
        self.models.put(outcomes_key(version, shard_key), pack_outcomes(outcomes))
        return len(outcomes)

    def report(self, job_id: str, fence: int, plan: CheckPlan) -> tuple[DriftReport, bool]:
        """Add up, compare, and keep the report; return it, and whether it says anything the one before did not.

        Its number is the fencing token, which grows from check to check whatever the clocks say.

        Raises:
            CorruptEvaluationError: Kept outcomes are damaged.
        """
        checked = Checked(
            report_id=f"{fence:012d}",
            job_id=job_id,
            made_at=self.clock().isoformat(timespec="seconds"),
            model_version=plan.model_version or None,
            snapshot_id=plan.snapshot_id or None,
            reference_snapshot_id=None,
            findings=DriftFindings(DriftState.NO_PHOTOS if plan.model_version else DriftState.NO_MODEL),
            whole=Evaluation.of(()),
            newly_scored=plan.photos,
            changes=None,
            left_catalogue=(),
            examples={},
            taxa={},
        )
        if plan.model_version and plan.snapshot_id:
            checked = self._compared(checked, plan.model_version, open_snapshot(self.clean, plan.snapshot_id))
        report = report_on(checked)
        key = report_key(report.report_id)
        # What an attempt of this very job left is not what people know already.
        before = self.latest_report(but_of=job_id)
        news = report.changes.new_species if report.changes else ()
        taxa = dict(zip(news, self.world_list.find_many(news), strict=True)) if news else {}
        for language, ending in PAGE_ENDINGS.items():
            self.models.put(f"{key}{ending}", page_of(report, language, taxa).encode())
        # After the pages: what is listed is whole.
        self.models.put(f"{key}.json", report.to_json())
        self._note_last(LastCheck.of(report))
        return report, before is None or _gist(json.loads(before)) != _gist(json.loads(report.to_json()))

    def _note_last(self, check: LastCheck) -> None:
        """Keep the gist for everybody who looks at the service; an attempt that was overtaken changes nothing."""
        kept = self.models.get(LAST_CHECK_KEY)
        if kept is None or LastCheck.from_json(kept).report_id <= check.report_id:
            self.models.put(LAST_CHECK_KEY, check.to_json())

    def latest_report(self, *, but_of: str = "") -> bytes | None:
        """Return the newest report as stored; those of the job ``but_of`` are passed over."""
        for key in reversed([key for key in self.models.keys(REPORTS) if key.endswith(".json")]):
            report = self.models.get(key)
            if report is not None and (not but_of or json.loads(report)["job_id"] != but_of):
                return report
        return None

    def _compared(self, checked: Checked, version: str, snapshot: Snapshot) -> Checked:
        reference_id, is_first = self._reference_snapshot(version, snapshot.snapshot_id, checked.job_id)
        before = self._rows_then(reference_id)
        parts_before, parts_new = list[Evaluation](), list[Evaluation]()
        examples: dict[str, list[tuple[str, str]]] = {}
        for shard in snapshot.shards_of(Split.TEST):
            outcomes = self._outcomes(version, shard.key, snapshot.rows)
            parts_before.append(Evaluation.of(each for each in outcomes if each.photo_id in before))
            new = [each for each in outcomes if each.photo_id not in before]
            parts_new.append(Evaluation.of(new))
            _note_mistakes(new, examples)
        reference, current = Evaluation.sum_of(parts_before), Evaluation.sum_of(parts_new)
        whole = Evaluation.sum_of((reference, current))
        findings = compare(reference, current, self.thresholds)
        if is_first:
            findings = replace(findings, state=DriftState.NO_REFERENCE if whole.photos else DriftState.NO_PHOTOS)
        live = self.live(version)
        return replace(
            checked,
            reference_snapshot_id=None if is_first else reference_id,
            findings=findings,
            whole=whole,
            changes=None if is_first else _changes(before, snapshot.rows),
            left_catalogue=self._left_catalogue(whole),
            examples=examples,
            taxa=self._taxa(whole, findings),
            live_accuracy=live.accuracy,
            live=tuple(LiveShift(**asdict(each)) for each in live.shifts),
        )

    def _today(self) -> Snapshot | None:
        try:
            return open_snapshot(self.clean)
        except SnapshotNotFoundError:
            return None

    def _reference_snapshot(self, version: str, today: str, job_id: str) -> tuple[str, bool]:
        """Return where the reference stops, and whether this job is what makes it, at whichever attempt."""
        made_from = self.made_from(version)
        if made_from:
            return made_from, False
        key, mine = f"{DRIFT}{version}/reference", f"{today}\n{job_id}"
        self.models.put_new(key, mine.encode())
        kept = (self.models.get(key) or mine.encode()).decode()
        # Those of long ago do not say who made them.
        return kept.partition("\n")[0], kept == mine

    def _rows_then(self, snapshot_id: str) -> Mapping[str, Row]:
        rows = open_snapshot(self.clean, snapshot_id).rows
        return {name: row for name, row in rows.items() if row.split is Split.TEST}

    def _outcomes(self, version: str, shard_key: str, rows: Mapping[str, Row]) -> list[Outcome]:
        """Read a shard's outcomes, without photos that left the dataset and under the names they have today."""
        data = self.models.get(outcomes_key(version, shard_key))
        kept = unpack_outcomes(data) if data is not None else ()
        return [replace(each, species_id=rows[each.photo_id].species_id) for each in kept if each.photo_id in rows]

    def _left_catalogue(self, whole: Evaluation) -> tuple[str, ...]:
        names = list(whole.species)
        found = self.world_list.find_many(names)
        return tuple(name for name, taxon in zip(names, found, strict=True) if taxon is None)

    def _taxa(self, whole: Evaluation, findings: DriftFindings) -> Mapping[str, Taxon | None]:
        ranked = sorted(whole.species.values(), key=lambda each: each.f1.value)
        names = {each.species_id for each in findings.species} | {each.species_id for each in whole.species.values()}
        if len(names) > 4 * LISTED:
            names = {each.species_id for each in findings.species}
            names |= {each.species_id for each in (*ranked[: 4 * LISTED], *ranked[-4 * LISTED :])}
        ordered = sorted(names)
        return dict(zip(ordered, self.world_list.find_many(ordered), strict=True))


def outcomes_key(version: str, shard_key: str) -> str:
    """Return where a version's outcomes on a shard lie; the shard's key becomes a name, not a path."""
    return f"{DRIFT}{version}/outcomes/{hashlib.sha256(shard_key.encode()).hexdigest()}.jsonl.gz"


def report_key(report_id: str) -> str:
    """Return where a report lies, without its ending."""
    return f"{REPORTS}{report_id}"


def _gist(report: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what makes a report news."""
    shifted = [each["feature"] for each in report["live"] if each["is_shifted"]]
    return report["model_version"], report["snapshot_id"], report["state"], shifted


def _note_mistakes(outcomes: list[Outcome], examples: dict[str, list[tuple[str, str]]]) -> None:
    for each in outcomes:
        if not each.is_right and len(examples.setdefault(each.species_id, [])) < _EXAMPLES:
            examples[each.species_id].append((each.photo_id, each.answer.species_id))


def _changes(before: Mapping[str, Row], today: Mapping[str, Row]) -> DataChange:
    now = {name: row for name, row in today.items() if row.split is Split.TEST}
    added = [row for name, row in now.items() if name not in before]
    sources: dict[str, int] = {}
    for row in added:
        sources[row.source] = sources.get(row.source, 0) + 1
    known = {row.species_id for row in before.values()}
    return DataChange(
        test_photos_added=len(added),
        test_photos_removed=sum(name not in now for name in before),
        sources=dict(sorted(sources.items())),
        new_species=tuple(sorted({row.species_id for row in added} - known)),
    )
