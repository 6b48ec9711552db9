"""`avocet dead-letters`: what was given up on, sending it again, throwing it away (admins)."""

from typing import Annotated

import typer

from cli import output
from cli.client import ApiClient, Json
from cli.errors import CommandError
from cli.surroundings import Surroundings

_PATH = "/admin/dead-letters"
_IDENTIFIED_FROM_LETTERS = 6

dead_letters = typer.Typer(
    name="dead-letters",
    help="What failed every time it was tried: list it, replay it, discard it (admins).",
    no_args_is_help=True,
)
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
LettersArgument = Annotated[list[str] | None, typer.Argument(help="Ids of letters, or the beginnings of them.")]


@dead_letters.command("list")
def list_letters(context: typer.Context, json_: JsonOption = False) -> None:
    """List what was given up on, the oldest first."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = _listed(connection.api)
    if json_:
        output.write_json(answer)
        return
    if not answer["letters"]:
        output.out().print("Nothing was given up on.")
        return
    table = output.table("Id", "Sent", "For", "About", "Queue", "Why it was given up on")
    for letter in answer["letters"]:
        table.add_row(
            letter["letter_id"][:8],
            letter["sent_at"][:16].replace("T", " "),
            output.cell(letter["addressee"] or "nobody knows"),
            output.cell(letter["about"] or ""),
            output.cell(letter["queue"]),
            output.cell(letter["reason"]),
        )
    output.out().print(table)
    output.out().print("Mend the cause, then `avocet dead-letters replay ID...` (or --all).")


@dead_letters.command()
def replay(
    context: typer.Context,
    letters: LettersArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Send letters again to whom they were for; whatever comes twice is done once."""
    if everything == bool(letters):
        raise CommandError("Name letters, or say --all.")
    surroundings: Surroundings = context.obj
    failed = 0
    with surroundings.connect() as connection:
        listed = _listed(connection.api)["letters"]
        for letter in listed if everything else [_found(listed, named) for named in letters or ()]:
            try:
                sent = connection.api.send("POST", f"{_PATH}/{letter['letter_id']}")
            except CommandError as error:
                failed += 1
                output.complain(f"{letter['letter_id'][:8]}: {error}")
                continue
            output.out().print(output.printable(f"{letter['letter_id'][:8]} was sent to {sent['addressee']} again."))
    if not listed and everything:
        output.out().print("Nothing was given up on.")
    if failed:
        raise CommandError(f"{failed} could not be sent; the others were.")


@dead_letters.command()
def discard(
    context: typer.Context,
    letter: Annotated[str, typer.Argument(help="The id of a letter, or the beginning of it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Throw one letter away: what can never succeed."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        found = _found(_listed(connection.api)["letters"], letter)
        what = f"{found['about'] or 'a call'} for {found['addressee'] or 'nobody knows whom'}"
        if not yes and not typer.confirm(output.printable(f"Throw away {what}?")):
            raise CommandError("Nothing was thrown away.")
        connection.api.send("DELETE", f"{_PATH}/{found['letter_id']}")
    output.out().print("It is gone; `avocet review --audit` shows who threw it away.")


def _listed(api: ApiClient) -> Json:
    with output.err().status("Looking into the queues"):
        return api.get(_PATH)


def _found(letters: list[Json], named: str) -> Json:
    matching = [letter for letter in letters if letter["letter_id"].startswith(named)]
    if len(named) < _IDENTIFIED_FROM_LETTERS or len(matching) != 1:
        raise CommandError(f"No one letter is called {named}; `avocet dead-letters list` shows them.")
    return matching[0]
