"""Model versions as the API takes and shows them."""

from collections.abc import Iterable, Sequence

from avocet.domain.dataset import Split
from avocet.domain.evaluation import StoredEvaluation
from avocet.domain.models import MAX_REASON_LETTERS, Aliases, ModelNotFoundError, ModelVersion, Tenure, is_version
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.models import (
    ModelDetail,
    ModelList,
    ModelView,
    PromotionRequest,
    RollbackRequest,
    StoredEvaluationView,
    TenureView,
)
from avocet.http.views import timestamp

_ALIASES = ("champion", "challenger")


def promotion_request(request: Request) -> PromotionRequest:
    """Read the body of ``PUT /admin/models/champion``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: It names no version, or no reason.
    """
    body = json_object(request.body)
    version = body.get("version")
    if not isinstance(version, str) or not is_version(version):
        raise InvalidRequestError("version must be a version that GET /admin/models lists, or challenger.")
    return PromotionRequest(version, _reason(body.get("reason")))


def rollback_request(request: Request) -> RollbackRequest:
    """Read the body of ``POST /admin/models/rollback``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: It does not say which champion to leave, or why.
    """
    body = json_object(request.body)
    revision = body.get("leaving_revision")
    if not isinstance(revision, int) or isinstance(revision, bool) or revision < 1:
        raise InvalidRequestError(
            "leaving_revision must be that of the champion to leave; GET /admin/models gives it first in its history."
        )
    return RollbackRequest(revision, _reason(body.get("reason")))


def _reason(reason: object) -> str:
    if not isinstance(reason, str) or not reason.strip() or len(reason) > MAX_REASON_LETTERS:
        raise InvalidRequestError(f"reason must be a text of 1 to {MAX_REASON_LETTERS} letters; it is kept on record.")
    return reason.strip()


def version_named(text: str, aliases: Aliases) -> str:
    """Return the version that ``text``, a version or an alias, stands for.

    Raises:
        ModelNotFoundError: It can be none of ours, or nobody has that alias.
    """
    version = text if text not in _ALIASES else aliases.champion if text == "champion" else aliases.challenger
    if version is None or not is_version(version):
        raise ModelNotFoundError("Check the version; GET /admin/models lists them all.")
    return version


def model_list(models: Iterable[ModelVersion], aliases: Aliases, history: Sequence[Tenure]) -> ModelList:
    """Show every version and who was champion when."""
    return ModelList(
        aliases.champion,
        aliases.challenger,
        tuple(model_view(model, aliases) for model in models),
        tuple(map(tenure_view, history)),
    )


def model_detail(
    model: ModelVersion,
    aliases: Aliases,
    history: Sequence[Tenure],
    evaluations: Sequence[StoredEvaluation],
) -> ModelDetail:
    """Show one version."""
    return ModelDetail(
        model_view(model, aliases),
        tuple(tenure_view(tenure) for tenure in history if tenure.version == model.version),
        tuple(StoredEvaluationView(each.snapshot_id, Split(each.split), each.summary()) for each in evaluations),
    )


def model_view(model: ModelVersion, aliases: Aliases) -> ModelView:
    """Show a version."""
    return ModelView(
        version=model.version,
        role="champion"
        if model.version == aliases.champion
        else "challenger"
        if model.version == aliases.challenger
        else None,
        recipe=model.recipe,
        backbone=model.backbone,
        created_at=timestamp(model.created_at),
        registered_at=timestamp(model.registered_at),
        snapshot_id=model.snapshot_id or None,
        parent_version=model.parent_version or None,
        job_id=model.job_id or None,
        mlflow_run_id=model.mlflow_run_id or None,
        bundle_sha256=model.bundle_sha256,
        bundle_bytes=model.bundle_bytes,
        species_count=model.species_count,
        figures=dict(model.figures),
    )


def tenure_view(tenure: Tenure) -> TenureView:
    """Show one champion's time."""
    return TenureView(
        tenure.revision, tenure.version, tenure.change, tenure.chosen_by, timestamp(tenure.chosen_at), tenure.reason
    )
