"""Drift checks, in one line each, in the API's JSON; a whole report is a shape of the domain."""

from dataclasses import dataclass, field
from typing import Literal

from avocet.http.schema.formats import TIMESTAMP_EXAMPLE


@dataclass(frozen=True, slots=True)
class DriftReportLine:
    """A drift check in one line."""

    report_id: str
    made_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    state: Literal["no_model", "no_reference", "no_photos", "steady", "drifting", "improving"]
    sentence: dict[str, str] = field(metadata={"description": "By language: en, fr."})
    model_version: str | None
    snapshot_id: str | None
    new_photos: int = field(metadata={"ge": 0, "description": "Test photos that came since the reference."})
    drifting_species: int = field(metadata={"ge": 0})
    accuracy: float | None = field(metadata={"description": "On all test photos."})


@dataclass(frozen=True, slots=True)
class DriftReportList:
    """The newest drift checks, the newest first."""

    reports: tuple[DriftReportLine, ...]
