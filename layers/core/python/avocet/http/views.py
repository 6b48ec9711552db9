"""Domain objects as the API shows them, with names looked up in the world list of today."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from avocet.domain.contribution import Contribution, PhotoRecord
from avocet.domain.prediction import CoarserGuess, Prediction, ScoredSpecies
from avocet.domain.taxonomy import Taxon, WorldList
from avocet.http.schema.names import Names
from avocet.http.schema.predictions import CoarserName, FeedbackGiven, PredictedSpecies, PredictionAnswer, TimingsMs

if TYPE_CHECKING:
    # Its module holds the photo's decoder, which functions that only read have no layer for.
    from avocet.usecases.predict import Timings

_TIMING_DECIMALS = 2


def prediction_answer(record: PhotoRecord, world_list: WorldList, timings_ms: TimingsMs | None) -> PredictionAnswer:
    """Show the prediction in ``record``.

    Raises:
        ValueError: There is none.
    """
    prediction = record.prediction
    if prediction is None:
        raise ValueError("no prediction to show")
    return PredictionAnswer(
        prediction_id=record.photo_id,
        model_version=prediction.model_version,
        predictions=_ranked(prediction, world_list),
        coarser=_coarser(prediction.coarser, world_list) if prediction.coarser else None,
        unfamiliar=prediction.unfamiliar,
        timings_ms=timings_ms,
        expires_at=timestamp(record.expires_at),
        feedback=_feedback(record.contribution) if record.contribution else None,
    )


def timings_shown(timings: "Timings", *, total_ms: float) -> TimingsMs:
    """Show where the time went."""
    return TimingsMs(
        model=round(timings.model_ms, _TIMING_DECIMALS),
        decode=round(timings.decode_ms, _TIMING_DECIMALS),
        infer=round(timings.infer_ms, _TIMING_DECIMALS),
        store=round(timings.store_ms, _TIMING_DECIMALS),
        total=round(total_ms, _TIMING_DECIMALS),
    )


def timestamp(moment: datetime) -> str:
    """Show a moment as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _ranked(prediction: Prediction, world_list: WorldList) -> tuple[PredictedSpecies, ...]:
    taxa = world_list.find_many([scored.species_id for scored in prediction.ranked])
    return tuple(_predicted(scored, taxon, world_list) for scored, taxon in zip(prediction.ranked, taxa, strict=True))


def _predicted(scored: ScoredSpecies, taxon: Taxon | None, world_list: WorldList) -> PredictedSpecies:
    if taxon is None:
        # A model may know a taxon that this list does not hold yet; its id is readable enough to stand in.
        name = scored.species_id.replace("-", " ").capitalize()
        return PredictedSpecies(scored.species_id, Names(name, None, None), scored.score, "species", None)
    return PredictedSpecies(
        species_id=scored.species_id,
        names=Names(taxon.scientific, taxon.en, taxon.fr),
        score=scored.score,
        rank=taxon.rank,
        family=_family(taxon.family, world_list),
    )


def _family(scientific: str, world_list: WorldList) -> Names:
    group = world_list.family(scientific)
    return Names(scientific, group.en, group.fr) if group else Names(scientific, None, None)


def _coarser(guess: CoarserGuess, world_list: WorldList) -> CoarserName:
    names = _family(guess.name, world_list) if guess.rank == "family" else Names(guess.name, None, None)
    return CoarserName(guess.rank, guess.name, names, guess.score)


def _feedback(contribution: Contribution) -> FeedbackGiven:
    answer = contribution.answer
    return FeedbackGiven(answer.feedback, answer.species_id, contribution.status)
