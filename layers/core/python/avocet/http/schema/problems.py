"""A refusal in the API's JSON."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """Why a request was not carried out (RFC 9457)."""

    type: str = field(metadata={"examples": ["/problems/upload-expired"], "description": "Stable name of the problem."})
    title: str = field(metadata={"examples": ["The photo has expired"]})
    detail: str = field(metadata={"description": "What to do about it.", "examples": ["Send the photo again."]})
    instance: str = field(metadata={"description": "Correlation id of this request; quote it when asking for help."})
    status: int | None = field(
        default=None,
        metadata={"ge": 400, "le": 599, "description": "The HTTP status; the gateway's own refusals may leave it out."},
    )
