"""GET /admin/drift-reports and /admin/drift-reports/{id}: what the checks of the model found, with links that expire."""

from functools import cache
from typing import Any

from avocet.adapters.aws import s3_client
from avocet.adapters.drift_reports import StoredReports
from avocet.adapters.objects import S3Objects
from avocet.http import learning_wiring, wiring
from avocet.http.edge import serve
from avocet.http.events import Request, Response
from avocet.http.identity import admin_of
from avocet.http.report_views import report_list, report_view


@cache
def _reports() -> StoredReports:
    wiring.settings().require("models_bucket", "raw_bucket")
    return StoredReports(
        s3_client(),
        S3Objects(s3_client(), wiring.settings().models_bucket),
        raw_bucket=wiring.settings().raw_bucket,
        photos=learning_wiring.dataset_photos(),
    )


def _answer(request: Request) -> Response:
    admin_of(request.claims)
    if report_id := request.path_parameters.get("id"):
        return report_view(_reports(), report_id)
    return report_list(_reports())


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=wiring.settings().page_origin)
