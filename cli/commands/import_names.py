"""`avocet import-names`: gives the world list the French names of a list, from CSV or the IOC's multilingual sheet."""

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.name_sheet import NAME_LIST_SUFFIXES, read_name_list
from cli.surroundings import Surroundings


def import_names(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help=f"List with scientific, English and French names ({', '.join(NAME_LIST_SUFFIXES)})."),
    ],
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Import a list of French names (admins)."""
    data = read_name_list(file)
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection, output.err().status("Matching names to birds"):
        report = connection.api.put_bytes("/admin/species/names", data, {"lang": "fr"})
    if json_:
        output.write_json(report)
        return
    output.out().print(
        f"{report['matched']} birds matched of {report['rows']} on the list; {report['added']} had no French name before."
    )
    for count, names, words in (
        (report["unmatched_count"], report["unmatched"], "not in the world list"),
        (report["doubtful_count"], report["doubtful"], "named by another row too, which was taken"),
    ):
        if count:
            more = f" and {count - len(names)} more" if count > len(names) else ""
            output.err().print(output.printable(f"{count} {words}: {', '.join(names)}{more}"))
