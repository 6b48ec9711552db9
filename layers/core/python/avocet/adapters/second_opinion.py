"""The champion's opinion of a labelled photo; without a champion there is none."""

from dataclasses import dataclass, field
from threading import Lock

from avocet.domain.cleaning import Opinion
from avocet.usecases.ports import Champion, NoModelError, Pixels


@dataclass(frozen=True)
class ChampionOpinion:
    """Asks whoever serves, one photo at a time whoever asks.

    A session keeps the memory of as many runs as were ever under way at once, some 25 MB each, and the one processor
    behind it gains nothing by several.
    """

    champion: Champion
    _asking: Lock = field(default_factory=Lock, repr=False, compare=False)

    def about(self, pixels: Pixels, species_id: str) -> Opinion | None:
        """Judge one image (uint8 ``[224, 224, 3]``, 0-255, RGB); None when no champion can be asked."""
        try:
            model = self.champion.current()
        except NoModelError:
            return None
        if pixels.shape[0] != model.size_px:
            return None
        with self._asking:
            scores = model.score(pixels)
        species = model.labels.species
        best = int(scores.probabilities.argmax())
        label_score = float(scores.probabilities[species.index(species_id)]) if species_id in species else None
        score = float(scores.probabilities[best])
        return Opinion(
            is_familiar=scores.familiarity >= model.thresholds.familiarity_min,
            species_id=species[best],
            score=score,
            label_score=label_score,
            is_sure=score >= model.thresholds.sure_min_score,
        )
