"""`avocet species`: finds birds of the world list by any of their names."""

from typing import Annotated

import typer

from cli import output
from cli.names import Language, LanguageOption
from cli.surroundings import Surroundings


def species(
    context: typer.Context,
    search: Annotated[list[str], typer.Argument(help="Part of a name: English, French or scientific.")],
    language: LanguageOption = Language.EN,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many to show at most.")] = 10,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Find species by name, best match first."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.get(
            "/species", {"query": " ".join(search), "lang": language.value, "limit": limit}, public=True
        )
    if json_:
        output.write_json(answer)
        return
    found = answer["species"]
    if not found:
        output.err().print("No species of that name.")
        raise typer.Exit(1)
    table = output.table("Id", "English", "French", "Scientific", "Rank")
    for one in found:
        names = one["names"]
        table.add_row(
            output.cell(one["species_id"], "bold"),
            output.cell(names.get("en") or ""),
            output.cell(names.get("fr") or ""),
            output.cell(names.get("scientific") or "", "italic"),
            output.cell(one["rank"]),
        )
    output.out().print(table)
