"""What admins are told, in English and in French; pure. It sends nothing, and names no person and shows no photo."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from avocet.domain.jobs import Job, JobKind, JobState
from avocet.domain.sayings import in_french, saying_in
from avocet.domain.syncing import SyncRecord, SyncStatus

# What SNS takes as a subject: fewer than 100 characters in one line.
MAX_SUBJECT_LETTERS = 99


class NoticeKind(StrEnum):
    """What a notice is about; people choose among these."""

    DATA = "data"
    TRAINING = "training"
    MODELS = "models"
    DRIFT = "drift"
    HEALTH = "health"


class Language(StrEnum):
    """The languages that notices are written in."""

    EN = "en"
    FR = "fr"


@dataclass(frozen=True, slots=True)
class NotificationChoice:
    """What somebody wants to be told by e-mail; no kinds: nothing.

    Attributes:
        kinds: What about.
        language: In which language.
    """

    kinds: frozenset[NoticeKind] = frozenset()
    language: Language = Language.EN


class Delivery(StrEnum):
    """What becomes of the letters that somebody chose."""

    OFF = "off"  # none were chosen
    EMAIL = "email"
    UNCONFIRMED = "unconfirmed"  # they begin once the link in the first mail is followed
    ENDED = "ended"  # they were ended by a link in a mail, or never confirmed; choosing again begins anew
    INBOX = "inbox"  # no mail leaves this place; its inbox hears everything


@dataclass(frozen=True, slots=True)
class Words:
    """One text in every language."""

    en: str
    fr: str

    def of(self, language: Language) -> str:
        """Return the text in ``language``."""
        return self.fr if language is Language.FR else self.en


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in one language, ready to be sent.

    Attributes:
        kind: What it is about.
        language: Of subject and text.
        subject: One line of fewer than 100 characters that says what happened.
        text: Plain, for a phone's screen.
    """

    kind: NoticeKind
    language: Language
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the admins should know.

    Attributes:
        kind: What it is about.
        subject: What happened, in a few words; without the product's name.
        text: The rest, in plain text.
        fault: Names the fault, the same at every occurrence; it is told once an hour with a count. Empty: no fault,
            told every time.
    """

    kind: NoticeKind
    subject: Words
    text: Words
    fault: str = ""

    def letters(self, repeats: int = 0) -> tuple[Letter, ...]:
        """Write the notice in every language; ``repeats`` is how often the fault came back since it was last told."""
        return tuple(self._letter(language, repeats) for language in Language)

    def _letter(self, language: Language, repeats: int) -> Letter:
        subject, text = self.subject.of(language), self.text.of(language)
        if repeats:
            subject = f"{subject} ({repeats + 1}x)"
            text = f"{_AGAIN.of(language).format(repeats=repeats)}\n\n{text}"
        return Letter(self.kind, language, one_line(_FROM.of(language) + subject), text)


# French puts a space before the colon.
_FROM = Words("Avocet: ", "Avocet : ")
_AGAIN = Words(
    "This happened {repeats} more times since it was last told.",
    "C'est arrivé encore {repeats} fois depuis le dernier message.",
)


def one_line(text: str) -> str:
    """Return ``text`` as a subject: printable, in one line, cut between words where it is too long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if len(line) <= MAX_SUBJECT_LETTERS:
        return line
    kept = line[: MAX_SUBJECT_LETTERS - 1]
    whole = kept.rpartition(" ")[0] if " " in kept else kept
    return whole.rstrip(" ,;:-") + "…"


_JOB_NOTICES: Mapping[JobKind, tuple[NoticeKind, Words]] = {
    JobKind.SYNC: (NoticeKind.DATA, Words("fetching new photos", "récupération de nouvelles photos")),
    JobKind.REFRESH: (NoticeKind.DATA, Words("dataset refresh", "mise à jour du jeu de données")),
    JobKind.VERIFY: (NoticeKind.DATA, Words("dataset verification", "vérification du jeu de données")),
    JobKind.TRAIN: (NoticeKind.TRAINING, Words("training", "entraînement")),
    JobKind.EVALUATE: (NoticeKind.MODELS, Words("model evaluation", "évaluation d'un modèle")),
    JobKind.CHECK_DRIFT: (NoticeKind.DRIFT, Words("model check", "contrôle du modèle")),
}

# What jobs call their results, as people read it in French; English reads the names themselves.
_FACTS_FR = {
    "snapshot_id": "instantané",
    "added": "ajoutées",
    "relabelled": "renommées",
    "removed": "retirées",
    "waiting": "en attente",
    "set_aside": "à vérifier",
    "duplicates": "doublons",
    "refused": "refusées",
    "taken": "reprises",
    "known": "déjà là",
    "unresolved": "noms inconnus",
    "left_out": "laissées de côté",
    "newly_trainable": "espèces nouvelles pour l'entraînement",
    "new_species": "nouvelles espèces",
}

