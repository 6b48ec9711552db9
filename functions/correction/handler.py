"""POST /contributions/{id}/correction: say what one's own photo really shows, even when a snapshot holds it."""

from datetime import timedelta
from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.http import wiring
from avocet.http.bodies import correction_request, photo_id_in_path
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.feedback_views import feedback_taken
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import caller_of
from avocet.settings import FEEDBACK_LEASE_S
from avocet.usecases.correct_label import CorrectLabel
from avocet.usecases.give_feedback import ContributionSteps


@cache
def _correct() -> CorrectLabel:
    return CorrectLabel(
        steps=ContributionSteps(
            records=wiring.records(), originals=wiring.originals(), raw=wiring.raw_photos(), clock=system.now
        ),
        world_list=grown_world_list(),
        new_id=system.new_id,
        lease=timedelta(seconds=FEEDBACK_LEASE_S),
    )


def _answer(request: Request) -> Response:
    caller = caller_of(request.claims)
    photo_id = photo_id_in_path(request)
    record = _correct()(caller.owner_id, photo_id, correction_request(request).species_id)
    return json_response(200, feedback_taken(record))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
