"""Labels to be settled, and taxa outside the world list, as the API takes and shows them."""

import re
from collections.abc import Sequence

from avocet.domain.label_cases import LabelNotFoundError
from avocet.domain.taxonomy import Taxon, WorldList
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.formats import PHOTO_ID_PATTERN, SPECIES_ID_PATTERN
from avocet.http.schema.labels import LabelDecision, LabelList, LabelView, ProposedTaxon, TaxonAdded
from avocet.http.schema.names import Names
from avocet.usecases.add_taxon import TaxonWanted
from avocet.usecases.settle_label import CountedLabel

_LABEL_ID = re.compile(PHOTO_ID_PATTERN)
_SPECIES_ID = re.compile(SPECIES_ID_PATTERN)


def label_id_in_path(request: Request) -> str:
    """Return the id in the path.

    Raises:
        LabelNotFoundError: It cannot be one of ours.
    """
    label_id = request.path_parameters.get("id", "")
    if not _LABEL_ID.fullmatch(label_id):
        raise LabelNotFoundError("GET /admin/dataset/labels lists the labels and their ids.")
    return label_id


def label_decision(request: Request) -> LabelDecision:
    """Read the body of ``PUT /admin/dataset/labels/{id}``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: It says neither or both of a species and that the label is left out.
    """
    body = json_object(request.body)
    species_id, left_out = body.get("species_id"), body.get("left_out", False)
    if not isinstance(left_out, bool) or (species_id is None) is not left_out:
        raise InvalidRequestError("Say either species_id or left_out: true.")
    if species_id is not None and not (isinstance(species_id, str) and _SPECIES_ID.fullmatch(species_id)):
        raise InvalidRequestError("species_id must be an id that GET /species returns.")
    return LabelDecision(species_id, left_out)


def taxon_request(request: Request) -> TaxonWanted:
    """Read the body of ``POST /admin/species``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: A value is missing or no text.
    """
    body = json_object(request.body)
    for name in ("scientific", "en", "family"):
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise InvalidRequestError(f"{name} must be a text.")
    for name in ("rank", "fr", "parent_id"):
        if body.get(name) is not None and not isinstance(body[name], str):
            raise InvalidRequestError(f"{name} must be a text.")
    return TaxonWanted(
        scientific=body["scientific"],
        en=body["en"],
        family=body["family"],
        rank=body.get("rank") or "species",
        fr=body.get("fr"),
        parent_id=body.get("parent_id"),
    )


def label_list(labels: Sequence[CountedLabel], world_list: WorldList) -> LabelList:
    """Show labels in their order."""
    return LabelList(tuple(label_view(label, world_list) for label in labels))


def label_view(label: CountedLabel, world_list: WorldList) -> LabelView:
    """Show one label with the names of what it may mean."""
    case = label.case
    taxa = world_list.find_many(list(case.proposals))
    return LabelView(
        label_id=case.label_id,
        source=case.source,
        label=case.label,
        scientific=case.scientific,
        photos=label.photos,
        state=case.state,
        species_id=case.species_id,
        awaits_refresh=not case.is_applied,
        proposals=tuple(ProposedTaxon(taxon.species_id, _names(taxon)) for taxon in taxa if taxon is not None),
    )


def taxon_added(taxon: Taxon) -> TaxonAdded:
    """Show a taxon that was added."""
    return TaxonAdded(taxon.species_id, _names(taxon), taxon.rank, taxon.family, taxon.parent_id)


def _names(taxon: Taxon) -> Names:
    return Names(taxon.scientific, taxon.en, taxon.fr)
