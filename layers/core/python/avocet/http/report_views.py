"""Reports of drift checks as the API shows them."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from avocet.domain.errors import AvocetError
from avocet.http.events import Response, json_response
from avocet.http.schema.drift import DriftReportLine, DriftReportList

if TYPE_CHECKING:
    from avocet.adapters.drift_reports import StoredReports


class ReportNotFoundError(AvocetError):
    """There is no such report."""

    code: ClassVar[str] = "no-report"
    title: ClassVar[str] = "There is no such report"


def report_list(reports: "StoredReports") -> Response:
    """Answer with the newest reports, one line each."""
    return json_response(200, DriftReportList(tuple(_line(each) for each in reports.newest())))


def report_view(reports: "StoredReports", report_id: str) -> Response:
    """Answer with one whole report.

    Raises:
        ReportNotFoundError: There is none of that id.
    """
    found = reports.find(report_id)
    if found is None:
        raise ReportNotFoundError("No such check. GET /admin/drift-reports lists them; ask for one: kind check_drift.")
    return Response(200, json.dumps(found, ensure_ascii=False, separators=(",", ":")))


def _line(report: Mapping[str, Any]) -> DriftReportLine:
    accuracy = report["accuracy"]
    return DriftReportLine(
        report_id=report["report_id"],
        made_at=report["made_at"],
        state=report["state"],
        sentence=report["sentence"],
        model_version=report["model_version"],
        snapshot_id=report["snapshot_id"],
        new_photos=report["new_photos"],
        drifting_species=len(report["drifting"]),
        accuracy=accuracy["value"] if accuracy else None,
    )
