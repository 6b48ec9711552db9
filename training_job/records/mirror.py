"""Mirrors the model registry into MLflow's: versions, and who is champion and challenger; says where the two differ.

The registry that serves people is the authority. An alias that somebody moved in MLflow is reported and moved back, since
a promotion there would have skipped the checks; what MLflow alone knows, a run's id, is what flows the other way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlflow.client import MlflowClient
from mlflow.entities.model_registry import ModelVersion as MirroredVersion
from mlflow.exceptions import MlflowException, RestException

from avocet.domain.models import Aliases, ModelVersion
from training_job.records.runs import EXPERIMENT, RUN_NAME_TAG, VERSION_TAG

MODEL_NAME = "avocet"
_ABSENT = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where MLflow said something else than the registry, and what was done.

    Attributes:
        about: An alias or a version.
        registry: What the registry says; empty for nothing.
        mlflow: What MLflow said; empty for nothing.
        done: What became of it.
    """

    about: str
    registry: str
    mlflow: str
    done: str


def mirror(
    client: MlflowClient,
    versions: Sequence[ModelVersion],
    aliases: Aliases,
    *,
    bundle_url: Callable[[str], str],
    note_run: Callable[[str, str], None],
) -> list[Difference]:
    """Make MLflow say what the registry says.

    Args:
        client: Of the tracking server.
        versions: Every registered version.
        aliases: Who is what at present.
        bundle_url: Where a version's bundle lies.
        note_run: Told a version and its run's id when the registry does not know the run yet.

    Returns:
        What differed.

    Raises:
        MlflowException: The server did not answer; do it again later.
    """
    _ensure_model(client)
    there = _mirrored(client)
    differences: list[Difference] = []
    for model in sorted(versions, key=lambda each: each.registered_at):
        run_id = model.mlflow_run_id or _run_of(client, model)
        if run_id and not model.mlflow_run_id:
            note_run(model.version, run_id)
        if model.version not in there:
            there[model.version] = _add(client, model, run_id, bundle_url(model.version))
            differences.append(Difference(model.version, "registered", "", "added to MLflow"))
    known = {model.version for model in versions}
    differences += [
        Difference(version, "", f"version {mirrored.version}", "left alone: it is not in the registry")
        for version, mirrored in there.items()
        if version not in known
    ]
    wanted = {"champion": aliases.champion, "challenger": aliases.challenger}
    differences += [each for alias, version in wanted.items() if (each := _point(client, alias, version, there))]
    return differences


def _ensure_model(client: MlflowClient) -> None:
    try:
        client.get_registered_model(MODEL_NAME)
    except RestException as error:
        if error.error_code != _ABSENT:
            raise
        client.create_registered_model(MODEL_NAME, description="Mirrored from Avocet's own registry, the authority.")


def _mirrored(client: MlflowClient) -> dict[str, MirroredVersion]:
    found: dict[str, MirroredVersion] = {}
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{MODEL_NAME}'", page_token=token)
        found |= {each.tags[VERSION_TAG]: each for each in page if VERSION_TAG in each.tags}
        token = page.token
        if not token:
            return found


def _run_of(client: MlflowClient, model: ModelVersion) -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None or not model.job_id:
        return ""
    asked = f"tags.`{VERSION_TAG}` = '{model.version}' AND tags.`{RUN_NAME_TAG}` LIKE '%{model.job_id}%'"
    runs = client.search_runs([experiment.experiment_id], asked, max_results=1)
    return str(runs[0].info.run_id) if runs else ""


def _add(client: MlflowClient, model: ModelVersion, run_id: str, source: str) -> MirroredVersion:
    tags: Mapping[str, str] = {
        VERSION_TAG: model.version,
        "recipe": model.recipe,
        "backbone": model.backbone,
        "snapshot_id": model.snapshot_id,
        "bundle_sha256": model.bundle_sha256,
    }
    return client.create_model_version(
        MODEL_NAME, source=source, run_id=run_id or None, tags=dict(tags), await_creation_for=0
    )


def _point(
    client: MlflowClient, alias: str, version: str | None, there: Mapping[str, MirroredVersion]
) -> Difference | None:
    pointed = _pointed_at(client, alias)
    if pointed == version:
        return None
    if version is None:
        client.delete_registered_model_alias(MODEL_NAME, alias)
    elif version in there:
        client.set_registered_model_alias(MODEL_NAME, alias, there[version].version)
    else:
        return Difference(alias, version, pointed or "", "left alone: the version is not mirrored")
    return Difference(alias, version or "", pointed or "", "moved in MLflow")


def _pointed_at(client: MlflowClient, alias: str) -> str | None:
    try:
        mirrored = client.get_model_version_by_alias(MODEL_NAME, alias)
    except MlflowException as error:
        if error.error_code not in {_ABSENT, "INVALID_PARAMETER_VALUE"}:
            raise
        return None
    return str(mirrored.tags.get(VERSION_TAG, f"version {mirrored.version}"))
