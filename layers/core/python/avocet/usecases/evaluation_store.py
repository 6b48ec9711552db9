"""Where evaluations lie in the models bucket, and how they are put there and read back; nothing is scored here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avocet.domain.dataset import Split
from avocet.domain.evaluation import (
    Evaluation,
    EvaluationNotFoundError,
    Outcome,
    StoredEvaluation,
    pack_outcomes,
    unpack_outcomes,
)
from avocet.usecases.dataset_ports import Objects

EVALUATIONS = "evaluations/"


def evaluation_key(model_version: str, snapshot_id: str, split: Split) -> str:
    """Return where the sums of an evaluation lie."""
    return f"{EVALUATIONS}{model_version}/{snapshot_id}/{split}.json"


def outcomes_key(model_version: str, snapshot_id: str, split: Split) -> str:
    """Return where an evaluation's outcomes lie, photo by photo."""
    return f"{EVALUATIONS}{model_version}/{snapshot_id}/{split}.photos.jsonl.gz"


@dataclass(frozen=True)
class EvaluationStore:
    """Evaluations in the models bucket. A version, a snapshot and a split never change, so neither does what is stored."""

    objects: Objects

    def find(self, model_version: str, snapshot_id: str, split: Split) -> StoredEvaluation | None:
        """Return an evaluation, or None when there is none yet.

        Raises:
            CorruptEvaluationError: It cannot be read.
        """
        data = self.objects.get(evaluation_key(model_version, snapshot_id, split))
        return None if data is None else StoredEvaluation.from_json(data)

    def require(self, model_version: str, snapshot_id: str, split: Split) -> StoredEvaluation:
        """Return an evaluation.

        Raises:
            EvaluationNotFoundError: There is none yet.
            CorruptEvaluationError: It cannot be read.
        """
        found = self.find(model_version, snapshot_id, split)
        if found is None:
            raise EvaluationNotFoundError(
                f"{model_version} has not been evaluated on the {split} photos of snapshot {snapshot_id[:12]}; "
                "start a job of the kind evaluate."
            )
        return found

    def outcomes(self, model_version: str, snapshot_id: str, split: Split) -> tuple[Outcome, ...]:
        """Return what was said of each photo, in the order of their ids.

        Raises:
            EvaluationNotFoundError: There is no such evaluation yet.
            CorruptEvaluationError: They cannot be read.
        """
        data = self.objects.get(outcomes_key(model_version, snapshot_id, split))
        if data is None:
            raise EvaluationNotFoundError(f"{model_version} has not been evaluated on snapshot {snapshot_id[:12]}.")
        return unpack_outcomes(data)

    def put(
        self,
        model_version: str,
        snapshot_id: str,
        split: Split,
        *,
        outputs: frozenset[str],
        outcomes: Sequence[Outcome],
    ) -> StoredEvaluation:
        """Keep an evaluation; the sums go last, so that what can be found is whole. Erased photos may make it smaller.

        Raises:
            MismatchedEvaluationsError: A photo is among the outcomes twice.
        """
        ordered = sorted(outcomes, key=lambda outcome: outcome.photo_id)
        stored = StoredEvaluation(model_version, snapshot_id, split, outputs, Evaluation.of(ordered))
        self.objects.put(outcomes_key(model_version, snapshot_id, split), pack_outcomes(ordered))
        self.objects.put(evaluation_key(model_version, snapshot_id, split), stored.to_json())
        return stored

    def snapshots_of(self, model_version: str) -> Iterator[tuple[str, Split]]:
        """Yield snapshot and split of every evaluation of a version."""
        prefix = f"{EVALUATIONS}{model_version}/"
        for key in self.objects.keys(prefix):
            parts = key.removeprefix(prefix).split("/")
            if len(parts) == 2 and parts[1].endswith(".json"):
                yield parts[0], Split(parts[1].removesuffix(".json"))
