"""What a training is told: each configuration is a dated experiment, with its command, its time and its result."""

from dataclasses import dataclass
from datetime import date

from training_job.finetune import FineTuning


@dataclass(frozen=True)
class TrainingConfig:
    """A complete recipe.

    Attributes:
        name: Of the recipe; also the first part of the model version.
        created_on: The day written into the bundle.
        input_size_px: Side of the square photos that the bundle is served.
        folds: Over how many folds a species' photos are dealt; fold 0 is held out of all fine-tuning.
        opinion_weight: Length of the iNaturalist opinion within the embedding, where each backbone has 1.
        known_species_bonus: What the iNaturalist classifier's opinion of a species adds to that species' own score.
        score_floor: What a score of 0 counts as when scores become probabilities.
        penalty: Ridge penalty of the heads.
        head_views: How many augmented views of each photo the final head is fitted on, besides the photo and its
            mirror image.
        fine_tuning: How every layer is trained further.
        tuned_ratios: Candidates for how far to go from the first to the tuned weights.
        sure_precision: How often a species that is named as sure must be right.
        coarser_precision: How often a genus or family that is named must be right.
        false_unfamiliar_ratio: The share of photos of known species that may be called unfamiliar.
        species_folds: Into how many parts species are dealt to measure familiarity with species held out.
        seed: Of everything drawn by chance.
    """

    name: str
    created_on: date
    input_size_px: int
    folds: int
    opinion_weight: float
    known_species_bonus: float
    score_floor: float
    penalty: float
    head_views: int
    fine_tuning: FineTuning
    tuned_ratios: tuple[float, ...]
    sure_precision: float
    coarser_precision: float
    false_unfamiliar_ratio: float
    species_folds: int
    seed: int


STARTER = TrainingConfig(
    name="starter",
    created_on=date(2026, 11, 25),
    input_size_px=224,
    folds=4,
    opinion_weight=1.13,
    known_species_bonus=0.2,
    score_floor=0.05,
    penalty=0.03,
    head_views=2,
    fine_tuning=FineTuning(
        epochs=4,
        batch=16,
        size_px=192,
        learning_rate=5e-5,
        score_scale=20.0,
        label_smoothing=0.05,
        seed=20261123,
    ),
    tuned_ratios=(0.5, 1.0),
    sure_precision=0.95,
    coarser_precision=0.95,
    false_unfamiliar_ratio=0.05,
    species_folds=5,
    seed=20261123,
)

"""The shipped starter model, 2026-11-25.

Command: `make starter-model`. Time: two fine-tunings of 10 to 16 minutes each and 15 minutes of embedding and measuring on two
shared cores. Result of the first, on 524 held-out photos, heads on three photos per species: top 1 0.905 (0.903 before
fine-tuning), simulated photos from elsewhere 0.840 (0.788); familiarity 0.917 against species held out. The second,
which is shipped, repeats it on all four photos. More in models/starter/MODEL_CARD.md.
"""

CONFIGS = {config.name: config for config in (STARTER,)}
