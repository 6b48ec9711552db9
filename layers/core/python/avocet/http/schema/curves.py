"""Learning curves in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.learning_curve import MAX_POINTS, CurveKind, Phase


@dataclass(frozen=True, slots=True)
class CurvePointView:
    """One step of a training; a figure is null where nothing was measured."""

    step: int = field(metadata={"description": "Counted from 1; 0 is how it stood before the first epoch."})
    phase: Phase = field(metadata={"description": "What of the network was free to learn."})
    loss: float | None = field(
        metadata={
            "description": (
                "On training photos, in nats. Over epochs on changed views of them, with smoothed targets, rare species "
                "counting more; over candidates on a sample of 1,000, each species counting the same."
            )
        }
    )
    accuracy: float | None = field(metadata={"description": "Share of these named rightly."})
    validation_loss: float | None = field(
        metadata={"description": "On validation photos as they are; over candidates each species counts the same."}
    )
    validation_accuracy: float | None
    learning_rate: float | None = field(metadata={"description": "The mean over the step."})
    seconds: float | None = field(metadata={"description": "How long the step took, with its validation."})
    settings: dict[str, float] = field(metadata={"description": "What a candidate was fitted with."})


@dataclass(frozen=True, slots=True)
class CurvePartView:
    """The steps of one kind: epochs of a whole network, or the heads that were tried."""

    kind: CurveKind
    total: int = field(metadata={"description": "How many steps there were; some are left out of more than 500."})
    best: int | None = field(
        metadata={
            "description": "The step of the lowest validation loss, which the model is made of; null before it is known."
        }
    )
    points: tuple[CurvePointView, ...] = field(metadata={"max_length": MAX_POINTS})


@dataclass(frozen=True, slots=True)
class ModelCurve:
    """How a version's training went; without parts where nothing was kept of it, as of the shipped model."""

    version: str
    parts: tuple[CurvePartView, ...]


@dataclass(frozen=True, slots=True)
class JobCurve:
    """How a training goes, as far as it has come; without parts for jobs of other kinds, and before the first epoch."""

    job_id: str
    parts: tuple[CurvePartView, ...]
