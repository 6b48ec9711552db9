"""Holds a model's scores against what a photo shows; apart from the scoring, which waits for nobody's verdict.

It refuses nothing.
"""

import numpy as np

from avocet.domain.evaluation import Outcome, loss_of
from avocet.domain.prediction import ScoredSpecies
from avocet.domain.scoring import ANSWERS, SCORE_DECIMALS, ModelLabels, Scores, Thresholds, rounded


def judged(scores: Scores, *, photo_id: str, species_id: str, labels: ModelLabels, thresholds: Thresholds) -> Outcome:
    """Hold a model's scores for one photo against the species it shows; one the model cannot name was given nothing."""
    probabilities = scores.probabilities
    best = np.argsort(-probabilities, kind="stable")[:ANSWERS]
    place = labels.place_of.get(species_id)
    return Outcome(
        photo_id=photo_id,
        species_id=species_id,
        ranked=tuple(ScoredSpecies(labels.species[i], rounded(float(probabilities[i]))) for i in best),
        loss=loss_of(0.0 if place is None else float(probabilities[place])),
        familiarity=round(scores.familiarity, SCORE_DECIMALS),
        is_familiar=bool(scores.familiarity >= thresholds.familiarity_min),
    )
