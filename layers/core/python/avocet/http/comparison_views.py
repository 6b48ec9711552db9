"""A comparison of two models as the API shows it."""

from collections.abc import Mapping, Sequence

from avocet.domain.comparison import Difference, Measures, SpeciesDuel
from avocet.domain.drift_report import BothLanguages
from avocet.domain.evaluation import SpeciesScores, StoredEvaluation
from avocet.domain.models import Aliases
from avocet.domain.notifications import Words
from avocet.http.model_views import model_view
from avocet.http.schema.comparison import (
    ComparedModelView,
    DifferenceView,
    MeasuresView,
    ModelComparison,
    SpeciesDuelView,
    WeakSpeciesView,
)
from avocet.usecases.compare_models import ComparedModels, Reference

_DECIMALS = 4


def comparison_view(
    compared: ComparedModels, aliases: Aliases, milliseconds: Mapping[str, float] | None
) -> ModelComparison:
    """Show two models side by side."""
    found = compared.comparison
    return ModelComparison(
        snapshot_id=compared.snapshot_id,
        champion=_side(compared.champion, compared.champion_validation, found.champion_weakest, aliases),
        challenger=_side(compared.challenger, compared.challenger_validation, found.challenger_weakest, aliases),
        all_species=_measures(found.everything),
        shared_species=_measures(found.shared),
        shared_count=len(found.knowledge.shared),
        only_champion=tuple(sorted(found.knowledge.only_champion)),
        only_challenger=tuple(sorted(found.knowledge.only_challenger)),
        won=tuple(map(_duel, found.won)),
        lost=tuple(map(_duel, found.lost)),
        milliseconds={version: round(taken, 2) for version, taken in milliseconds.items()} if milliseconds else None,
        advice=found.advice,
        reason=found.reason.en,
        reason_words=_both(found.reason),
        caveats=tuple(caveat.en for caveat in compared.caveats),
        caveats_words=tuple(map(_both, compared.caveats)),
    )


def _both(words: Words) -> BothLanguages:
    return BothLanguages(words.en, words.fr)


def _side(
    reference: Reference, validation: StoredEvaluation | None, weakest: Sequence[SpeciesScores], aliases: Aliases
) -> ComparedModelView:
    return ComparedModelView(
        model_view(reference.model, aliases),
        _summary(validation),
        _summary(reference.validation),
        _summary(reference.test),
        tuple(_weak(scores) for scores in weakest),
    )


def _summary(stored: StoredEvaluation | None) -> dict[str, float] | None:
    return stored.summary() if stored else None


def _weak(scores: SpeciesScores) -> WeakSpeciesView:
    f1, precision, recall = (round(rate.value, _DECIMALS) for rate in (scores.f1, scores.precision, scores.recall))
    return WeakSpeciesView(scores.species_id, scores.photos, f1, precision, recall)


def _measures(measures: Measures) -> MeasuresView:
    return MeasuresView(measures.photos, {name: _difference(each) for name, each in measures.differences.items()})


def _difference(each: Difference) -> DifferenceView:
    champion, challenger = round(each.champion, _DECIMALS), round(each.challenger, _DECIMALS)
    return DifferenceView(champion, challenger, round(each.low, _DECIMALS), round(each.high, _DECIMALS), each.verdict)


def _duel(duel: SpeciesDuel) -> SpeciesDuelView:
    return SpeciesDuelView(
        duel.species_id,
        duel.photos,
        duel.champion_right,
        duel.challenger_right,
        round(duel.p_value, _DECIMALS),
        duel.verdict,
    )
