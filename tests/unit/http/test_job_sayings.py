"""Why jobs were asked for and why they failed, as the API and the letters tell it: by a code, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from avocet.domain.jobs import Job, JobKind, JobState, Ledger, cancelled, finished, swept
from avocet.domain.notifications import Language, Letter, job_closed, job_started, sync_stands
from avocet.domain.syncing import SyncRecord, SyncStatus
from avocet.http.job_views import job_view
from avocet.http.schema.jobs import JobSaying

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
WHY = "40 contributions are new; 21 are worth a refresh of 2096 photos"
RUNNING = Job(
    "j1", JobKind.TRAIN, "system", NOW, because=WHY, state=JobState.RUNNING, attempt=3, fence=7, started_at=NOW
)


def failed(reason: str) -> Job:
    return finished(Ledger((RUNNING,), 7), "j1", 7, now=NOW, reason=reason)[1]


def letter(notice_of_job: Job, language: Language) -> Letter:
    return next(each for each in job_closed(notice_of_job).letters() if each.language is language)


def test_a_failed_job_says_why_by_a_code_in_both_languages_and_as_before() -> None:
    text = "NoModelError: There is no champion to start from; publish a model first."
    shown = job_view(failed(text))
    assert shown.reason == text
    assert shown.failure == JobSaying(
        "no-champion",
        {},
        "There is no champion to start from; publish a model first.",
        "Il n'y a pas de champion dont partir ; publiez d'abord un modèle.",
    )
    assert shown.why == (
        JobSaying(
            "new-contributions",
            {"given": "40", "needed": "21", "photos": "2096"},
            WHY,
            "40 contributions sont nouvelles ; 21 suffisent pour mettre à jour 2096 photos",
        ),
    )


def test_a_job_that_an_earlier_release_closed_is_told_like_any_other() -> None:
    now = failed("the training left no output")
    assert job_view(replace(now, failure=None)).failure == job_view(now).failure


def test_a_reason_that_nobody_knows_has_no_code_and_loses_no_word() -> None:
    shown = job_view(replace(failed("the moon was full"), because="it was asked for"))
    assert (shown.reason, shown.failure) == ("the moon was full", None)
    assert shown.why == (JobSaying(None, {"text": "it was asked for"}, None, None),)
    assert job_view(replace(RUNNING, because="")).why == ()


def test_cancelled_and_given_up_jobs_say_so_by_a_code() -> None:
    ledger = Ledger((RUNNING,), 7)
    closed = cancelled(ledger, "j1", now=NOW, cancelled_by="ada")[1]
    (dead,) = swept(ledger, now=NOW, broken_off={7})[1]
    for job, code in ((closed, "cancelled"), (dead, "broke-off")):
        assert job.failure is not None
        assert job.failure.code == code
        assert job_view(job).failure is not None


@pytest.mark.parametrize(
    ("reason", "english", "french"),
    [
        (
            "NothingToTrainOnError: The dataset has no snapshot yet; add photos, then start a refresh.",
            "did not finish: NothingToTrainOnError: The dataset has no snapshot yet; add photos, then start a refresh.\n",
            "pas abouti : Le jeu de données n'a pas encore d'instantané ; ajoutez des photos, puis lancez une mise à jour.\n",
        ),
        ("the moon was full", "did not finish: the moon was full.\n", "pas abouti : the moon was full.\n"),
    ],
)
def test_a_letter_about_a_failure_says_why_in_its_language(reason: str, english: str, french: str) -> None:
    assert english in letter(failed(reason), Language.EN).text
    assert french in letter(failed(reason), Language.FR).text


def test_letters_about_a_beginning_and_about_the_set_are_in_one_language_throughout() -> None:
    begun = job_started(replace(RUNNING, kind=JobKind.REFRESH)).text
    assert begun.en.startswith(f"Why: {WHY}.")
    assert begun.fr.startswith("Pourquoi : 40 contributions sont nouvelles ; 21 suffisent")
    stands = sync_stands(SyncRecord(SyncStatus.DENIED, detail="Kaggle answered 403")).text
    assert stands.en.endswith("\nKaggle answered 403")
    assert stands.fr.endswith("\nKaggle a répondu 403")
