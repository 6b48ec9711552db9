"""A model that does not know one species: the shipped starter with that species' answer taken out. For showing how one is learnt.

The backbone below is left as it is; only what answers is changed, as the `head` recipe does when it adds a species.
"""

import json
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.usecases.register_model import RegisterModel, described
from local.aws import Place
from local.deployment import Outputs
from local.steps import SetupError
from training_job.bundle import store_in_half_precision, write_bundle
from training_job.surgery import Graph

_STARTER = Path(__file__).resolve().parent.parent / "models/starter"


def publish_without(place: Place, outputs: Outputs, species_id: str) -> str:
    """Register the starter without ``species_id`` as the challenger; return its version.

    Raises:
        SetupError: The starter does not know the species, or its head cannot be read.
    """
    manifest = json.loads((_STARTER / "bundle.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        version = without_species(_STARTER, manifest, species_id, out)
        files = {path.name: path.read_bytes() for path in out.iterdir()}
    s3, dynamodb = place.client("s3"), place.client("dynamodb")
    for each, data in files.items():
        s3.put_object(Bucket=outputs.models_bucket, Key=f"bundles/{version}/{each}", Body=data)
    registry = DynamoModelRegistry(dynamodb, outputs.models_table)
    aliases = DynamoModelAliases(dynamodb, outputs.models_table)
    RegisterModel(registry=registry, aliases=aliases)(described(files, registered_at=datetime.now(tz=UTC)))
    return version


def without_species(starter: Path, manifest: dict[str, Any], species_id: str, out: Path) -> str:
    """Write the starter without ``species_id`` into ``out``; return its version.

    Raises:
        SetupError: The starter does not know the species, or its head cannot be read.
    """
    species: list[str] = list(manifest["species"])
    graph = Graph(onnx.load(starter / "model.onnx"))
    head = graph.head()
    if head is None or species_id not in species:
        raise SetupError(f"the starter model has no answer {species_id} that could be taken out")
    kept = np.array([at for at, each in enumerate(species) if each != species_id])
    smaller = replace(
        head,
        weights=np.ascontiguousarray(head.weights[:, kept]),
        bias=head.bias[kept],
        directions=np.ascontiguousarray(head.directions[kept]),
    )
    return write_bundle(
        out,
        store_in_half_precision(graph.with_head(smaller)),
        species=[species[at] for at in kept],
        recipe="starter",
        backbone=manifest["backbone"],
        input_size_px=manifest["input_size_px"],
        thresholds=manifest["thresholds"],
        metrics={},
        version_prefix="forgetful",
        created_on=date.fromisoformat(manifest["created_on"]),
    )
