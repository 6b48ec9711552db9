"""The open numbers as the API shows them."""

from collections.abc import Mapping, Sequence
from datetime import UTC

from avocet.domain.models import ModelVersion
from avocet.domain.numbers import CONTRIBUTIONS_TALLY, DatasetNumbers, tallied_answer
from avocet.domain.taxonomy import WorldList
from avocet.http.schema.names import Names
from avocet.http.schema.stats import AnswersOfWeek, GrowthOfDay, ModelFigures, PendingSpecies, PublicStats, SpeciesCount
from avocet.usecases.dataset_ports import Head

MAX_SPECIES = 50
MAX_MODELS = 50
MAX_WEEKS = 104


def public_stats(
    *,
    tallies: Mapping[str, int],
    head: Head,
    numbers: DatasetNumbers,
    models: Sequence[ModelVersion],
    champion: str | None,
    world_list: WorldList,
) -> PublicStats:
    """Put the numbers together."""
    needed = max(1, numbers.needed_photos)
    return PublicStats(
        contributions=tallies.get(CONTRIBUTIONS_TALLY, 0),
        dataset_photos=head.photos,
        dataset_species=head.species,
        dataset_sources=dict(head.sources),
        growth=tuple(GrowthOfDay(each.day, each.photos, each.species, dict(each.sources)) for each in numbers.growth),
        largest_species=tuple(
            SpeciesCount(species_id, _names(species_id, world_list), photos)
            for species_id, photos in numbers.largest(MAX_SPECIES)
        ),
        pending_species=tuple(
            PendingSpecies(species_id, _names(species_id, world_list), photos, needed)
            for species_id, photos in numbers.closest(MAX_SPECIES)
        ),
        # The registry lists the newest first; a chart reads from left to right.
        models=tuple(_model(model, champion) for model in reversed(models[:MAX_MODELS])),
        answers=_answers(tallies)[-MAX_WEEKS:],
    )


def _names(species_id: str, world_list: WorldList) -> Names:
    taxon = world_list.find(species_id)
    # A species may have left the list since it was counted.
    return Names(taxon.scientific, taxon.en, taxon.fr) if taxon else Names(species_id, None, None)


def _model(model: ModelVersion, champion: str | None) -> ModelFigures:
    figures = model.figures
    return ModelFigures(
        model_version=model.version,
        registered_at=model.registered_at.astimezone(UTC).isoformat(timespec="seconds"),
        accuracy=figures.get("test_accuracy", figures.get("validation_accuracy")),
        top3=figures.get("test_top3", figures.get("top3")),
        macro_f1=figures.get("test_macro_f1", figures.get("macro_f1")),
        is_champion=model.version == champion,
    )


def _answers(tallies: Mapping[str, int]) -> tuple[AnswersOfWeek, ...]:
    weeks: dict[str, dict[str, int]] = {}
    for name, count in tallies.items():
        if counted := tallied_answer(name):
            week, feedback = counted
            weeks.setdefault(week, {})[feedback.value] = count
    return tuple(
        AnswersOfWeek(week, by.get("confirmed", 0), by.get("corrected", 0), by.get("unknown", 0))
        for week, by in sorted(weeks.items())
    )
