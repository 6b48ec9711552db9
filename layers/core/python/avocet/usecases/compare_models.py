"""Compare a version with the champion from what is stored; what nobody has scored yet is named, not computed."""

from collections.abc import Sequence
from dataclasses import dataclass

from avocet.domain.comparison import Comparison, Side, compare
from avocet.domain.dataset import Split
from avocet.domain.evaluation import EvaluationNotFoundError, StoredEvaluation
from avocet.domain.models import ModelNotFoundError, ModelVersion
from avocet.domain.notifications import Words
from avocet.usecases.evaluation_store import EvaluationStore
from avocet.usecases.model_ports import ModelRegistry


@dataclass(frozen=True, slots=True)
class Reference:
    """How a version did where it came from.

    Attributes:
        model: Which.
        validation: On the validation photos of the snapshot it was trained on; None where nobody has scored them.
        test: On the test photos of that snapshot.
    """

    model: ModelVersion
    validation: StoredEvaluation | None
    test: StoredEvaluation | None


@dataclass(frozen=True, slots=True)
class ComparedModels:
    """Two versions side by side.

    Attributes:
        snapshot_id: Whose test photos both answered.
        champion: The champion where it came from.
        challenger: The other version where it came from.
        champion_validation: The champion on the validation photos of ``snapshot_id``.
        challenger_validation: The other version on the same.
        comparison: On the same test photos.
        caveats: What to bear in mind, in sentences of each language.
    """

    snapshot_id: str
    champion: Reference
    challenger: Reference
    champion_validation: StoredEvaluation | None
    challenger_validation: StoredEvaluation | None
    comparison: Comparison
    caveats: Sequence[Words]


@dataclass(frozen=True, kw_only=True)
class CompareModels:
    """Reads stored evaluations only."""

    registry: ModelRegistry
    evaluations: EvaluationStore

    def __call__(self, champion: str, version: str, *, current_snapshot_id: str) -> ComparedModels:
        """Compare ``version`` with ``champion``.

        The photos are the test split of the current snapshot where both answered them, else of the one that ``version``
        was trained on, else of any that both answered.

        Raises:
            ModelNotFoundError: One of them is not registered.
            EvaluationNotFoundError: They have not both answered the same photos yet; the detail says what to do.
        """
        ours, theirs = self._find(champion), self._find(version)
        snapshot_id = self._common_snapshot(ours, theirs, current_snapshot_id)
        champion_side, challenger_side, apart = _on_common_photos(*(self._side(m, snapshot_id) for m in (ours, theirs)))
        comparison = compare(champion_side, challenger_side)
        caveats = [
            Words(
                f"{model.version} was not trained on a snapshot: photos it learned from may be among these, so that it looks "
                "better here than it is.",
                f"{model.version} n'a pas été entraîné sur une version du jeu de données : des photos qui lui ont servi peuvent "
                "être parmi celles-ci, et il paraît alors meilleur qu'il ne l'est.",
            )
            for model in (ours, theirs)
            if not model.snapshot_id
        ]
        if apart:
            said, dit = ("photo is", "photo est laissée") if apart == 1 else ("photos are", "photos sont laissées")
            caveats.append(
                Words(
                    f"{apart} {said} left out: only one of the two answered before the erasure.",
                    f"{apart} {dit} de côté : un seul des deux avait répondu avant l'effacement.",
                )
            )
        return ComparedModels(
            snapshot_id,
            self._reference(ours),
            self._reference(theirs),
            self.evaluations.find(champion, snapshot_id, Split.VALIDATION),
            self.evaluations.find(version, snapshot_id, Split.VALIDATION),
            comparison,
            caveats,
        )

    def _find(self, version: str) -> ModelVersion:
        model = self.registry.find(version)
        if model is None:
            raise ModelNotFoundError(f"No model {version} is registered; GET /admin/models lists them all.")
        return model

    def _common_snapshot(self, ours: ModelVersion, theirs: ModelVersion, current: str) -> str:
        scored = {
            model.version: {
                snapshot for snapshot, split in self.evaluations.snapshots_of(model.version) if split is Split.TEST
            }
            for model in (ours, theirs)
        }
        common = scored[ours.version] & scored[theirs.version]
        for wanted in (current, theirs.snapshot_id, *sorted(common)):
            if wanted in common:
                return wanted
        target = theirs.snapshot_id or current
        if not target:
            raise EvaluationNotFoundError("There is no snapshot to compare them on; refresh the dataset first.")
        missing = [version for version, snapshots in scored.items() if target not in snapshots]
        raise EvaluationNotFoundError(
            f"{' and '.join(missing)} still must answer the test photos of snapshot {target[:12]}: "
            + "; ".join(
                f"avocet jobs start evaluate --set model_version={version} --set snapshot_id={target}"
                for version in missing
            )
            + "."
        )

    def _side(self, model: ModelVersion, snapshot_id: str) -> Side:
        stored = self.evaluations.require(model.version, snapshot_id, Split.TEST)
        return Side(stored.outputs, self.evaluations.outcomes(model.version, snapshot_id, Split.TEST))

    def _reference(self, model: ModelVersion) -> Reference:
        if not model.snapshot_id:
            return Reference(model, None, None)
        validation, test = (
            self.evaluations.find(model.version, model.snapshot_id, split) for split in (Split.VALIDATION, Split.TEST)
        )
        return Reference(model, validation, test)


def _on_common_photos(ours: Side, theirs: Side) -> tuple[Side, Side, int]:
    """Leave out photos that only one side answered, as after an erasure; return how many those are."""
    asked = [{outcome.photo_id for outcome in side.outcomes} for side in (ours, theirs)]
    common = asked[0] & asked[1]
    sides = [
        Side(side.outputs, [outcome for outcome in side.outcomes if outcome.photo_id in common])
        for side in (ours, theirs)
    ]
    return sides[0], sides[1], len(asked[0] ^ asked[1])
