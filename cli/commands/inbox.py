"""`avocet inbox`: the messages to the admins, where no mail leaves the machine."""

from typing import Annotated, Any

import httpx
import typer

from cli import output
from cli.errors import CommandError, UnreachableError
from cli.surroundings import Surroundings

_SHOWN = 20


class NoInboxError(CommandError):
    """This deployment sends real mail."""


def inbox(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(help="Which message to read, 1 being the newest.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="data, training, models, drift or health only.")] = "",
    language: Annotated[str, typer.Option("--lang", help="en or fr.")] = "en",
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List the messages to the admins, or read one (embedded cloud)."""
    surroundings: Surroundings = context.obj
    deployment = surroundings.deployment()
    if not deployment.inbox_url:
        raise NoInboxError("Only the embedded cloud has an inbox; this one sends mail (see `avocet notifications`).")
    letters = _read(surroundings, deployment.inbox_url, {"kind": kind, "language": language})
    if number is not None:
        if not 1 <= number <= len(letters):
            raise NoInboxError(f"There is no message {number}; `avocet inbox` lists {len(letters)}.")
        letters = letters[number - 1 : number]
    if json_:
        output.write_json({"letters": letters})
    elif number is not None:
        output.out().print(output.cell(letters[0]["subject"], "bold"))
        for line in ("", *letters[0]["text"].split("\n")):
            output.out().print(output.cell(line), soft_wrap=True)
    elif not letters:
        output.out().print("The inbox is empty.")
    else:
        table = output.table("No", "Sent", "About", "Subject")
        for position, letter in enumerate(letters[:_SHOWN], start=1):
            sent_at = letter["sent_at"][:16].replace("T", " ")
            table.add_row(str(position), sent_at, str(letter["kind"]), output.cell(letter["subject"]))
        output.out().print(table)


def _read(surroundings: Surroundings, url: str, wanted: dict[str, str]) -> list[dict[str, Any]]:
    with surroundings.http(url) as http:
        try:
            answer = http.get(url, params={name: value for name, value in wanted.items() if value})
            answer.raise_for_status()
            letters: list[dict[str, Any]] = answer.json()["letters"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise UnreachableError("The inbox does not answer; is it running? (`make up`)") from error
    return letters
