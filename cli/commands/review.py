"""`avocet review`: look at photos that were set aside, one key each; nothing is decided until a key says so."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from cli import output
from cli.client import ApiClient, Json
from cli.commands.jobs import wait_for
from cli.commands.users import accounts
from cli.errors import CommandError, ProblemError
from cli.surroundings import Surroundings

_AT_ONCE = 5
_AUDIT_SHOWN = 30
_SEARCHED = 9
_KEYS = "[a]ccept  [1-3] suggestion  [c]orrect by name  [r]eject  [s]kip  [u]ndo the last  [q]uit"
# What an action of the audit trail was about; an account that is still there has its address instead.
_SUBJECTS = dict.fromkeys(("accept", "correct", "reject", "skip", "undo"), "photo")
_SUBJECTS |= dict.fromkeys(("replay", "discard"), "dead letter")
_SUBJECTS |= dict.fromkeys(("invite", "role", "enable", "disable", "erase"), "account")
# What makes one photo undecidable must not end the evening.
_PASSED_OVER = frozenset({"claimed-by-another", "not-in-review", "not-found", "answer-in-progress", "busy"})

ReadKey = Callable[[], str]


def review(
    context: typer.Context,
    audit: Annotated[bool, typer.Option("--audit", help="Show what was decided last instead.")] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Have a refresh look for new photos first (admins).")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="What waits (or was decided) as one JSON document.")] = False,
) -> None:
    """Review photos that were set aside (admins and reviewers), one key each."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        if refresh:
            wait_for(connection.api, connection.api.send("POST", "/admin/jobs", {"kind": "refresh"}))
        if audit:
            trail = connection.api.get("/admin/audit", {"limit": _AUDIT_SHOWN})
            if json_:
                output.write_json(trail)
            else:
                _show_audit(trail["items"], {each["user_id"]: each["email"] for each in accounts(connection.api)})
        elif json_:
            output.write_json(connection.api.get("/admin/review", {"limit": _AT_ONCE}))
        else:
            decided = Session(connection.api, typer.getchar).run()
            output.out().print(f"{decided} photos reviewed. The next refresh acts on them.")


class Session:
    """One sitting."""

    def __init__(self, api: ApiClient, read_key: ReadKey, ask: Callable[[str], str] | None = None) -> None:
        """Review through ``api``; ``read_key`` returns the key that was pressed, ``ask`` a line that was typed."""
        self._api = api
        self._read_key = read_key
        self._ask = ask or (lambda prompt: str(typer.prompt(prompt, default="", show_default=False)))
        self._done: list[str] = []

    def run(self) -> int:
        """Show photo after photo until nothing waits or the person has enough; return how many were reviewed."""
        for item in self._waiting():
            self._show(item)
            while (answer := self._answer(item)) is None:
                continue
            if not answer:
                break
        return len(self._done)

    def _waiting(self) -> Iterator[Json]:
        seen: set[str] = set()
        while True:
            items = self._api.get("/admin/review", {"limit": _AT_ONCE})["items"]
            new = [item for item in items if item["photo_id"] not in seen]
            if not new:
                output.out().print(
                    "Nothing more waits for a review; `avocet review --refresh` looks for new photos first."
                )
                return
            for item in new:
                seen.add(item["photo_id"])
                yield item

    def _answer(self, item: Json) -> bool | None:
        """Act on one key; True goes on to the next photo, False ends, None asks again."""
        key = self._read_key().lower()
        body: dict[str, Any] | None = None
        match key:
            case "q" | "\x03" | "\x04" | "":
                return False
            case "u":
                self._undo()
                return None
            case "a" if item["said"]:
                body = {"action": "accept"}
            case "r":
                body = {"action": "reject"}
            case "s":
                body = {"action": "skip"}
            case "c":
                species_id = self._find()
                body = {"action": "correct", "species_id": species_id} if species_id else None
            case _ if key.isdigit() and 0 < int(key) <= len(item["suggestions"]):
                chosen = item["suggestions"][int(key) - 1]["species_id"]
                is_said = item["said"] and item["said"]["species_id"] == chosen
                body = {"action": "accept"} if is_said else {"action": "correct", "species_id": chosen}
        if body is None:
            output.err().print(_KEYS)
            return None
        return self._send(item["photo_id"], body)

    def _send(self, photo_id: str, body: dict[str, Any]) -> bool:
        try:
            answer = self._api.send("POST", f"/admin/review/{photo_id}", body)
        except ProblemError as error:
            if error.code not in _PASSED_OVER:
                raise
            output.complain(str(error))
            return True
        if body["action"] != "skip":
            self._done.append(photo_id)
        words = {"decided": "Decided", "counted": "Counted; another reviewer has to agree", "skipped": "Skipped"}
        species = f": {answer['species_id']}" if answer["species_id"] and body["action"] != "skip" else ""
        output.out().print(output.printable(f"  {words.get(answer['status'], answer['status'])}{species}."))
        return True

    def _undo(self) -> None:
        if not self._done:
            output.err().print("There is nothing to undo in this sitting.")
            return
        photo_id = self._done.pop()
        self._api.send("POST", f"/admin/review/{photo_id}", {"action": "undo"})
        output.out().print(f"  Undone: {photo_id}. It comes back after the next refresh. Now this one again:")

    def _find(self) -> str:
        """Ask for a name until one bird is chosen; empty when the person changes their mind."""
        query = self._ask("Name of the bird").strip()
        if not query:
            return ""
        found = self._api.get("/species", {"query": query, "limit": _SEARCHED}, public=True)["species"]
        if not found:
            output.err().print("No bird is called that.")
            return ""
        for number, each in enumerate(found, 1):
            output.out().print(output.printable(f"  {number}  {_names(each)}"))
        key = self._read_key()
        return str(found[int(key) - 1]["species_id"]) if key.isdigit() and 0 < int(key) <= len(found) else ""

    def _show(self, item: Json) -> None:
        out = output.out()
        out.print()
        out.print(output.printable(f"Photo {item['photo_id']} ({item['source']}, {item['reason']})"))
        out.print(output.printable(f"  {item['photo_url']}"), soft_wrap=True)
        out.print(output.printable(f"  Said to be: {_names(item['said']) if item['said'] else 'unknown'}"))
        if item["proposed"]:
            out.print(output.printable(f"  Rather:     {_names(item['proposed'])}"))
        for number, each in enumerate(item["suggestions"], 1):
            out.print(output.printable(f"  {number}  {each['score']:4.0%}  {_names(each)}"))
        out.print(_KEYS)


def _names(named: Json) -> str:
    names = named["names"]
    common = names["en"] or named["species_id"]
    return f"{common} ({names['scientific']})" if names["scientific"] else str(common)


def _show_audit(entries: list[Json], emails: dict[str, str]) -> None:
    if not entries:
        raise CommandError("Nothing was decided yet.")
    out = output.out()
    for each in entries:
        # Whoever has no account any more left the id.
        who = emails.get(each["actor_id"], each["actor_id"])
        facts = ", ".join(f"{name} {value}" for name, value in each["facts"].items() if value)
        subject_id = each["subject_id"]
        subject = emails[subject_id] if subject_id in emails else _SUBJECTS.get(each["action"], "")
        # No table: its columns would break ids in two, which cannot be copied into the next command.
        when = each["at"][:16].replace("T", " ")
        out.print(output.printable(f"{when}  {each['action']}, by {who}{': ' * bool(facts)}{facts}"), soft_wrap=True)
        out.print(output.printable(f"{' ' * len(when)}  {subject} {subject_id}"), soft_wrap=True)