_TRAIN_NEXT = Words(
    "The dataset has changed. Train a model on it: avocet train",
    "Le jeu de données a changé. Entraînez un modèle : avocet train",
)


def job_started(job: Job) -> Notice:
    """Say that a job began, why, and which attempt it is."""
    kind, name = _JOB_NOTICES[job.kind]
    english = [f"Why: {job.because}."] if job.because else []
    french = [f"Pourquoi : {in_french(job.because)}."] if job.because else []
    if job.attempt > 1:
        english.append(f"This is attempt {job.attempt}.")
        french.append(f"C'est la tentative {job.attempt}.")
    return Notice(
        kind=kind,
        subject=Words(f"{name.en} started", f"{name.fr} : commencé"),
        text=Words(
            "\n".join([*english, f"Job {job.job_id}"]),
            "\n".join([*french, f"Tâche {job.job_id}"]),
        ),
    )


def speaks_for_itself(job: Job) -> bool:
    """Whether a closed job needs no word of its own: a look for new photos tells what it found, if anything."""
    return job.kind is JobKind.SYNC and job.state is JobState.FINISHED


_SYNC_FR = {
    SyncStatus.WITHDRAWN: "Le jeu de photos n'est plus proposé ; les photos déjà reprises restent.",
    SyncStatus.DENIED: "Kaggle refuse les identifiants enregistrés.",
    SyncStatus.BROKEN: "L'archive de la dernière version est endommagée et n'a pas été reprise.",
}


def sync_stands(record: SyncRecord) -> Notice:
    """Say that no new photos can be fetched, and why."""
    french = _SYNC_FR.get(record.status, record.sentence)
    more = Words(f"\n{record.detail}", f"\n{in_french(record.detail)}") if record.detail else Words("", "")
    return Notice(
        kind=NoticeKind.DATA,
        subject=Words("no new photos can be fetched", "pas de nouvelles photos"),
        text=Words(f"{record.sentence}{more.en}", f"{french}{more.fr}"),
    )


def sync_brought(version: int, photos: int, facts: Mapping[str, str]) -> Notice:
    """Say that a version of the set is here, and what it brought."""
    english = [f"Version {version} of the set is here; it brought {photos} new photos."]
    french = [f"La version {version} du jeu de photos est là ; elle apporte {photos} nouvelles photos."]
    if photos:
        english.append("They are being added to the dataset.")
        french.append("Elles sont ajoutées au jeu de données.")
    english += [f"{fact.replace('_', ' ')}: {value}" for fact, value in facts.items()]
    french += [f"{_FACTS_FR.get(fact, fact.replace('_', ' '))} : {value}" for fact, value in facts.items()]
    return Notice(
        kind=NoticeKind.DATA,
        subject=Words(f"{photos} new photos fetched", f"{photos} nouvelles photos"),
        text=Words("\n".join(english), "\n".join(french)),
    )


def job_closed(job: Job) -> Notice:
    """Say how a job ended; a failure of one kind of job is one fault."""
    kind, name = _JOB_NOTICES[job.kind]
    if job.state is JobState.FAILED:
        reason = _why(job)
        return Notice(
            kind=kind,
            subject=Words(f"{name.en} failed", f"échec : {name.fr}"),
            text=Words(
                f"The job did not finish: {reason.en}.\n\nNothing was lost. Look at it: avocet jobs\nJob {job.job_id}",
                f"La tâche n'a pas abouti : {reason.fr}.\n\n"
                f"Rien n'est perdu. Pour voir : avocet jobs\nTâche {job.job_id}",
            ),
            fault=f"job-failed-{job.kind}",
        )
    facts = {fact: value for fact, value in job.result.items() if value}
    english = [f"{fact.replace('_', ' ')}: {value}" for fact, value in facts.items()]
    french = [f"{_FACTS_FR.get(fact, fact.replace('_', ' '))} : {value}" for fact, value in facts.items()]
    if job.kind is JobKind.REFRESH and job.result.get("snapshot_id"):
        english.append(f"\n{_TRAIN_NEXT.en}")
        french.append(f"\n{_TRAIN_NEXT.fr}")
    return Notice(
        kind=kind,
        subject=Words(f"{name.en} finished", f"{name.fr} : terminé"),
        text=Words(
            "\n".join([*english, f"\nJob {job.job_id}"]).strip(), "\n".join([*french, f"\nTâche {job.job_id}"]).strip()
        ),
    )


def _why(job: Job) -> Words:
    saying = job.failure or saying_in(job.reason)
    return Words(job.reason.rstrip("."), (saying.fr if saying and saying.fr else job.reason).rstrip("."))
