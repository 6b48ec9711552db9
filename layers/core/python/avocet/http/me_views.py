"""What people ask of their own contributions and data, and how it is shown; a page mark is opaque to them."""

import base64
import binascii
from datetime import datetime, timedelta

from avocet.domain.contribution import is_photo_id
from avocet.domain.taxonomy import Taxon, WorldList
from avocet.domain.terms import AcceptedTerms
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.contributing import TermsAccepted
from avocet.http.schema.names import Names
from avocet.http.schema.own_data import ContributionList, ContributionView, ExportStatus
from avocet.http.schema.progress import PendingProgress
from avocet.http.views import timestamp
from avocet.usecases.list_contributions import ContributionPage, OwnContribution
from avocet.usecases.people_ports import PageMark, StoredExport

DEFAULT_PAGE = 20
MAX_PAGE = 100
CONFIRMATION = "erase-everything"
_MAX_CURSOR_LETTERS = 200


def page_limit(request: Request) -> int:
    """Return how many things a page may hold.

    Raises:
        InvalidRequestError: The query says something else than a small whole number.
    """
    limit = request.query.get("limit", str(DEFAULT_PAGE))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(MAX_PAGE)) and 1 <= int(limit) <= MAX_PAGE):
        raise InvalidRequestError(f"limit must be a whole number from 1 to {MAX_PAGE}.")
    return int(limit)


def page_mark(request: Request) -> PageMark | None:
    """Return where the page before ended; None for the first.

    Raises:
        InvalidRequestError: The cursor is none of ours.
    """
    cursor = request.query.get("cursor", "")
    if not cursor:
        return None
    try:
        if len(cursor) > _MAX_CURSOR_LETTERS:
            raise ValueError("too long")
        moment, _, photo_id = base64.urlsafe_b64decode(cursor.encode() + b"==").decode("ascii").partition(" ")
        mark = PageMark(datetime.fromisoformat(moment), photo_id)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError("cursor must be what the page before answered as next.") from error
    if not is_photo_id(photo_id) or mark.created_at.tzinfo is None:
        raise InvalidRequestError("cursor must be what the page before answered as next.")
    return mark


def require_confirmation(request: Request) -> None:
    """Let an erasure pass that was meant.

    Raises:
        BadRequestError: The body is not a JSON object.
        InvalidRequestError: The confirmation is missing.
    """
    if json_object(request.body).get("confirmation") != CONFIRMATION:
        raise InvalidRequestError(f'To erase everything, send {{"confirmation": "{CONFIRMATION}"}}.')


def terms_accepted(accepted: AcceptedTerms) -> TermsAccepted:
    """Show an acceptance."""
    return TermsAccepted(accepted.consent.terms_version, accepted.consent.licence, timestamp(accepted.accepted_at))


def contribution_list(page: ContributionPage, world_list: WorldList) -> ContributionList:
    """Show a page of contributions."""
    items = [item for item in page.contributions if item.record.contribution is not None]
    species = [_species_id(item) for item in items]
    taxa = iter(world_list.find_many([species_id for species_id in species if species_id is not None]))
    named = [next(taxa) if species_id is not None else None for species_id in species]
    return ContributionList(
        tuple(_contribution(item, taxon) for item, taxon in zip(items, named, strict=True)),
        _cursor(page.next) if page.next else None,
    )


def export_status(ready: StoredExport | None, url: str, *, now: datetime, lifetime_s: int) -> ExportStatus:
    """Show where an export is."""
    if ready is None:
        return ExportStatus("being_made", None, None, None, None)
    expires_at = now + timedelta(seconds=lifetime_s)
    return ExportStatus("ready", url, timestamp(expires_at), timestamp(ready.made_at), ready.size_bytes)


def _contribution(item: OwnContribution, taxon: Taxon | None) -> ContributionView:
    record, place, contribution = item.record, item.whereabouts, item.record.contribution
    if contribution is None:
        raise ValueError("no feedback to show")
    return ContributionView(
        photo_id=record.photo_id,
        prediction_id=record.photo_id,
        feedback=contribution.answer.feedback,
        species_id=contribution.answer.species_id,
        names=Names(taxon.scientific, taxon.en, taxon.fr) if taxon else None,
        status=place.stage,
        reason=place.reason or None,
        snapshot_id=place.snapshot_id or None,
        created_at=timestamp(record.created_at),
        photo_url=item.photo_url or None,
        progress=PendingProgress(item.progress.photos, item.progress.needed) if item.progress else None,
    )


def _species_id(item: OwnContribution) -> str | None:
    contribution = item.record.contribution
    return contribution.answer.species_id if contribution else None


def _cursor(mark: PageMark) -> str:
    text = f"{mark.created_at.isoformat(timespec='microseconds')} {mark.photo_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
