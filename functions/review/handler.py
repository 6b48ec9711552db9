"""/admin/review and /admin/audit: photos that were set aside, what resembles them, and what was decided."""

from datetime import timedelta
from functools import cache
from typing import Any

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.contribution_feed import ContributionFeed
from avocet.adapters.duplicate_index import DynamoDuplicateIndex
from avocet.adapters.objects import S3Objects
from avocet.adapters.reviews import DynamoReviews
from avocet.http import learning_wiring, people_wiring, wiring
from avocet.http.bodies import photo_id_in_path
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.grown_list import grown_world_list
from avocet.http.identity import ADMINS, admin_of, reviewer_of
from avocet.http.me_views import page_limit
from avocet.http.problem import InvalidRequestError
from avocet.http.review_views import asked_species, audit_list, look_alikes, review_queue, review_request, review_taken
from avocet.settings import FEEDBACK_LEASE_S
from avocet.usecases.give_feedback import ContributionSteps
from avocet.usecases.review_photos import Reviewer, ReviewPhotos
from avocet.usecases.show_look_alikes import ShowLookAlikes


@cache
def _reviews() -> DynamoReviews:
    wiring.settings().require("dataset_table")
    return DynamoReviews(dynamodb_client(), wiring.settings().dataset_table)


@cache
def _review() -> ReviewPhotos:
    return ReviewPhotos(
        photos=learning_wiring.dataset_photos(),
        steps=ContributionSteps(
            records=wiring.records(), originals=wiring.originals(), raw=wiring.raw_photos(), clock=system.now
        ),
        reviews=_reviews(),
        trust=wiring.trust_book(),
        requests=people_wiring.requests(),
        links=people_wiring.photo_links(),
        world_list=grown_world_list(),
        clock=system.now,
        new_id=system.new_id,
        lease=timedelta(seconds=FEEDBACK_LEASE_S),
    )


@cache
def _look_alikes() -> ShowLookAlikes:
    wiring.settings().require("models_bucket")
    return ShowLookAlikes(
        photos=learning_wiring.dataset_photos(),
        records=wiring.records(),
        index=DynamoDuplicateIndex(dynamodb_client(), wiring.settings().dataset_table),
        pictures=learning_wiring.picture_book(),
        licences=ContributionFeed(wiring.records(), people_wiring.original_objects(), learning_wiring.raw_objects()),
        clean_objects=learning_wiring.clean_objects(),
        models=S3Objects(s3_client(), wiring.settings().models_bucket),
        links=people_wiring.photo_links(),
        world_list=grown_world_list(),
    )


def _reviewer(request: Request) -> Reviewer:
    caller = reviewer_of(request.claims)
    if ADMINS in caller.groups:
        return Reviewer(caller.owner_id, decides=True)
    known = wiring.trust_book().find_many([caller.owner_id]).get(caller.owner_id)
    return Reviewer(caller.owner_id, decides=known is not None and known.is_trusted)


def _answer(request: Request) -> Response:
    match request.method, request.resource:
        case "GET", "/admin/review":
            reviewer = _reviewer(request)
            return json_response(200, review_queue(_review().next(reviewer, page_limit(request)), grown_world_list()))
        case "GET", "/admin/review/{id}/look-alikes":
            reviewer_of(request.claims)
            return json_response(200, look_alikes(_look_alikes()(photo_id_in_path(request), asked_species(request))))
        case "POST", "/admin/review/{id}":
            reviewer, photo_id = _reviewer(request), photo_id_in_path(request)
            asked = review_request(request)
            return json_response(200, review_taken(_review().act(reviewer, photo_id, asked.action, asked.species_id)))
        case "GET", "/admin/audit":
            admin_of(request.claims)
            return json_response(200, audit_list(_reviews().newest(page_limit(request))))
        case _:
            raise InvalidRequestError("There is no such operation.")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
