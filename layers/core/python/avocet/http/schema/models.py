"""Model versions, and who is champion, in the API's JSON."""

from dataclasses import dataclass, field
from typing import Literal

from avocet.domain.dataset import Split
from avocet.domain.models import Change
from avocet.http.schema.formats import TIMESTAMP_EXAMPLE


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model version."""

    version: str = field(metadata={"examples": ["starter-1a2b3c4d"]})
    role: Literal["champion", "challenger"] | None = field(metadata={"description": "What it is at present."})
    recipe: str
    backbone: str
    created_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    registered_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    snapshot_id: str | None = field(metadata={"description": "The snapshot it was trained on."})
    parent_version: str | None = field(metadata={"description": "The model it was trained from."})
    job_id: str | None
    mlflow_run_id: str | None
    bundle_sha256: str
    bundle_bytes: int = field(metadata={"ge": 1})
    species_count: int = field(metadata={"ge": 1})
    figures: dict[str, float] = field(metadata={"description": "What was measured when it was made."})


@dataclass(frozen=True, slots=True)
class TenureView:
    """One champion's time."""

    revision: int = field(metadata={"ge": 1})
    version: str
    change: Change
    chosen_by: str
    chosen_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    reason: str


@dataclass(frozen=True, slots=True)
class ModelList:
    """Every version, the latest registered first, and who was champion when."""

    champion: str | None
    challenger: str | None
    models: tuple[ModelView, ...]
    history: tuple[TenureView, ...] = field(metadata={"description": "The present tenure first; the last 50."})


@dataclass(frozen=True, slots=True)
class StoredEvaluationView:
    """How a version did on one split of one snapshot."""

    snapshot_id: str
    split: Split
    summary: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelDetail:
    """One version with everything that is known of it."""

    model: ModelView
    tenures: tuple[TenureView, ...] = field(
        metadata={"description": "When it was champion, among the last 50 changes."}
    )
    evaluations: tuple[StoredEvaluationView, ...]


@dataclass(frozen=True, slots=True)
class PromotionRequest:
    """Who shall serve, and why."""

    version: str = field(metadata={"description": "A version, or `challenger`.", "examples": ["challenger"]})
    reason: str = field(metadata={"min_length": 1, "max_length": 500, "pattern": "\\S"})


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """Which champion shall give way to the one before, and why."""

    leaving_revision: int = field(
        metadata={
            "ge": 1,
            "description": "The champion to leave, by the revision that `GET /admin/models` gives first in `history`.",
        }
    )
    reason: str = field(metadata={"min_length": 1, "max_length": 500, "pattern": "\\S"})
