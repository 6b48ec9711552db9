"""Which species the iNaturalist bird classifier and a training have in common."""

import re
from collections.abc import Callable, Mapping, Sequence

from training_job.head import LinearHead


def scientific_and_english(line: str) -> tuple[str, str]:
    """Splits a line of the classifier's label file: `Pica nuttalli (Yellow-billed Magpie)`."""
    match = re.fullmatch(r"\s*(?P<scientific>[^(]+?)\s*(?:\((?P<english>.*)\))?\s*", line)
    return (match["scientific"], match["english"] or "") if match else (line.strip(), "")


def outputs_by_species(lines: Sequence[str], species_id_of: Callable[[str, str], str | None]) -> dict[str, int]:
    """Finds the classifier's output for each species.

    Args:
        lines: The label file, one line per output.
        species_id_of: Takes an English and a scientific name to a species id, or None.
    """
    found: dict[str, int] = {}
    for at, line in enumerate(lines):
        scientific, english = scientific_and_english(line)
        species_id = species_id_of(english, scientific)
        if species_id is not None:
            found.setdefault(species_id, at)
    return found


def with_known_species(
    head: LinearHead, species: Sequence[str], output_of_species: Mapping[str, int], *, first_opinion: int, bonus: float
) -> LinearHead:
    """Lets the classifier's own opinion of a species speak for that species.

    It saw hundreds of field photos of each of its species where we have four; the ridge head alone gives its opinion
    no more weight than any other coordinate.

    Args:
        head: A head over embeddings that hold the opinion from coordinate `first_opinion` on.
        species: The head's species.
        output_of_species: The classifier's output for each species it knows.
        first_opinion: Where the opinion starts in the embedding.
        bonus: What is added to the weight between the opinion of a species and its score.
    """
    weights = head.weights.copy()
    for at, species_id in enumerate(species):
        if species_id in output_of_species:
            weights[first_opinion + output_of_species[species_id], at] += bonus
    return LinearHead(weights, head.bias)
