"""Two versions side by side in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.advice import Advice, Verdict
from avocet.domain.drift_report import BothLanguages
from avocet.http.schema.models import ModelView


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """One measure of both models, and whether they differ by more than chance."""

    champion: float
    challenger: float
    low: float = field(metadata={"description": "Lower end of the 95 % interval of challenger minus champion."})
    high: float
    verdict: Verdict = field(
        metadata={
            "description": "For the challenger; noise where the interval holds 0, or a handful of photos decides."
        }
    )


@dataclass(frozen=True, slots=True)
class MeasuresView:
    """Both models on one set of photos."""

    photos: int = field(metadata={"ge": 0})
    differences: dict[str, DifferenceView] = field(
        metadata={"description": "accuracy, top3, macro_f1, log_loss, calibration_error; none without a photo."}
    )


@dataclass(frozen=True, slots=True)
class WeakSpeciesView:
    """A species that a model is bad at."""

    species_id: str
    photos: int
    f1: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class SpeciesDuelView:
    """A species that one model names better than the other."""

    species_id: str
    photos: int
    champion_right: int
    challenger_right: int
    p_value: float = field(
        metadata={"ge": 0, "le": 1, "description": "Exact McNemar test, corrected for many species."}
    )
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ComparedModelView:
    """One of the two models."""

    model: ModelView
    validation: dict[str, float] | None = field(
        metadata={"description": "On the validation photos of the snapshot compared on; null where nobody scored them."}
    )
    own_validation: dict[str, float] | None = field(
        metadata={"description": "On the validation photos of the snapshot it was trained on."}
    )
    own_test: dict[str, float] | None
    weakest: tuple[WeakSpeciesView, ...] = field(
        metadata={"description": "Its ten weakest species on the test photos."}
    )


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """A version against the champion, on the same test photos."""

    snapshot_id: str
    champion: ComparedModelView
    challenger: ComparedModelView
    all_species: MeasuresView
    shared_species: MeasuresView = field(metadata={"description": "On photos of species that both can name."})
    shared_count: int = field(metadata={"ge": 0})
    only_champion: tuple[str, ...] = field(metadata={"description": "Species that only the champion can name."})
    only_challenger: tuple[str, ...]
    won: tuple[SpeciesDuelView, ...] = field(metadata={"description": "The challenger names more; largest gain first."})
    lost: tuple[SpeciesDuelView, ...]
    milliseconds: dict[str, float] | None = field(
        metadata={
            "description": "One prediction of each version on one core, side by side just now; null if one is broken."
        }
    )
    advice: Advice
    reason: str
    reason_words: BothLanguages
    caveats: tuple[str, ...]
    caveats_words: tuple[BothLanguages, ...]
