"""What a model took for what, as the API shows it: the matrix, the calibration, and the photos behind a cell of it."""

import re
from collections.abc import Mapping, Sequence

from avocet.domain.dataset import DatasetPhoto, Split
from avocet.domain.evaluation import Outcome, StoredEvaluation
from avocet.domain.taxonomy import WorldList
from avocet.http.events import Request
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.confusion import CalibrationBin, ConfusionView, JudgedPhoto, JudgedPhotos, JudgedSpecies
from avocet.http.schema.formats import SPECIES_ID_PATTERN
from avocet.http.schema.names import Names
from avocet.usecases.people_ports import Links

SHOWN_PHOTOS = 60
_LINK_S = 900
_SNAPSHOT = re.compile("[0-9a-f]{64}")
_SPECIES_ID = re.compile(SPECIES_ID_PATTERN)


def asked_evaluation(request: Request) -> tuple[str, Split]:
    """Read ``snapshot`` and ``split`` of the query; what people type never becomes a key unseen.

    Raises:
        InvalidRequestError: One is missing or malformed.
    """
    snapshot_id, split = request.query.get("snapshot", ""), request.query.get("split", Split.TEST.value)
    if not _SNAPSHOT.fullmatch(snapshot_id):
        raise InvalidRequestError("snapshot must be one that GET /admin/models/{version} lists among its evaluations.")
    if split not in set(Split):
        raise InvalidRequestError(f"split must be one of {', '.join(Split)}.")
    return snapshot_id, Split(split)


def asked_cell(request: Request) -> tuple[str, str | None]:
    """Read ``species`` and ``answer`` of the query; no answer stands for every wrong one.

    Raises:
        InvalidRequestError: One is malformed.
    """
    species_id, answer = request.query.get("species", ""), request.query.get("answer")
    for name, value in (("species", species_id), ("answer", answer)):
        if value is not None and not _SPECIES_ID.fullmatch(value):
            raise InvalidRequestError(f"{name} must be an id that GET /species returns.")
    return species_id, answer


def confusion_view(stored: StoredEvaluation, world_list: WorldList) -> ConfusionView:
    """Show an evaluation's sums."""
    evaluation = stored.evaluation
    return ConfusionView(
        version=stored.model_version,
        snapshot_id=stored.snapshot_id,
        split=Split(stored.split),
        photos=evaluation.photos,
        species=tuple(_judged(species_id, world_list) for species_id in evaluation.species),
        matrix={species: dict(row) for species, row in sorted(evaluation.matrix.items())},
        bins=tuple(
            CalibrationBin(each.photos, round(each.score_sum / each.photos, 4), round(each.right / each.photos, 4))
            for each in evaluation.bins
            if each.photos
        ),
    )


def cell_of(outcomes: Sequence[Outcome], species_id: str, answer: str | None) -> Sequence[Outcome]:
    """Return the outcomes behind a cell, or behind all wrong answers to a species; the surest first."""
    found = (
        each
        for each in outcomes
        if each.species_id == species_id
        and (each.answer.species_id == answer if answer is not None else not each.is_right)
    )
    return sorted(found, key=lambda each: (-each.answer.score, each.photo_id))


def judged_photos(cell: Sequence[Outcome], photos: Mapping[str, DatasetPhoto], links: Links) -> JudgedPhotos:
    """Show the photos behind a cell; one that was erased meanwhile is left out."""
    shown = tuple(
        JudgedPhoto(
            photo_id=each.photo_id,
            species_id=each.species_id,
            answer=each.answer.species_id,
            score=each.answer.score,
            url=links.link_to(photos[each.photo_id].raw_key, lifetime_s=_LINK_S),
        )
        for each in cell[:SHOWN_PHOTOS]
        if each.photo_id in photos
    )
    return JudgedPhotos(shown, max(0, len(cell) - SHOWN_PHOTOS))


def _judged(species_id: str, world_list: WorldList) -> JudgedSpecies:
    taxon = world_list.find(species_id)
    if taxon is None:
        plain = species_id.replace("-", " ").capitalize()
        return JudgedSpecies(species_id, Names(plain, None, None), Names("", None, None))
    family = world_list.family(taxon.family)
    return JudgedSpecies(
        species_id,
        Names(taxon.scientific, taxon.en, taxon.fr),
        Names(taxon.family, family.en if family else None, family.fr if family else None),
    )
