"""Learning curves as the API shows them."""

from avocet.domain.learning_curve import LearningCurve
from avocet.http.schema.curves import CurvePartView, CurvePointView, JobCurve, ModelCurve


def model_curve(version: str, curve: LearningCurve) -> ModelCurve:
    """Show how a version's training went."""
    return ModelCurve(version, _parts(curve))


def job_curve(job_id: str, curve: LearningCurve) -> JobCurve:
    """Show how a training goes."""
    return JobCurve(job_id, _parts(curve))


def _parts(curve: LearningCurve) -> tuple[CurvePartView, ...]:
    return tuple(
        CurvePartView(
            part.kind,
            part.total,
            part.best,
            tuple(
                CurvePointView(
                    step=point.step,
                    phase=point.phase,
                    loss=point.loss,
                    accuracy=point.accuracy,
                    validation_loss=point.validation_loss,
                    validation_accuracy=point.validation_accuracy,
                    learning_rate=point.learning_rate,
                    seconds=point.seconds,
                    settings=dict(point.settings),
                )
                for point in part.points
            ),
        )
        for part in curve.parts
    )
