"""Everybody is told, in both languages, whether birds can be named, what goes on, and how the model does."""

from datetime import UTC, datetime, timedelta

import pytest

from avocet.domain.drift import DriftState
from avocet.domain.jobs import JobKind, Ledger, Request, requested, started
from avocet.domain.notifications import Words
from avocet.domain.service_state import LastCheck, activity, model_state, running_kinds
from avocet.domain.syncing import SyncRecord, SyncStatus

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STEADY = Words("The model is as good as it was.", "Le modèle est aussi bon qu'avant.")


def checked(*, ago: timedelta = timedelta(hours=6), version: str = "head-2") -> LastCheck:
    return LastCheck("000000000007", (NOW - ago).isoformat(), version, DriftState.STEADY, STEADY)


def test_a_fresh_check_of_this_very_model_is_told_as_it_was_found() -> None:
    told = model_state("head-2", checked(), NOW)
    assert (told.state, told.is_watched, told.sentence) == (DriftState.STEADY, True, STEADY)


@pytest.mark.parametrize("last", [None, checked(version="head-1")])
def test_another_models_check_says_nothing_of_this_one(last: LastCheck | None) -> None:
    told = model_state("head-2", last, NOW)
    assert (told.state, told.is_watched, told.checked_at) == (None, False, None)
    assert "not been checked" in told.sentence.en
    assert "pas encore été contrôlé" in told.sentence.fr


def test_checks_that_stopped_coming_are_no_secret() -> None:
    told = model_state("head-2", checked(ago=timedelta(days=3)), NOW)
    assert not told.is_watched
    assert (
        told.sentence.en == "The model is as good as it was. But that was on 2026-11-22: the daily checks do not come."
    )


def test_a_clock_that_jumped_back_makes_a_check_no_staler() -> None:
    assert model_state("head-2", checked(ago=timedelta(days=-400)), NOW).is_watched


def test_without_a_model_nothing_is_watched() -> None:
    told = model_state(None, checked(), NOW)
    assert not told.is_watched
    assert "no model" in told.sentence.en


@pytest.mark.parametrize("kind", JobKind)
def test_every_kind_of_job_has_words_in_both_languages(kind: JobKind) -> None:
    ledger, _ = requested(Ledger(), Request(kind, "someone"), job_id="1", now=NOW)
    ledger, running = started(ledger, now=NOW)
    assert running
    assert running_kinds(ledger) == (kind,)
    assert "identifying birds goes on" in activity(ledger).en
    assert "l'identification des oiseaux continue" in activity(ledger).fr


def test_a_set_that_is_no_longer_offered_is_told_to_everybody() -> None:
    told = activity(Ledger(), SyncRecord(status=SyncStatus.WITHDRAWN))
    assert told.en.startswith("Everything is up to date. The set of photos is no longer offered")
    assert told.fr.startswith("Tout est à jour. Le jeu de photos n'est plus proposé")


def test_what_was_kept_of_a_check_reads_back_as_it_was() -> None:
    assert LastCheck.from_json(checked().to_json()) == checked()
