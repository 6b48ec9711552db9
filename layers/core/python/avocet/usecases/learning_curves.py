"""Where learning curves lie in the models bucket: one a version, kept once and never changed, beside its evaluations."""

from dataclasses import dataclass

from avocet.domain.learning_curve import CURVE_FILE, LearningCurve
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.evaluation_store import EVALUATIONS


@dataclass(frozen=True)
class LearningCurves:
    """The curves in the models bucket."""

    objects: Objects

    def keep(self, model_version: str, curve: LearningCurve) -> None:
        """Keep a version's curve; the first one stays, as the version itself does when a training repeats it."""
        self.objects.put_new(_key(model_version), curve.to_json())

    def find(self, model_version: str) -> LearningCurve:
        """Return a version's curve; one without parts where its training left none.

        Raises:
            CorruptCurveError: It cannot be read.
        """
        data = self.objects.get(_key(model_version))
        return LearningCurve() if data is None else LearningCurve.from_json(data)


def _key(model_version: str) -> str:
    return f"{EVALUATIONS}{model_version}/{CURVE_FILE}"
