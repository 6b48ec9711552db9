"""The state of the service as the API shows it; its shapes stand here, since a prediction has no use for what they import."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from avocet.domain.drift import DriftState
from avocet.domain.drift_report import BothLanguages
from avocet.domain.jobs import JobKind, Ledger
from avocet.domain.notifications import Words
from avocet.domain.service_state import LastCheck, activity, can_name, model_state, running_kinds
from avocet.domain.syncing import SyncRecord
from avocet.http.schema.formats import TIMESTAMP_EXAMPLE


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """How the model in service does."""

    state: DriftState | None = field(
        metadata={"description": "What the last check of this very model found; null when it was never checked."}
    )
    is_watched: bool = field(metadata={"description": "Whether the daily checks come."})
    checked_at: str | None = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    sentence: BothLanguages


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """Whether birds can be named right now, in plain words."""

    status: Literal["ready", "no-model"]
    message: BothLanguages
    model_version: str | None
    activity: BothLanguages = field(metadata={"description": "What goes on behind the scenes."})
    running: tuple[JobKind, ...] = field(metadata={"description": "The kinds of jobs that run."})
    model: ModelHealth


def status_view(
    champion: str | None, ledger: Ledger, sync: SyncRecord, last: LastCheck | None, now: datetime
) -> ServiceStatus:
    """Show what the service can do, what it is busy with, and how its model does."""
    model = model_state(champion, last, now)
    return ServiceStatus(
        status="ready" if champion else "no-model",
        message=_both(can_name(champion)),
        model_version=champion,
        activity=_both(activity(ledger, sync)),
        running=running_kinds(ledger),
        model=ModelHealth(model.state, model.is_watched, model.checked_at, _both(model.sentence)),
    )


def _both(words: Words) -> BothLanguages:
    return BothLanguages(words.en, words.fr)
