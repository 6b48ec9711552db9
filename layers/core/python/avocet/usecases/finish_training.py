"""Take in what a training made: prove the bundle, keep its evaluations, register the version, close the job, tell the admins.

A bundle that is broken, or says nothing of a photo of its test split, is refused and the job fails; the champion never
moves here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from avocet.domain.dataset import Split
from avocet.domain.evaluation import (
    CorruptEvaluationError,
    MismatchedEvaluationsError,
    Outcome,
    StoredEvaluation,
    unpack_outcomes,
)
from avocet.domain.jobs import FencedOutError, Job, JobState
from avocet.domain.learning_curve import CURVE_FILE, CorruptCurveError, LearningCurve
from avocet.domain.notifications import Notice, NoticeKind, Words, job_closed
from avocet.domain.training import TrainingEvent, TrainingState, attempt_of
from avocet.observability import correlated, log
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.evaluation_store import EvaluationStore
from avocet.usecases.learning_curves import LearningCurves
from avocet.usecases.ports import BrokenBundleError, Classifier, Clock
from avocet.usecases.read_snapshot import Snapshot
from avocet.usecases.register_model import RegisterModel, described
from avocet.usecases.run_jobs import RunJobs
from avocet.usecases.train import BrokenOutputError, unpack_output, with_advice
from avocet.usecases.training_ports import TrainingLauncher

BUNDLE_FILES = ("model.onnx", "self_test.npz", "bundle.json")
_JUDGED_ON = (Split.VALIDATION, Split.TEST)


@dataclass(frozen=True, kw_only=True)
class FinishTraining:
    """Closes trainings.

    Attributes:
        jobs: Closes the job.
        launcher: Hands out what the training made.
        models: The models bucket.
        open_snapshot: Opens a snapshot by its id.
        check: Opens a bundle and lets it prove itself.
        outputs_of: Every species that a bundle's files can name.
        register: Keeps the version.
        clock: The time.
        comparison_link: Where admins compare a version with the champion; empty while nobody knows.
    """

    jobs: RunJobs
    launcher: TrainingLauncher
    models: Objects
    open_snapshot: Callable[[str], Snapshot]
    check: Callable[[Mapping[str, bytes]], Classifier]
    outputs_of: Callable[[Mapping[str, bytes]], frozenset[str]]
    register: RegisterModel
    clock: Clock
    comparison_link: str = ""

    def __call__(self, event: TrainingEvent) -> Job | None:
        """Act on an event; None when the training is nobody's any more.

        Raises:
            ForeignTrainingError: It is not one of ours.
        """
        job_id, fence = attempt_of(event.name)
        job = self._running(job_id, fence)
        if job is None or not event.state.is_over:
            log("training_of_nobody", training=event.name, state=event.state)
            return None
        with correlated(job.correlation_id or job_id):
            return self._act(event, job)

    def _running(self, job_id: str, fence: int) -> Job | None:
        job = self.jobs.active().find(job_id)
        return job if job and job.state is JobState.RUNNING and job.fence == fence else None

    def _act(self, event: TrainingEvent, job: Job) -> Job | None:
        try:
            if event.state is not TrainingState.COMPLETED:
                return self._failed(job, self._reason(event))
            try:
                return self._completed(job, event.name)
            except (BrokenOutputError, BrokenBundleError, CorruptEvaluationError, MismatchedEvaluationsError) as error:
                return self._failed(job, f"the new model was refused: {error}")
        except FencedOutError:
            log("closed_by_another", job_id=job.job_id)
            return None

    def _reason(self, event: TrainingEvent) -> str:
        """Return why it ended: in its own words where it left some, since SageMaker's are those of its wrapper."""
        said = self.launcher.status(event.name)
        return (said.reason if said else "") or event.reason or f"the training ended as {event.state}"

    def _failed(self, job: Job, reason: str) -> Job:
        failed = replace(job, state=JobState.FAILED, reason=reason)
        return self.jobs.close(job.job_id, job.fence, reason=reason, notice=with_advice(job_closed(failed), job.job_id))

    def _completed(self, job: Job, name: str) -> Job:
        packed = self.launcher.output(name)
        if packed is None:
            raise BrokenOutputError("the training left no output")
        output = unpack_output(packed)
        missing = [each for each in BUNDLE_FILES if each not in output]
        if missing:
            raise BrokenBundleError(f"{missing[0]} is missing")
        bundle = {each: output[each] for each in BUNDLE_FILES}
        model = described(bundle, registered_at=self.clock())
        version = self.check(bundle).model_version
        trained_on = _text(output, "trained_on.txt").split()
        if len(trained_on) != len(("snapshot", "champion")):
            raise BrokenOutputError("the training does not say what it was trained on")
        snapshot_id, champion = trained_on
        judged_on = self._judged_photos(snapshot_id)
        mine = {split: _outcomes(output, f"{split}.photos.jsonl.gz", judged_on[split]) for split in _JUDGED_ON}
        for each in BUNDLE_FILES:
            self.models.put(f"bundles/{version}/{each}", bundle[each])
        store = EvaluationStore(self.models)
        outputs = self.outputs_of(bundle)
        kept = {
            split: store.put(version, snapshot_id, split, outputs=outputs, outcomes=mine[split]) for split in _JUDGED_ON
        }
        before = self._champions(store, output, champion, snapshot_id, judged_on)
        curve = _curve(output)
        if curve is not None:
            LearningCurves(self.models).keep(version, curve)
        figures = {f"{split}_{name_}": value for split, each in kept.items() for name_, value in each.summary().items()}
        # Seconds have gone by: whoever cancelled it, or took the model in beside us, may have had another model made and
        # made a challenger since, which this one must not replace.
        if self._running(job.job_id, job.fence) is None:
            raise FencedOutError(job.job_id)
        self.register(
            replace(
                model,
                snapshot_id=snapshot_id,
                parent_version=champion,
                job_id=job.job_id,
                figures={
                    **figures,
                    "validation_accuracy": kept[Split.VALIDATION].summary()["accuracy"],
                    "validation_loss": kept[Split.VALIDATION].summary()["log_loss"],
                    "top3": kept[Split.TEST].summary()["top3"],
                    "macro_f1": kept[Split.TEST].summary()["macro_f1"],
                    "ece": kept[Split.TEST].summary()["calibration_error"],
                },
            )
        )
        notice = _trained(version, kept[Split.TEST], champion, before, self.comparison_link)
        result = {
            "model_version": version,
            "snapshot_id": snapshot_id,
            "test_photos": str(kept[Split.TEST].evaluation.photos),
            "test_accuracy": _percent(kept[Split.TEST].evaluation.accuracy.value),
            "champion": champion,
            "champion_test_accuracy": _percent(before.evaluation.accuracy.value) if before else "",
        }
        return self.jobs.close(job.job_id, job.fence, result=result, notice=notice)

    def _judged_photos(self, snapshot_id: str) -> Mapping[Split, frozenset[str]]:
        rows = self.open_snapshot(snapshot_id).rows.values()
        return {split: frozenset(row.photo_id for row in rows if row.split is split) for split in _JUDGED_ON}

    def _champions(
        self,
        store: EvaluationStore,
        output: Mapping[str, bytes],
        champion: str,
        snapshot_id: str,
        judged_on: Mapping[Split, frozenset[str]],
    ) -> StoredEvaluation | None:
        for split in _JUDGED_ON:
            name = f"champion/{split}.photos.jsonl.gz"
            if store.find(champion, snapshot_id, split) is None and name in output and "champion/species.txt" in output:
                outputs = frozenset(_text(output, "champion/species.txt").split())
                said = _outcomes(output, name, judged_on[split])
                store.put(champion, snapshot_id, split, outputs=outputs, outcomes=said)
        return store.find(champion, snapshot_id, Split.TEST)


