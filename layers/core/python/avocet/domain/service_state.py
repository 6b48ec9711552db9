"""What the service can do right now, in plain words for everybody; pure. It names no person, and no fault only an admin can mend."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from avocet.domain.drift import DriftState
from avocet.domain.drift_report import DriftReport
from avocet.domain.jobs import JobKind, JobState, Ledger
from avocet.domain.notifications import Words
from avocet.domain.syncing import SyncRecord, SyncStatus

# A check comes every day; one that is missing may be late, two are not.
_WATCHED = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What the last check of a model found, short enough to be read with every look at the service.

    Attributes:
        report_id: Grows from check to check.
        made_at: When, ISO 8601.
        model_version: Which model was checked; empty when there was none.
        state: What was found, in one word.
        sentence: The same in one sentence.
    """

    report_id: str
    made_at: str
    model_version: str
    state: DriftState
    sentence: Words

    @classmethod
    def of(cls, report: DriftReport) -> "LastCheck":
        """Return the gist of a report."""
        words = Words(report.sentence.en, report.sentence.fr)
        return cls(report.report_id, report.made_at, report.model_version or "", report.state, words)

    @classmethod
    def from_json(cls, data: bytes) -> "LastCheck":
        """Read it back as stored."""
        values: dict[str, Any] = json.loads(data)
        return cls(**{**values, "state": DriftState(values["state"]), "sentence": Words(**values["sentence"])})

    def to_json(self) -> bytes:
        """Return it as stored."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class ModelState:
    """How the model in service does.

    Attributes:
        state: What the last check of this very model found; None when it was never checked.
        is_watched: Whether the daily checks come.
        checked_at: When the last one was, ISO 8601.
        sentence: In plain words.
    """

    state: DriftState | None
    is_watched: bool
    checked_at: str | None
    sentence: Words


_DOING: Mapping[JobKind, Words] = {
    JobKind.SYNC: Words("new photos are being fetched", "de nouvelles photos sont récupérées"),
    JobKind.REFRESH: Words(
        "new photos are being added to the dataset", "de nouvelles photos sont ajoutées au jeu de données"
    ),
    JobKind.TRAIN: Words("a new model is being trained", "un nouveau modèle est entraîné"),
    JobKind.EVALUATE: Words("a model is being examined", "un modèle est examiné"),
    JobKind.CHECK_DRIFT: Words("the model is being checked", "le modèle est contrôlé"),
    JobKind.VERIFY: Words("the dataset is being checked", "le jeu de données est vérifié"),
}
_WITHDRAWN = Words(
    "The set of photos is no longer offered; the photos taken in before stay.",
    "Le jeu de photos n'est plus proposé ; les photos déjà reprises restent.",
)


def can_name(champion: str | None) -> Words:
    """Say whether birds can be named."""
    if champion:
        return Words("Birds can be named.", "Les oiseaux peuvent être identifiés.")
    return Words(
        "No model is in service yet, so no bird can be named.",
        "Aucun modèle n'est encore en service : aucun oiseau ne peut être identifié.",
    )


def running_kinds(ledger: Ledger) -> tuple[JobKind, ...]:
    """Return what kinds of jobs run, each once."""
    return tuple(dict.fromkeys(job.kind for job in ledger.jobs if job.state is JobState.RUNNING))


def activity(ledger: Ledger, sync: SyncRecord | None = None) -> Words:
    """Say what goes on behind the scenes."""
    kinds = running_kinds(ledger)
    if kinds:
        en, fr = " and ".join(_DOING[kind].en for kind in kinds), " et ".join(_DOING[kind].fr for kind in kinds)
        words = Words(
            f"{_capital(en)}; identifying birds goes on as usual.",
            f"{_capital(fr)} ; l'identification des oiseaux continue normalement.",
        )
    else:
        words = Words("Everything is up to date.", "Tout est à jour.")
    if sync is not None and sync.status is SyncStatus.WITHDRAWN:
        return Words(f"{words.en} {_WITHDRAWN.en}", f"{words.fr} {_WITHDRAWN.fr}")
    return words


def model_state(champion: str | None, last: LastCheck | None, now: datetime) -> ModelState:
    """Say whether the model in service is as good as it was, and whether anybody looks."""
    if not champion:
        words = Words("There is no model to check.", "Il n'y a aucun modèle à contrôler.")
        return ModelState(state=None, is_watched=False, checked_at=None, sentence=words)
    if last is None or last.model_version != champion:
        words = Words(
            "This model has not been checked yet; a check comes every day.",
            "Ce modèle n'a pas encore été contrôlé ; un contrôle a lieu chaque jour.",
        )
        return ModelState(state=None, is_watched=False, checked_at=None, sentence=words)
    made_at = datetime.fromisoformat(last.made_at)
    # A clock that jumped may put the check ahead; then it is as fresh as can be.
    is_watched = now - made_at <= _WATCHED
    sentence = last.sentence
    if not is_watched:
        day = made_at.date().isoformat()
        sentence = Words(
            f"{sentence.en} But that was on {day}: the daily checks do not come.",
            f"{sentence.fr} Mais c'était le {day} : les contrôles quotidiens n'ont plus lieu.",
        )
    return ModelState(last.state, is_watched, last.made_at, sentence)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
