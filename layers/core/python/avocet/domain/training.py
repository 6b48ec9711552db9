"""Trainings as they are asked for and as they are reported; pure. It refuses recipes nobody wrote and names that are not ours.

A request's fields and a finishing event's are those of a SageMaker training job, wherever the training runs.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from avocet.domain.errors import AvocetError

MIN_SPECIES = 2
MAX_RUNTIME_S = 6 * 3600
MAX_EPOCHS = 200
EVENT_DETAIL_TYPE = "SageMaker Training Job State Change"
# Whoever is not AWS may not send events as ``aws.sagemaker``.
EVENT_SOURCE = "avocet.training"

_NAME = re.compile(r"avocet-(?P<job_id>[0-9a-f]{32})-(?P<fence>[0-9]{1,12})")


class Recipe(StrEnum):
    """How a model is trained."""

    HEAD = "head"
    FULL = "full"


class Backbone(StrEnum):
    """The network that the ``full`` recipe trains."""

    EFFICIENTNET_B0 = "efficientnet-b0"
    EFFICIENTNET_B1 = "efficientnet-b1"
    EFFICIENTNETV2_B0 = "efficientnetv2-b0"
    EFFICIENTNETV2_B1 = "efficientnetv2-b1"


@dataclass(frozen=True, slots=True)
class FullSettings:
    """What may be said of a ``full`` training.

    Attributes:
        backbone: The network.
        epochs: Passes over the photos with every layer free; None leaves it to the recipe.
    """

    backbone: Backbone = Backbone.EFFICIENTNET_B0
    epochs: int | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "FullSettings":
        """Read them.

        Raises:
            UnusableTrainingError: The backbone is unknown, or the epochs are no number within bounds.
        """
        backbone, epochs = parameters.get("backbone", Backbone.EFFICIENTNET_B0), parameters.get("epochs")
        if backbone not in set(Backbone):
            raise UnusableTrainingError(f"Backbones: {', '.join(each.value for each in Backbone)}.")
        if epochs is not None and not (epochs.isascii() and epochs.isdigit() and 1 <= int(epochs) <= MAX_EPOCHS):
            raise UnusableTrainingError(f"epochs must be a whole number from 1 to {MAX_EPOCHS}.")
        return cls(Backbone(backbone), None if epochs is None else int(epochs))


class UnknownRecipeError(AvocetError):
    """There is no such recipe here."""

    code: ClassVar[str] = "unknown-recipe"
    title: ClassVar[str] = "There is no such training recipe"


class NothingToTrainOnError(AvocetError):
    """There is no snapshot, or it has fewer than two species."""

    code: ClassVar[str] = "nothing-to-train-on"
    title: ClassVar[str] = "The dataset is not ready for a training"


class UnusableTrainingError(AvocetError):
    """A recipe was asked for with something that it does not take."""

    code: ClassVar[str] = "unusable-training"
    title: ClassVar[str] = "The recipe does not take that"


class TrainingRefusedError(AvocetError):
    """Whatever runs trainings does not take this one; the message says what to do."""

    code: ClassVar[str] = "training-refused"
    title: ClassVar[str] = "The training was not taken"


class ForeignTrainingError(ValueError):
    """A training's name is none of ours."""


