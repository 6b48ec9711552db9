"""`avocet notifications`: which messages one gets by e-mail, and in which language (admins)."""

from typing import Annotated

import typer

from cli import output
from cli.client import Json
from cli.errors import CommandError
from cli.surroundings import Surroundings

_KINDS = ("data", "training", "models", "drift", "health")
_DELIVERY = {
    "off": "No mail goes to {email}; `avocet notifications --all` begins it.",
    "email": "Mail goes to {email}.",
    "unconfirmed": "Mail goes to {email} once you follow the link in the message that was sent there.",
    "ended": "Mail to {email} was ended by a link in a message, or never confirmed; choose again to begin anew.",
    "inbox": "No mail leaves this place; `avocet inbox` holds every message.",
}


class AmbiguousChoiceError(CommandError):
    """What was asked for contradicts itself."""


def notifications(
    context: typer.Context,
    kinds: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND]...", help=f"Some of {', '.join(_KINDS)}.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every kind.")] = False,
    none: Annotated[bool, typer.Option("--none", help="No mail at all.")] = False,
    language: Annotated[str, typer.Option("--lang", help="en or fr; stays as it is unless given.")] = "",
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show which messages you get by e-mail; naming kinds, or a language, changes it (admins)."""
    if sum(map(bool, (kinds, all_, none))) > 1:
        raise AmbiguousChoiceError("Name kinds, or say --all, or --none.")
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.get("/admin/notifications")
        if kinds or all_ or none or language:
            wanted = _KINDS if all_ else () if none else kinds or answer["kinds"]
            body = {"kinds": list(wanted), "language": language or answer["language"]}
            answer = connection.api.send("PUT", "/admin/notifications", body)
    if json_:
        output.write_json(answer)
    else:
        _show(answer)


def _show(answer: Json) -> None:
    table = output.table("About", "You are told")
    for kind in _KINDS:
        table.add_row(kind, "yes" if kind in answer["kinds"] else "no")
    output.out().print(table)
    language = {"en": "English", "fr": "French"}.get(answer["language"], answer["language"])
    said = _DELIVERY.get(answer["delivery"], "").format(email=answer["email"])
    output.out().print(output.cell(f"{said} Language: {language}."), soft_wrap=True)
