"""POST /predictions/{id}/feedback: confirmed, corrected or unknown."""

from datetime import timedelta
from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.http import wiring
from avocet.http.bodies import feedback_request, photo_id_in_path
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.feedback_views import feedback_taken
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import caller_of
from avocet.settings import FEEDBACK_LEASE_S
from avocet.usecases.give_feedback import ContributionSteps, GiveFeedback


@cache
def _give_feedback() -> GiveFeedback:
    return GiveFeedback(
        steps=ContributionSteps(
            records=wiring.records(), originals=wiring.originals(), raw=wiring.raw_photos(), clock=system.now
        ),
        people=wiring.people(),
        world_list=grown_world_list(),
        new_id=system.new_id,
        lease=timedelta(seconds=FEEDBACK_LEASE_S),
    )


def _answer(request: Request) -> Response:
    caller = caller_of(request.claims)
    photo_id = photo_id_in_path(request)
    given = feedback_request(request)
    record = _give_feedback()(
        caller.owner_id,
        photo_id,
        feedback=given.feedback,
        species_id=given.species_id,
        claimed_terms=caller.terms_version,
    )
    return json_response(200, feedback_taken(record))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