class TrainingState(StrEnum):
    """Where a training stands; SageMaker's words."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (TrainingState.COMPLETED, TrainingState.FAILED, TrainingState.STOPPED)


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """What is known of a training.

    Attributes:
        state: Where it stands.
        beat: Grows with each sign of life.
        done: Units done.
        total: Units to do; 0 while not known.
        note: What it is doing.
        reason: Why it failed.
    """

    state: TrainingState
    beat: int = 0
    done: int = 0
    total: int = 0
    note: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """A training to be run.

    Attributes:
        name: Of the training job; says which attempt at which of our jobs.
        hyperparameters: What the recipe is told, the recipe's name, snapshot and champion among it.
        input_uri: The snapshot.
        output_uri: What the names of its outputs begin with.
        environment: Environment variables of the training's process.
        max_runtime_s: After so long it is stopped.
    """

    name: str
    hyperparameters: Mapping[str, str]
    input_uri: str
    output_uri: str
    environment: Mapping[str, str] = field(default_factory=dict)
    max_runtime_s: int = MAX_RUNTIME_S

    def to_json(self) -> str:
        """Return the request as SageMaker's ``CreateTrainingJob`` takes it, without what only AWS knows (image, role)."""
        values = {
            "TrainingJobName": self.name,
            "HyperParameters": dict(self.hyperparameters),
            "InputDataConfig": [
                {
                    "ChannelName": "snapshot",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": self.input_uri}},
                }
            ],
            "OutputDataConfig": {"S3OutputPath": self.output_uri},
            "StoppingCondition": {"MaxRuntimeInSeconds": self.max_runtime_s},
            "Environment": dict(self.environment),
        }
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> "TrainingRequest":
        """Read a request back.

        Raises:
            ForeignTrainingError: It is not one.
        """
        try:
            values = json.loads(text)
            request = cls(
                name=str(values["TrainingJobName"]),
                hyperparameters=_texts(values["HyperParameters"]),
                input_uri=str(values["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]),
                output_uri=str(values["OutputDataConfig"]["S3OutputPath"]),
                environment=_texts(values["Environment"]),
                max_runtime_s=int(values["StoppingCondition"]["MaxRuntimeInSeconds"]),
            )
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ForeignTrainingError("that is not a training request") from error
        attempt_of(request.name)
        return request


@dataclass(frozen=True, slots=True)
class TrainingEvent:
    """A training came to its end.

    Attributes:
        name: Which.
        state: How.
        reason: Why it failed.
    """

    name: str
    state: TrainingState
    reason: str = ""

    def to_detail(self) -> dict[str, str]:
        """Return the event's detail."""
        detail = {"TrainingJobName": self.name, "TrainingJobStatus": self.state.value}
        return {**detail, "FailureReason": self.reason} if self.reason else detail

    @classmethod
    def from_detail(cls, detail: Mapping[str, Any]) -> "TrainingEvent":
        """Read an event's detail.

        Raises:
            ForeignTrainingError: It is about somebody else's training, or no such event.
        """
        try:
            name, state = str(detail["TrainingJobName"]), TrainingState(detail["TrainingJobStatus"])
        except (KeyError, ValueError, TypeError) as error:
            raise ForeignTrainingError("that is not a training event") from error
        attempt_of(name)
        return cls(name, state, str(detail.get("FailureReason") or ""))


def training_name(job_id: str, fence: int) -> str:
    """Return the name of one attempt's training; SageMaker takes 63 letters, digits and hyphens."""
    return f"avocet-{job_id}-{fence}"


def attempt_of(name: str) -> tuple[str, int]:
    """Return job id and fencing token of a training.

    Raises:
        ForeignTrainingError: The name is none of ours.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ForeignTrainingError(f"{name[:80]!r} is not one of our trainings")
    return found["job_id"], int(found["fence"])


def recipe_in(parameters: Mapping[str, str], available: frozenset[str]) -> Recipe:
    """Return the recipe that was asked for, ``head`` when nothing was said.

    Raises:
        UnknownRecipeError: There is none of that name, or this deployment cannot run it.
        UnusableTrainingError: The recipe does not take what else was said.
    """
    wanted = parameters.get("recipe", Recipe.HEAD)
    if wanted not in available:
        raise UnknownRecipeError(f"Recipes here: {', '.join(sorted(available))}.")
    if wanted == Recipe.FULL:
        FullSettings.of(parameters)
    elif "backbone" in parameters:
        raise UnusableTrainingError("Only the full recipe takes a backbone; the head recipe keeps the champion's.")
    return Recipe(wanted)


def require_enough(snapshot_id: str, species: int) -> None:
    """Refuse a training that could not learn anything.

    Raises:
        NothingToTrainOnError: Saying what is missing and what to do.
    """
    if not snapshot_id:
        raise NothingToTrainOnError("The dataset has no snapshot yet; add photos, then start a refresh.")
    if species < MIN_SPECIES:
        raise NothingToTrainOnError(
            f"The snapshot has {species} trainable species, and a model needs two to tell apart; add photos of another "
            "species, then start a refresh."
        )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}
