"""`avocet dataset labels|settle` and `avocet add-species`: giving a species to what named none by itself (admins)."""

from typing import Annotated

import typer

from cli import output
from cli.client import ApiClient, Json
from cli.errors import CommandError
from cli.surroundings import Surroundings

_IDENTIFIED_FROM_LETTERS = 6


def labels(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Show settled labels too.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List the labels that name no species by themselves, with what they may mean."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.get("/admin/dataset/labels")
    if json_:
        output.write_json(answer)
        return
    listed = [label for label in answer["labels"] if everything or label["state"] == "open"]
    if not listed:
        output.out().print("Every label is settled.")
        return
    table = output.table("Id", "Label", "Set", "Photos", "State", "May mean")
    for label in listed:
        table.add_row(
            label["label_id"][:8],
            output.cell(label["label"]),
            output.cell(label["source"]),
            str(label["photos"]),
            output.cell(_state(label)),
            output.cell(", ".join(each["species_id"] for each in label["proposals"])),
        )
    output.out().print(table)
    output.out().print("Settle one with `avocet dataset settle LABEL`, and --accept, --as SPECIES or --leave-out.")


def settle(
    context: typer.Context,
    label: Annotated[str, typer.Argument(help="The label, or the beginning of its id.")],
    accept: Annotated[bool, typer.Option("--accept", help="It means the first proposal.")] = False,
    as_: Annotated[str, typer.Option("--as", metavar="SPECIES", help="It means this species (its id).")] = "",
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Its photos show no bird.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Say what the photos under a label show; they enter with the next refresh."""
    if accept + bool(as_) + leave_out != 1:
        raise CommandError("Say one of --accept, --as SPECIES, --leave-out.")
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        found = _found(connection.api, label)
        if accept and not found["proposals"]:
            raise CommandError(f"Nothing is proposed for {found['label']}; say --as SPECIES.")
        species = found["proposals"][0]["species_id"] if accept else as_
        decision: Json = {"left_out": True} if leave_out else {"species_id": species}
        answer = connection.api.send("PUT", f"/admin/dataset/labels/{found['label_id']}", decision)
    if json_:
        output.write_json(answer)
        return
    output.out().print(output.printable(f"{answer['label']}: {_state(answer)}; {answer['photos']} photos."))
    if answer["awaits_refresh"]:
        output.out().print("`avocet jobs start refresh --wait` takes it to them.")


def add_species(
    context: typer.Context,
    scientific: Annotated[str, typer.Argument(help="The scientific name.")],
    en: Annotated[str, typer.Option(help="The English name; the id is made of it.")],
    family: Annotated[str, typer.Option(help="The family's scientific name, such as Recurvirostridae.")],
    fr: Annotated[str, typer.Option(help="The French name.")] = "",
    rank: Annotated[str, typer.Option(help="species, subspecies, breed, genus or family.")] = "species",
    parent: Annotated[str, typer.Option(help="Of a subspecies or a breed: the id of its species.")] = "",
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Add a taxon that the world list does not hold (admins)."""
    wanted: Json = {"scientific": scientific, "en": en, "family": family, "rank": rank}
    wanted |= ({"fr": fr} if fr else {}) | ({"parent_id": parent} if parent else {})
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.send("POST", "/admin/species", wanted)
    if json_:
        output.write_json(answer)
    else:
        output.out().print(output.printable(f"Added {answer['names']['en']} as {answer['species_id']}."))


def _found(api: ApiClient, label: str) -> Json:
    """Return the one label that is meant: by its text, or by how its id begins."""
    listed = api.get("/admin/dataset/labels")["labels"]
    found = [each for each in listed if each["label"].strip().casefold() == label.strip().casefold()]
    if not found and len(label) >= _IDENTIFIED_FROM_LETTERS:
        found = [each for each in listed if each["label_id"].startswith(label)]
    if not found:
        raise CommandError(f"There is no such label: {label}. `avocet dataset labels --all` lists them.")
    if len(found) > 1:
        raise CommandError(f"{len(found)} sets have such a label; name it by its id.")
    only: Json = found[0]
    return only


def _state(label: Json) -> str:
    if label["state"] == "left-out":
        return "left out"
    return f"means {label['species_id']}" if label["species_id"] else "open"