def _curve(output: Mapping[str, bytes]) -> LearningCurve | None:
    """Return the training's learning curve; None where it left none that can be read, which says nothing of the model."""
    data = output.get(CURVE_FILE)
    if data is None:
        return None
    try:
        return LearningCurve.from_json(data)
    except CorruptCurveError as error:
        log("learning_curve_left_out", reason=error.detail)
        return None


def _outcomes(output: Mapping[str, bytes], name: str, photos: frozenset[str]) -> tuple[Outcome, ...]:
    """Return what was said of each photo; those erased meanwhile are left out.

    Raises:
        BrokenOutputError: A photo is missing.
    """
    if name not in output:
        raise BrokenOutputError(f"{name} is missing")
    said = tuple(each for each in unpack_outcomes(output[name]) if each.photo_id in photos)
    if len(said) < len(photos):
        raise BrokenOutputError(f"{name} says nothing of {len(photos) - len(said)} photos")
    return said


def _text(output: Mapping[str, bytes], name: str) -> str:
    return output.get(name, b"").decode("utf-8", errors="replace")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _trained(version: str, mine: StoredEvaluation, champion: str, before: StoredEvaluation | None, link: str) -> Notice:
    new, old = mine.evaluation, before.evaluation if before else None
    lines = [("accuracy", "exactitude", new.accuracy.value, old.accuracy.value if old else None)]
    lines += [
        ("among three", "parmi trois", new.top3.value, old.top3.value if old else None),
        ("macro F1", "F1 macro", new.macro_f1, old.macro_f1 if old else None),
    ]
    english = [f"{name}: {_percent(value)}" + _against(was, "champion") for name, _, value, was in lines]
    french = [f"{name} : {_percent(value)}" + _against(was, "champion") for _, name, value, was in lines]
    see = link or f"avocet models compare {version}"
    return Notice(
        kind=NoticeKind.TRAINING,
        subject=Words(f"a new model is ready: {version}", f"un nouveau modèle est prêt : {version}"),
        text=Words(
            "\n".join(
                [
                    f"{version} was judged on {new.photos} test photos, beside the champion {champion}.",
                    "",
                    *english,
                    "",
                    f"Compare the two before you promote it: {see}",
                ]
            ),
            "\n".join(
                [
                    f"{version} a été jugé sur {new.photos} photos de test, à côté du champion {champion}.",
                    "",
                    *french,
                    "",
                    f"Comparez les deux avant de le promouvoir : {see}",
                ]
            ),
        ),
    )


def _against(was: float | None, who: str) -> str:
    return "" if was is None else f" ({who}: {_percent(was)})"
