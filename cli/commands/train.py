"""`avocet train`: train a new model on the dataset as it stands, and watch it."""

from typing import Annotated

import typer

from cli import output
from cli.commands.jobs import wait_for
from cli.surroundings import Surroundings


def train(
    context: typer.Context,
    recipe: Annotated[
        str, typer.Option("--recipe", help="How: head (minutes, on a CPU) or full (the whole network; best on a GPU).")
    ] = "head",
    backbone: Annotated[
        str | None, typer.Option("--backbone", help="The network of a full training, such as efficientnetv2-b0.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", help="Passes over the photos in a full training, at the most.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Stay, show how far it is, and what came of it.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Train a new model; it becomes the challenger, and serves only once it is promoted."""
    surroundings: Surroundings = context.obj
    parameters = {"recipe": recipe}
    if backbone is not None:
        parameters["backbone"] = backbone
    if epochs is not None:
        parameters["epochs"] = str(epochs)
    with surroundings.connect() as connection:
        job = connection.api.send("POST", "/admin/jobs", {"kind": "train", "parameters": parameters})
        if follow:
            job = wait_for(connection.api, job)
    if json_:
        output.write_json(job)
        return
    if job["state"] != "finished":
        output.out().print(
            output.printable(
                f"Job {job['job_id']}: {job['state']}. Watch it: avocet jobs, avocet jobs log {job['job_id']}"
            )
        )
        return
    result = job["result"]
    lines = [f"{result['model_version']}: {result['test_accuracy']} right on {result['test_photos']} test photos."]
    if result.get("champion_test_accuracy"):
        lines.append(f"The champion {result['champion']}: {result['champion_test_accuracy']} on the same photos.")
    lines.append(f"Next: avocet models compare {result['model_version']}, then avocet models promote.")
    for line in lines:
        output.out().print(output.printable(line))
