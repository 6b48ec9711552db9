"""GET /stats: what people have given so far."""

from typing import Any

from avocet.http import learning_wiring, wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response, json_response
from avocet.http.schema import PublicStats


def _answer(_request: Request) -> Response:
    head = learning_wiring.heads().read()
    stats = PublicStats(
        contributions=wiring.records().tallies().get("contributions", 0),
        dataset_photos=head.photos,
        dataset_species=head.species,
        dataset_sources=dict(head.sources),
    )
    return json_response(200, stats)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
