"""Puts the stacks of one environment together, in the order they are deployed."""

from pathlib import Path

from aws_cdk import App, Stage, Tags

from infra.constructs.layers import LayerAssets
from infra.environments import Environment
from infra.stacks.identity import IdentityStack
from infra.stacks.learning import LearningStack
from infra.stacks.page import PageStack
from infra.stacks.serving import ServingStack
from infra.stacks.storage import StorageStack
from infra.stacks.watching import WatchingStack


def build(
    app: App | Stage, place: Environment, *, functions_dir: Path, layers_dir: Path, template_only: bool = False
) -> None:
    """Add every stack of ``place`` to ``app``.

    Args:
        app: What the stacks are added to.
        place: The environment they are for.
        functions_dir: Folder with one folder for each function.
        layers_dir: Folder with one built folder for each layer.
        template_only: Lets layers be missing; such templates must not be deployed.

    Raises:
        LayerNotBuiltError: When a layer is missing and ``template_only`` is not set.
    """
    assets = LayerAssets(layers_dir, template_only=template_only)
    page = PageStack(app, f"avocet-{place.name}-page", place=place)
    storage = StorageStack(app, f"avocet-{place.name}-storage", place=place, page_origin=page.origin)
    identity = IdentityStack(
        app,
        f"avocet-{place.name}-identity",
        place=place,
        people_table=storage.people_table,
        functions_dir=functions_dir,
        layer_assets=assets,
    )
    learning = LearningStack(
        app,
        f"avocet-{place.name}-learning",
        place=place,
        storage=storage,
        functions_dir=functions_dir,
        layer_assets=assets,
    )
    serving = ServingStack(
        app,
        f"avocet-{place.name}-serving",
        place=place,
        page_origin=page.origin,
        storage=storage,
        learning=learning,
        user_pool=identity.user_pool,
        functions_dir=functions_dir,
        layer_assets=assets,
    )
    watching = WatchingStack(
        app,
        f"avocet-{place.name}-watching",
        place=place,
        serving=serving,
        learning=learning,
        functions_dir=functions_dir,
        layer_assets=assets,
    )
    # The page's addresses stand in every other stack's settings, so it comes first whatever they refer to.
    for stack in (storage, identity, learning, serving, watching):
        stack.add_stack_dependency(page)
    Tags.of(app).add("avocet:environment", place.name)
