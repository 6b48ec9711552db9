"""Lambda layers as they stand on disk; this module builds nothing and refuses what has not been built."""

from pathlib import Path

from aws_cdk import AssetHashType, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

RUNTIME = lambda_.Runtime.PYTHON_3_13
"""The cloud's interpreter; the emulator runs its own, whatever stands here."""

LAYERS = ("core", "runtime", "inference", "data")


class LayerNotBuiltError(Exception):
    """A layer's zip is not there; ``make layers`` makes it."""


class LayerAssets:
    """Where each built layer lies.

    A built layer is ``<name>.zip`` with ``python/`` inside and, beside it, ``<name>.hash``: the digest of what it was
    built from. The digest names the asset, so that compiled bytecode cannot make an unchanged layer look new.
    """

    def __init__(self, folder: Path, *, template_only: bool = False) -> None:
        """Look for the layers in ``folder``; with ``template_only``, stand an empty one in for a missing one."""
        self._folder = folder
        self._template_only = template_only

    def code(self, name: str) -> lambda_.Code:
        """Return the asset of the layer ``name``.

        Raises:
            LayerNotBuiltError: When it has not been built.
        """
        built, digest = self._folder / f"{name}.zip", self._folder / f"{name}.hash"
        if built.is_file() and digest.is_file():
            return lambda_.Code.from_asset(
                str(built), asset_hash=digest.read_text().strip(), asset_hash_type=AssetHashType.CUSTOM
            )
        if self._template_only:
            return lambda_.Code.from_asset(str(Path(__file__).parent), exclude=["*"])
        raise LayerNotBuiltError(f"the layer {name!r} is not in {self._folder}; run `make layers` first")


class StackLayers(Construct):
    """A stack's own versions of the layers: no layer ARN crosses a stack, so that each can be deployed again alone."""

    def __init__(self, scope: Construct, construct_id: str, *, assets: LayerAssets) -> None:
        """Prepare the layers; each version is made when a function first asks for it."""
        super().__init__(scope, construct_id)
        self._assets = assets
        self._versions: dict[str, lambda_.LayerVersion] = {}

    def version(self, name: str) -> lambda_.LayerVersion:
        """Return this stack's version of the layer ``name``."""
        if name not in self._versions:
            self._versions[name] = lambda_.LayerVersion(
                self,
                name.title(),
                code=self._assets.code(name),
                compatible_runtimes=[RUNTIME],
                compatible_architectures=[lambda_.Architecture.X86_64],
                description=f"Avocet: {name}",
                removal_policy=RemovalPolicy.DESTROY,
            )
        return self._versions[name]
