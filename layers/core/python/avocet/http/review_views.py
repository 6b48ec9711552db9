"""Reviews as the API takes and shows them; of a photo's owner nothing is shown."""

import re
from collections.abc import Sequence

from avocet.domain.review import Action
from avocet.domain.taxonomy import WorldList
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.formats import SPECIES_ID_PATTERN
from avocet.http.schema.names import Names
from avocet.http.schema.review import (
    AuditList,
    AuditView,
    LookAlikePhoto,
    LookAlikesView,
    NamedSpecies,
    PhotoInReview,
    ReviewQueue,
    ReviewRequest,
    ReviewTaken,
    Suggestion,
)
from avocet.http.views import timestamp
from avocet.usecases.review_photos import InReview, Reviewed
from avocet.usecases.review_ports import AuditEntry
from avocet.usecases.show_look_alikes import LookAlikes

_SPECIES_ID = re.compile(SPECIES_ID_PATTERN)
_ACTIONS = ", ".join(action.value for action in Action)


def review_request(request: Request) -> ReviewRequest:
    """Read the body of ``POST /admin/review/{id}``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: A value is missing or malformed.
    """
    body = json_object(request.body)
    action, species_id = body.get("action"), body.get("species_id")
    if not isinstance(action, str) or action not in set(Action):
        raise InvalidRequestError(f"action must be one of {_ACTIONS}.")
    if species_id is not None and not (isinstance(species_id, str) and _SPECIES_ID.fullmatch(species_id)):
        raise InvalidRequestError("species_id must be an id that GET /species returns.")
    return ReviewRequest(Action(action), species_id)


def review_queue(handed: Sequence[InReview], world_list: WorldList) -> ReviewQueue:
    """Show the photos that were handed out."""
    return ReviewQueue(tuple(_in_review(each, world_list) for each in handed))


def asked_species(request: Request) -> str:
    """Read ``species`` of the query.

    Raises:
        InvalidRequestError: It is missing or malformed.
    """
    species_id = request.query.get("species", "")
    if not _SPECIES_ID.fullmatch(species_id):
        raise InvalidRequestError("species must be an id that GET /species returns.")
    return species_id


def look_alikes(shown: LookAlikes) -> LookAlikesView:
    """Show photos of a species."""
    return LookAlikesView(
        species_id=shown.taxon.species_id,
        names=Names(shown.taxon.scientific, shown.taxon.en, shown.taxon.fr),
        order=shown.order,
        photos=tuple(LookAlikePhoto(each.photo_id, each.url, each.source, each.licence) for each in shown.photos),
    )


def review_taken(reviewed: Reviewed) -> ReviewTaken:
    """Show what came of an action."""
    return ReviewTaken(reviewed.photo_id, reviewed.status, reviewed.species_id)


def audit_list(entries: Sequence[AuditEntry]) -> AuditList:
    """Show entries of the audit trail."""
    return AuditList(
        tuple(
            AuditView(timestamp(each.at), each.actor_id, each.action, each.subject_id, dict(each.facts))
            for each in entries
        )
    )


def _in_review(each: InReview, world_list: WorldList) -> PhotoInReview:
    photo, claim = each.photo, each.review.claim
    prediction = each.record.prediction if each.record else None
    return PhotoInReview(
        photo_id=photo.photo_id,
        source=photo.source,
        said=_named(photo.species_id, world_list),
        reason=photo.reason,
        proposed=_named(photo.proposed_species_id, world_list),
        suggestions=tuple(
            Suggestion(scored.species_id, _names(scored.species_id, world_list), scored.score)
            for scored in (prediction.ranked if prediction else ())
        ),
        voices=len(each.review.votes),
        photo_url=each.photo_url,
        claimed_until=timestamp(claim.until) if claim else None,
    )


def _named(species_id: str | None, world_list: WorldList) -> NamedSpecies | None:
    return None if species_id is None else NamedSpecies(species_id, _names(species_id, world_list))


def _names(species_id: str, world_list: WorldList) -> Names:
    taxon = world_list.find(species_id)
    if taxon is None:
        return Names(species_id.replace("-", " ").capitalize(), None, None)
    return Names(taxon.scientific, taxon.en, taxon.fr)
