"""Model versions and who serves when: the champion's line of succession, one step after the other. Pure.

It refuses versions that could not be part of a key, a promotion of who already serves, and a step back from the first.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from avocet.domain.errors import AvocetError

MAX_REASON_LETTERS = 500

_VERSION = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class ModelNotFoundError(AvocetError):
    """No model of that version is registered."""

    code: ClassVar[str] = "no-such-model"
    title: ClassVar[str] = "There is no such model version"


class NoChallengerError(AvocetError):
    """Nothing was trained since the champion was chosen."""

    code: ClassVar[str] = "no-challenger"
    title: ClassVar[str] = "There is no challenger"


class AlreadyChampionError(AvocetError):
    """The version serves already."""

    code: ClassVar[str] = "already-champion"
    title: ClassVar[str] = "That version is the champion already"


class NothingToRollBackError(AvocetError):
    """The champion is the first of its line."""

    code: ClassVar[str] = "nothing-to-roll-back"
    title: ClassVar[str] = "There is no earlier champion"


class ChampionMovedError(AvocetError):
    """Somebody else moved the champion meanwhile."""

    code: ClassVar[str] = "champion-moved"
    title: ClassVar[str] = "Somebody else changed the champion at the same time"


class BundleRefusedError(AvocetError):
    """The version's bundle is not fit to serve."""

    code: ClassVar[str] = "bundle-refused"
    title: ClassVar[str] = "The model's bundle is not fit to serve"


class VersionTakenError(AvocetError):
    """Another bundle was registered under that version."""

    code: ClassVar[str] = "version-taken"
    title: ClassVar[str] = "Another model has that version"


class Change(StrEnum):
    """How a champion came to serve."""

    SHIPPED = "shipped"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model that was trained and kept; nothing of it ever changes.

    Attributes:
        version: Its name everywhere.
        recipe: How it was trained: ``starter``, ``head``, ``full``.
        backbone: The network below its head.
        created_at: When it was made.
        registered_at: When it was registered.
        bundle_sha256: SHA-256 of its ``bundle.json``, which in turn names the hashes of the other files.
        bundle_bytes: Size of all its files.
        species_count: How many species it can name.
        snapshot_id: The snapshot it was trained on; empty for the starter.
        parent_version: The model it was trained from; empty when there was none.
        job_id: The job that trained it; empty when none did.
        mlflow_run_id: Its run in MLflow; empty while there is none.
        figures: What was measured, by name, such as ``validation_accuracy``, ``validation_loss``, ``top3``,
            ``macro_f1``, ``ece``.
    """

    version: str
    recipe: str
    backbone: str
    created_at: datetime
    registered_at: datetime
    bundle_sha256: str
    bundle_bytes: int
    species_count: int
    snapshot_id: str = ""
    parent_version: str = ""
    job_id: str = ""
    mlflow_run_id: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tenure:
    """One champion's time, from when it was chosen until the next one was.

    Attributes:
        revision: Grows by one with each change of the champion; 1 is the first.
        version: Who serves.
        change: How it came to.
        chosen_by: The admin's id, or who shipped it.
        chosen_at: When.
        reason: Why, in the admin's words.
        below: Revision of the tenure that a rollback returns to; 0 when there is none.
        asked_as: Id of the request that it came of; empty where nobody noted one.
    """

    revision: int
    version: str
    change: Change
    chosen_by: str
    chosen_at: datetime
    reason: str = ""
    below: int = 0
    asked_as: str = ""


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which version is what at present.

    Attributes:
        tenure: The champion's; None before the first.
        challenger: The newest version nobody has decided on; None when there is none.
    """

    tenure: Tenure | None = None
    challenger: str | None = None

    @property
    def champion(self) -> str | None:
        """The version that serves."""
        return self.tenure.version if self.tenure else None


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, when and why, and in which request."""

    chosen_by: str
    chosen_at: datetime
    reason: str
    asked_as: str = ""


def is_version(text: str) -> bool:
    """Whether ``text`` may name a model version, and so be part of a key."""
    return _VERSION.fullmatch(text) is not None


def came_of(history: Sequence[Tenure], decision: Decision) -> Tenure | None:
    """Return the tenure that this very request began when it came before; None when it is new."""
    return next(
        (
            each
            for each in history
            if decision.asked_as and (each.asked_as, each.chosen_by) == (decision.asked_as, decision.chosen_by)
        ),
        None,
    )


def promoted(aliases: Aliases, version: str, decision: Decision, *, change: Change = Change.PROMOTED) -> Tenure:
    """Return the tenure that begins when ``version`` is made champion.

    Raises:
        AlreadyChampionError: It serves already.
    """
    now = aliases.tenure
    if now is not None and now.version == version:
        raise AlreadyChampionError(f"{version} has been the champion since {now.chosen_at.isoformat(sep=' ')[:16]}.")
    return Tenure(
        revision=now.revision + 1 if now else 1,
        version=version,
        change=change,
        chosen_by=decision.chosen_by,
        chosen_at=decision.chosen_at,
        reason=decision.reason,
        below=now.revision if now else 0,
        asked_as=decision.asked_as,
    )


def was_left_already(now: Tenure, leaving_revision: int, decision: Decision) -> bool:
    """Whether the champion of ``leaving_revision`` has just given way to the one before it, because of the same person.

    So it is when somebody who never saw the answer asks once more: the wish is fulfilled, and no second step is meant.
    """
    return (now.change, now.revision, now.chosen_by) == (Change.ROLLED_BACK, leaving_revision + 1, decision.chosen_by)


def rolled_back(now: Tenure, below: Tenure, decision: Decision) -> Tenure:
    """Return the tenure that begins when the champion of ``now`` gives way to the one before it.

    The next rollback goes one step further back, not forth again.

    Raises:
        ValueError: ``below`` is not what ``now`` stands on.
    """
    if now.below != below.revision:
        raise ValueError(f"tenure {now.revision} stands on {now.below}, not on {below.revision}")
    return Tenure(
        revision=now.revision + 1,
        version=below.version,
        change=Change.ROLLED_BACK,
        chosen_by=decision.chosen_by,
        chosen_at=decision.chosen_at,
        reason=decision.reason,
        below=below.below,
        asked_as=decision.asked_as,
    )
