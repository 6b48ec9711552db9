"""What an alarm means, in words for whoever is woken by it; pure. An alarm it has no words for is told by its name."""

from collections.abc import Mapping
from dataclasses import dataclass

from avocet.domain.notifications import Notice, NoticeKind, Words


@dataclass(frozen=True, slots=True)
class AlarmWords:
    """What is told when an alarm rings.

    Attributes:
        subject: What happened.
        advice: Where to look and what to do.
    """

    subject: Words
    advice: Words


_LOGS = Words(
    "Look at the dashboard and at the functions' logs; each line carries the request's correlation id.",
    "Consultez le tableau de bord et les journaux des fonctions ; chaque ligne porte l'identifiant de la requête.",
)
_DEAD = Words(
    "Look at what lies there, mend the cause, then send it again: avocet dead-letters list",
    "Voyez ce qui attend, corrigez la cause, puis renvoyez-le : avocet dead-letters list",
)
_JOBS = Words("Look at it: avocet jobs", "Pour voir : avocet jobs")

ALARMS: Mapping[str, AlarmWords] = {
    "api-errors": AlarmWords(Words("the API fails", "l'API est en panne"), _LOGS),
    "function-errors": AlarmWords(Words("functions fail", "des fonctions échouent"), _LOGS),
    "throttles": AlarmWords(
        Words("requests are turned away", "des requêtes sont refusées"),
        Words(
            "More people come than the limits allow. Raise the account's concurrency or the API's throttle.",
            "Il vient plus de monde que les limites ne le permettent. Augmentez la concurrence ou le débit de l'API.",
        ),
    ),
    "slow-predictions": AlarmWords(
        Words("predictions take over a second", "les prédictions prennent plus d'une seconde"), _LOGS
    ),
    "dead-letters": AlarmWords(Words("something was given up on", "un traitement a été abandonné"), _DEAD),
    "waiting-work": AlarmWords(
        Words("work waits too long in a queue", "du travail attend trop longtemps dans une file"), _LOGS
    ),
    "failed-jobs": AlarmWords(Words("a job's machine failed", "la machine d'une tâche a échoué"), _JOBS),
    "failed-swaps": AlarmWords(
        Words("a new model cannot be loaded", "un nouveau modèle ne peut pas être chargé"),
        Words(
            "The old one goes on serving. Go back to it for good: avocet models rollback",
            "L'ancien continue de servir. Pour y revenir : avocet models rollback",
        ),
    ),
    "daily-cost": AlarmWords(
        Words("the day costs more than planned", "la journée coûte plus que prévu"),
        Words("Look at the cost explorer, by tag.", "Consultez l'explorateur de coûts, par étiquette."),
    ),
}


def alarm_changed(alarm_name: str, *, is_ringing: bool, reason: str) -> Notice:
    """Say that an alarm rings, or rings no more; ringing again is the same fault."""
    key = next((key for key in ALARMS if alarm_name.endswith(key)), "")
    words = ALARMS.get(key) or AlarmWords(Words(f"alarm {alarm_name}", f"alarme {alarm_name}"), _LOGS)
    if not is_ringing:
        return Notice(
            kind=NoticeKind.HEALTH,
            subject=Words(f"over: {words.subject.en}", f"terminé : {words.subject.fr}"),
            text=Words(f"The alarm {alarm_name} rings no more.", f"L'alarme {alarm_name} ne sonne plus."),
        )
    told = f"Alarm {alarm_name}: {reason}", f"Alarme {alarm_name} : {reason}"
    book = f"\n\ndocs/runbooks.md#{key}" if key else ""
    return Notice(
        kind=NoticeKind.HEALTH,
        subject=words.subject,
        text=Words(f"{words.advice.en}{book}\n\n{told[0]}", f"{words.advice.fr}{book}\n\n{told[1]}"),
        fault=f"alarm-{key or alarm_name}",
    )
