"""`avocet users`: who takes part and how trusted; inviting, giving a role, shutting out, erasing (admins)."""

from collections.abc import Iterator
from typing import Annotated

import typer

from cli import output
from cli.client import ApiClient, Json
from cli.errors import CommandError
from cli.surroundings import Surroundings

_PAGE = 60
_LEAST_LETTERS = 4
_ROLES = "user, reviewer or admin"
_STANDINGS = {
    "earning": "not trusted yet: a label of theirs counts when the champion or a reviewer agrees",
    "trusted": "trusted: labels of theirs count without a second opinion, but for spot checks",
    "doubtful": "mostly wrong of late: their photos come last in the review",
}
_UNKNOWN = "-"

users = typer.Typer(name="users", help="People: list, invite, role, trust, disable, enable, delete (admins).")

Who = Annotated[str, typer.Argument(metavar="WHO", help="E-mail address, or the beginning of the id.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@users.callback(invoke_without_command=True)
def list_users(
    context: typer.Context,
    json_: JsonOption = False,
) -> None:
    """List everybody's account."""
    if context.invoked_subcommand is not None:
        return
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        everybody = list(accounts(connection.api))
    if json_:
        output.write_json(everybody)
        return
    table = output.table("Id", "E-mail", "Role", "May sign in", "Status", "Since")
    for each in everybody:
        table.add_row(
            output.cell(each["user_id"][:8]),
            output.cell(each["email"]),
            each["role"],
            "yes" if each["is_enabled"] else "no",
            output.cell(each["status"].lower()),
            each["created_at"][:10],
        )
    output.out().print(table)


@users.command()
def invite(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Where the invitation goes.")],
    role: Annotated[str, typer.Option(help=_ROLES)] = "user",
) -> None:
    """Invite somebody; they get an e-mail with a password for the first visit."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        made = connection.api.send("POST", "/admin/users", {"email": email, "role": role})
    output.out().print(output.printable(f"Invited {made['email']} as {made['role']}."))


@users.command("role")
def role_(context: typer.Context, who: Who, role: Annotated[str, typer.Argument(help=_ROLES)]) -> None:
    """Give somebody a role; it holds from their next token on, within 15 minutes."""
    changed = _change(context, who, {"role": role})
    output.out().print(output.printable(f"{changed['email']} is {changed['role']} now."))


@users.command()
def trust(context: typer.Context, who: Who, json_: JsonOption = False) -> None:
    """Show where somebody stands with their labels, who judged them, and the latest judgements."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        everybody = list(accounts(connection.api))
        account = _one_of(everybody, who)
        told = connection.api.get(f"/admin/users/{account['user_id']}/trust")
    if json_:
        output.write_json(told)
    else:
        _show_trust(account, told, {each["user_id"]: each["email"] for each in everybody})


def _show_trust(account: Json, told: Json, emails: dict[str, str]) -> None:
    out = output.out()

    def called(user_id: str) -> str:
        # An account that was erased left its id.
        return emails.get(user_id, user_id[:8])

    out.print(output.printable(f"{account['email']} is {_STANDINGS[told['standing']]}."))
    if told["allowance"]:
        out.print(f"Of one refresh, {told['allowance']} photos enter without a second opinion.")
    judged = told["right"] + told["wrong"]
    if judged:
        out.print(
            f"{told['right']} of {judged} judged labels were right ({told['right'] / judged:.0%}), of "
            f"{len(told['proven_species'])} species; mistakes among the latest 20: {told['recent_mistakes']}."
        )
        by_reviewer = output.table("Reviewer", "Found right", "Found wrong")
        for one in told["reviewers"]:
            by_reviewer.add_row(output.cell(called(one["reviewer_id"])), str(one["right"]), str(one["wrong"]))
        out.print(by_reviewer)
        out.print()
        latest = output.table("When", "They said", "It was", "Why it was looked at", "Reviewed by", "Photo")
        for one in told["latest"]:
            latest.add_row(
                (one["at"] or _UNKNOWN)[:16].replace("T", " "),
                output.cell(one["species_id"]),
                output.cell(_verdict(one)),
                output.cell(one["reason"] or _UNKNOWN),
                output.cell(", ".join(map(called, one["reviewers"])) or _UNKNOWN),
                output.cell(one["photo_id"][:8]),
            )
        out.print(latest)
    else:
        out.print("No reviewer has judged a label of theirs yet.")
    out.print(
        f"Trust takes {told['needed_photos']} right labels of {told['needed_species']} species, with no more than "
        f"{told['mistakes_allowed']} mistakes among the latest 20."
    )


def _verdict(judged: Json) -> str:
    if judged["was_right"]:
        return "that"
    if judged["counts_as"]:
        return str(judged["counts_as"])
    return "rejected" if judged["action"] == "reject" else "wrong"


@users.command()
def disable(context: typer.Context, who: Who) -> None:
    """Let somebody sign in no more; what they gave stays."""
    changed = _change(context, who, {"is_enabled": False})
    output.out().print(output.printable(f"{changed['email']} cannot sign in any more."))


@users.command()
def enable(context: typer.Context, who: Who) -> None:
    """Let somebody sign in again."""
    changed = _change(context, who, {"is_enabled": True})
    output.out().print(output.printable(f"{changed['email']} may sign in again."))


@users.command()
def delete(
    context: typer.Context,
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase somebody with everything they gave; it cannot be undone."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        account = _find(connection.api, who)
        if not yes:
            question = f"Erase {account['email']} and every photo of theirs, in every version?"
            typer.confirm(output.printable(question), abort=True)
        connection.api.send("DELETE", f"/admin/users/{account['user_id']}")
    output.out().print("It is being erased; snapshots lose the photos with the next refresh.")


def _change(context: typer.Context, who: str, body: dict[str, object]) -> Json:
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        account = _find(connection.api, who)
        return connection.api.send("PATCH", f"/admin/users/{account['user_id']}", body)


def _find(api: ApiClient, who: str) -> Json:
    return _one_of(list(accounts(api)), who)


def _one_of(accounts: list[Json], who: str) -> Json:
    found = [
        each
        for each in accounts
        if each["email"].casefold() == who.casefold()
        or (len(who) >= _LEAST_LETTERS and each["user_id"].startswith(who))
    ]
    if len(found) != 1:
        raise CommandError(
            f"{'Nobody is' if not found else 'Several people are'} called {who!r}; `avocet users` lists all."
        )
    return found[0]


def accounts(api: ApiClient) -> Iterator[Json]:
    """Yield everybody's account, page after page."""
    query: dict[str, str | int] = {"limit": _PAGE}
    while True:
        page = api.get("/admin/users", query)
        yield from page["items"]
        if not page["next"]:
            return
        query = {"limit": _PAGE, "cursor": page["next"]}
