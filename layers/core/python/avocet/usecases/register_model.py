"""Register a bundle as a model version, and make it the challenger; its files must lie in the store already."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from avocet.domain.models import ModelVersion, is_version
from avocet.usecases.model_ports import ModelAliases, ModelRegistry
from avocet.usecases.ports import BrokenBundleError


@dataclass(frozen=True, kw_only=True)
class RegisterModel:
    """Safe to repeat: the same bundle is registered once."""

    registry: ModelRegistry
    aliases: ModelAliases

    def __call__(self, model: ModelVersion) -> ModelVersion:
        """Keep ``model`` and make it the challenger; return what is kept.

        Raises:
            VersionTakenError: Another bundle has that version.
        """
        kept = self.registry.register(model)
        self.aliases.nominate(kept.version)
        return kept


def described(files: Mapping[str, bytes], *, registered_at: datetime) -> ModelVersion:
    """Return what a bundle says of itself; who trained it and what was measured is added with ``dataclasses.replace``.

    Raises:
        BrokenBundleError: Its ``bundle.json`` is none, or its version cannot be a name.
    """
    try:
        manifest = json.loads(files["bundle.json"])
        model = ModelVersion(
            version=str(manifest["model_version"]),
            recipe=str(manifest["recipe"]),
            backbone=str(manifest["backbone"]),
            created_at=_day(str(manifest["created_on"])),
            registered_at=registered_at,
            bundle_sha256=hashlib.sha256(files["bundle.json"]).hexdigest(),
            bundle_bytes=sum(map(len, files.values())),
            species_count=len(manifest["species"]),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BrokenBundleError(f"bundle.json does not describe a bundle: {error!r}") from error
    if not is_version(model.version):
        raise BrokenBundleError(f"{model.version!r} cannot name a version")
    return model


def _day(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
