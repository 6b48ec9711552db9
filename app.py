"""Builds every stack of one environment; makes no call to AWS.

Context it takes (``cdk -c NAME=VALUE``):

* ``environment``: ``local``, ``dev`` (when not given) or ``prod``;
* ``port``: where the emulator listens, for ``local``;
* ``layers``: the folder of the built layers;
* ``template_only``: ``true`` lets layers be missing, for templates that are read and never deployed.
"""

from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.avocet_app import build
from infra.environments import environment

_ROOT = Path(__file__).parent


def main() -> None:
    """Synthesise the app into its cloud assembly."""
    app = App()
    place = environment(
        app.node.try_get_context("environment") or "dev",
        port=int(app.node.try_get_context("port") or 4566),
    )
    built = "embedded" if place.is_embedded else "cloud"
    build(
        app,
        place,
        functions_dir=_ROOT / "functions",
        layers_dir=_ROOT / (app.node.try_get_context("layers") or f"build/layers/{built}"),
        template_only=app.node.try_get_context("template_only") == "true",
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
