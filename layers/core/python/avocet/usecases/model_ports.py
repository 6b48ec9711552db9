"""What the models' use cases ask of the world outside, as protocols."""

from collections.abc import Sequence
from typing import Protocol

from avocet.domain.models import Aliases, ModelVersion, Tenure
from avocet.usecases.notice_ports import WaitingLetter


class ModelRegistry(Protocol):
    """Keeper of model versions."""

    def register(self, model: ModelVersion) -> ModelVersion:
        """Keep a version; registering the same bundle again changes nothing. Returns what is kept.

        Raises:
            VersionTakenError: Another bundle has that version.
        """

    def note_run(self, version: str, mlflow_run_id: str) -> None:
        """Note a version's run in MLflow, unless one is noted; the only thing of a version that is learnt later."""

    def find(self, version: str) -> ModelVersion | None:
        """Return a version."""

    def list(self) -> Sequence[ModelVersion]:
        """Return every version, the latest registered first; may lag a little."""


class ModelAliases(Protocol):
    """Keeper of who is champion, who challenges, and who was champion before."""

    def read(self) -> Aliases:
        """Return the aliases as they are."""

    def nominate(self, version: str) -> None:
        """Make a version the challenger, in place of whoever was; the champion is never made one."""

    def move(self, to: Tenure, *, over: Aliases, telling: Sequence[WaitingLetter] = ()) -> None:
        """End the present tenure and begin ``to``, in one step; its version is no challenger any longer.

        The letters that tell of it are written down in that same step: all of it is done, or nothing.

        Raises:
            StaleRecordError: The champion is not the one of ``over`` any more.
        """

    def tenure(self, revision: int) -> Tenure | None:
        """Return a tenure, the present one or an earlier one."""

    def history(self, limit: int) -> Sequence[Tenure]:
        """Return tenures, the present one first."""
