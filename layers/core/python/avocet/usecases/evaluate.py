"""Score a model version on a split of a snapshot, shard by shard, and keep what was said; nothing is scored twice.

Outcomes are kept per version and shard. A later snapshot has the same shards and a few more, so evaluating the version on
it costs what is new; a photo that was renamed since is scored again. It refuses versions and splits that do not exist.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from avocet.domain.dataset import Split
from avocet.domain.evaluation import EvaluationNotFoundError, Outcome, StoredEvaluation, pack_outcomes, unpack_outcomes
from avocet.domain.imaging import to_model_input
from avocet.domain.judging import judged
from avocet.domain.models import ModelNotFoundError, is_version
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.evaluation_store import EVALUATIONS, EvaluationStore
from avocet.usecases.ports import ChampionPointer, Classifier
from avocet.usecases.read_snapshot import Snapshot

Beat = Callable[[int, int | None, str], None]

# None for a shard that was never scored.
Kept = Mapping[str, Outcome] | None

_BEAT_PHOTOS = 32


@dataclass(frozen=True, slots=True)
class Examination:
    """What is to be evaluated.

    Attributes:
        model_version: Which model.
        snapshot_id: On whose photos.
        split: On which of its splits.
    """

    model_version: str
    snapshot_id: str
    split: Split

    def to_values(self) -> dict[str, str]:
        """Return it as a state machine carries it."""
        return {"model_version": self.model_version, "snapshot_id": self.snapshot_id, "split": self.split.value}

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> "Examination":
        """Read it back."""
        return cls(values["model_version"], values["snapshot_id"], Split(values["split"]))


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Evaluates.

    Attributes:
        models: The models bucket.
        open_snapshot: Opens a snapshot by id, the current one without.
        champion: Says who serves.
        load: Opens a version's bundle.
    """

    models: Objects
    open_snapshot: Callable[[str | None], Snapshot]
    champion: ChampionPointer
    load: Callable[[str], Classifier]

    def plan(self, parameters: Mapping[str, str], beat: Beat) -> tuple[Examination, tuple[str, ...]]:
        """Say what is to be evaluated, and which shards hold photos that nobody has scored for it.

        Raises:
            ModelNotFoundError: There is no such version.
            EvaluationNotFoundError: There is no such split.
            SnapshotNotFoundError: There is no such snapshot.
        """
        wanted = parameters.get("split", Split.TEST)
        if wanted not in set(Split):
            raise EvaluationNotFoundError(f"Splits are {', '.join(Split)}.")
        version = parameters.get("model_version") or self.champion.read() or ""
        if not is_version(version):
            raise ModelNotFoundError("Name a model version; avocet models list shows them.")
        snapshot = self.open_snapshot(parameters.get("snapshot_id") or None)
        examination = Examination(version, snapshot.snapshot_id, Split(wanted))
        shards = snapshot.shards_of(examination.split)
        kept = {shard.key: self._kept(version, shard.key) for shard in shards}
        missing = self._missing(snapshot, examination.split, kept)
        due = [
            shard.key
            for shard in shards
            if kept[shard.key] is None or any(name in (kept[shard.key] or {}) for name in missing)
        ]
        if missing and not due:
            # Photos that came back: they lie in a shard that was scored while they were not in the dataset.
            due = [
                shard.key
                for shard in shards
                if any(shard.first_photo_id <= name <= shard.last_photo_id for name in missing)
            ]
        beat(0, len(missing), "scoring photos")
        return examination, tuple(due) if missing else ()

    def score(self, examination: Examination, shard_key: str, beat: Beat) -> int:
        """Score what is missing of one shard; return how many photos that were."""
        snapshot = self.open_snapshot(examination.snapshot_id)
        model = self.load(examination.model_version)
        kept = dict(self._kept(examination.model_version, shard_key) or {})
        scored = since = 0
        for row, jpeg in snapshot.photos_of_shard(shard_key):
            if _fits(kept.get(row.photo_id), row.species_id):
                continue
            pixels = to_model_input(jpeg, size_px=model.size_px).pixels
            kept[row.photo_id] = judged(
                model.score(pixels),
                photo_id=row.photo_id,
                species_id=row.species_id,
                labels=model.labels,
                thresholds=model.thresholds,
            )
            scored, since = scored + 1, since + 1
            if since == _BEAT_PHOTOS:
                beat(since, None, "scoring photos")
                since = 0
        ordered = [kept[name] for name in sorted(kept)]
        self.models.put(_shard_key(examination.model_version, shard_key), pack_outcomes(ordered))
        beat(since, None, "scoring photos")
        return scored

    def merge(self, examination: Examination) -> StoredEvaluation:
        """Put the shards together and keep the evaluation.

        Raises:
            EvaluationNotFoundError: A photo has not been scored.
        """
        snapshot = self.open_snapshot(examination.snapshot_id)
        kept = {
            shard.key: self._kept(examination.model_version, shard.key)
            for shard in snapshot.shards_of(examination.split)
        }
        if missing := self._missing(snapshot, examination.split, kept):
            raise EvaluationNotFoundError(
                f"{len(missing)} photos have not been scored, such as {missing[0]}; start the evaluation again."
            )
        outcomes = _fitting(snapshot, kept)
        return EvaluationStore(self.models).put(
            examination.model_version,
            examination.snapshot_id,
            examination.split,
            outputs=frozenset(self.load(examination.model_version).labels.species),
            outcomes=list(outcomes.values()),
        )

    def _missing(self, snapshot: Snapshot, split: Split, kept: Mapping[str, Kept]) -> list[str]:
        scored = _fitting(snapshot, kept)
        return sorted(name for name, row in snapshot.rows.items() if row.split is split and name not in scored)

    def _kept(self, model_version: str, shard_key: str) -> Kept:
        data = self.models.get(_shard_key(model_version, shard_key))
        return None if data is None else {outcome.photo_id: outcome for outcome in unpack_outcomes(data)}


def _fitting(snapshot: Snapshot, kept: Mapping[str, Kept]) -> dict[str, Outcome]:
    """Return, by photo, the outcomes that are about photos of the snapshot as they are labelled in it."""
    return {
        name: outcome
        for outcomes in kept.values()
        for name, outcome in (outcomes or {}).items()
        if name in snapshot.rows and _fits(outcome, snapshot.rows[name].species_id)
    }


def _fits(outcome: Outcome | None, species_id: str) -> bool:
    """Whether an outcome was held against the species that the photo shows now."""
    return outcome is not None and outcome.species_id == species_id


def _shard_key(model_version: str, shard_key: str) -> str:
    digest = hashlib.sha256(shard_key.encode()).hexdigest()[:32]
    return f"{EVALUATIONS}{model_version}/shards/{digest}.photos.jsonl.gz"
