"""`avocet models`: which versions there are, how they compare, and who of them names the birds."""

from typing import Annotated
from urllib.parse import quote

import typer
from rich.table import Table

from cli import curves, output
from cli.client import Json
from cli.errors import CommandError
from cli.surroundings import Surroundings

_HISTORY = 10
_FIGURES = (
    ("validation_accuracy", "accuracy"),
    ("validation_loss", "loss"),
    ("top3", "top 3"),
    ("macro_f1", "macro F1"),
    ("ece", "calibration error"),
)

_MEASURES = {
    "accuracy": "accuracy",
    "top3": "top 3",
    "macro_f1": "macro F1",
    "log_loss": "loss",
    "calibration_error": "calibration error",
}
_ADVICE = {"promote": "Promote it.", "keep": "Keep the champion.", "either": "Either will do."}
_SHOWN = 10
_SIDES = ("champion", "challenger")

models = typer.Typer(
    name="models", help="Models: list, show, curve, compare, shadow, promote, roll back (admins).", no_args_is_help=True
)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept on record.", prompt="Why")]


@models.command("list")
def list_models(context: typer.Context, json_: JsonOption = False) -> None:
    """List every version, and who was champion when."""
    answer = _get(context, "/admin/models")
    if json_:
        output.write_json(answer)
        return
    out = output.out()
    table = output.table("Version", "Is", "Recipe", "Registered", "Species", "Size", "Figures")
    for model in answer["models"]:
        table.add_row(
            output.cell(model["version"]),
            model["role"] or "",
            output.cell(model["recipe"]),
            model["registered_at"][:16].replace("T", " "),
            str(model["species_count"]),
            f"{model['bundle_bytes'] / 1e6:.1f} MB",
            output.cell(_figures(model["figures"])),
        )
    out.print(table)
    out.print()
    out.print(_tenures(answer["history"][:_HISTORY]))


@models.command()
def show(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="A version, champion or challenger.")] = "champion",
    json_: JsonOption = False,
) -> None:
    """Show what is known of one version, and how its training went."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.get(f"/admin/models/{quote(version, safe='')}")
        parts = [] if json_ else connection.api.get(_curve_of(answer["model"]["version"]))["parts"]
    if json_:
        output.write_json(answer)
        return
    out, model = output.out(), answer["model"]
    role = f" ({model['role']})" if model["role"] else ""
    out.print(output.printable(f"{model['version']}{role}: {model['recipe']} on {model['backbone']}"))
    out.print(
        f"{model['species_count']} species, {model['bundle_bytes'] / 1e6:.1f} MB, bundle {model['bundle_sha256']}"
    )
    facts = {
        "Snapshot": model["snapshot_id"],
        "Trained from": model["parent_version"],
        "Job": model["job_id"],
        "MLflow run": model["mlflow_run_id"],
        "When it was made": _figures(model["figures"]),
    }
    for name, fact in facts.items():
        if fact:
            out.print(output.printable(f"{name}: {fact}"))
    if answer["evaluations"]:
        table = output.table(
            "Snapshot", "Split", "Photos", "Accuracy", "Top 3", "Macro F1", "Loss", "Calibration error"
        )
        for each in answer["evaluations"]:
            summary = each["summary"]
            table.add_row(
                each["snapshot_id"][:12],
                each["split"],
                f"{summary['photos']:.0f}",
                f"{summary['accuracy']:.1%} ({summary['accuracy_low']:.1%} to {summary['accuracy_high']:.1%})",
                f"{summary['top3']:.1%}",
                f"{summary['macro_f1']:.3f}",
                f"{summary['log_loss']:.3f}",
                f"{summary['calibration_error']:.3f}",
            )
        out.print(table)
    curves.show_briefly(parts)
    if answer["tenures"]:
        out.print(_tenures(answer["tenures"]))


@models.command()
def curve(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="A version, champion or challenger.")] = "challenger",
    json_: JsonOption = False,
) -> None:
    """Show the learning curve of a version's training, step by step."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        # An alias is no part of the curve's address.
        model = connection.api.get(f"/admin/models/{quote(version, safe='')}")["model"]
        answer = connection.api.get(_curve_of(model["version"]))
    if json_:
        output.write_json(answer)
        return
    output.out().print(output.printable(f"{model['version']}: {model['recipe']} on {model['backbone']}"))
    curves.show_steps(answer["parts"])


def _curve_of(version: str) -> str:
    return f"/admin/models/{quote(version, safe='')}/learning-curve"


@models.command()
def compare(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="A version, or challenger.")] = "challenger",
    json_: JsonOption = False,
) -> None:
    """Compare a version with the champion on the same test photos."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection, output.err().status("Comparing"):
        answer = connection.api.get("/admin/models/comparison", {"version": version})
    if json_:
        output.write_json(answer)
        return
    out = output.out()
    champion, challenger = answer["champion"]["model"], answer["challenger"]["model"]
    out.print(output.printable(f"{champion['version']} (champion) and {challenger['version']}"))
    for words, measures in (("all species", answer["all_species"]), ("shared species", answer["shared_species"])):
        out.print(f"\nOn {measures['photos']} test photos of {words}, snapshot {answer['snapshot_id'][:12]}:")
        out.print(_differences(measures["differences"]))
    out.print(_made(answer))
    _species(answer)
    out.print()
    out.print(output.printable(f"{_ADVICE[answer['advice']]} {answer['reason']}"))
    for caveat in answer["caveats"]:
        out.print(output.printable(f"Mind: {caveat}"))


def _differences(differences: dict[str, Json]) -> Table:
    table = output.table("", "Champion", "Challenger", "Difference, 95 % interval", "")
    for name, each in differences.items():
        words = _MEASURES.get(name, name)
        change = each["challenger"] - each["champion"]
        span = f"{change:+.3f} ({each['low']:+.3f} to {each['high']:+.3f})"
        table.add_row(words, f"{each['champion']:.3f}", f"{each['challenger']:.3f}", span, each["verdict"])
    return table


def _made(answer: Json) -> Table:
    sides = (answer["champion"], answer["challenger"])
    table = output.table("", "Champion", "Challenger")
    for words, part in (("Same validation photos", "validation"), ("Its own validation photos", "own_validation")):
        for name in ("accuracy", "log_loss"):
            # Without a photo there is nothing to say; 0 would be read as a figure.
            figures = [side[part][name] if side[part] and side[part]["photos"] else None for side in sides]
            table.add_row(f"{words}, {_MEASURES[name]}", *("-" if one is None else f"{one:.3f}" for one in figures))
    models_ = [side["model"] for side in sides]
    table.add_row("Species", *(str(model["species_count"]) for model in models_))
    table.add_row("Size, MB", *(f"{model['bundle_bytes'] / 1e6:.1f}" for model in models_))
    if answer["milliseconds"]:
        table.add_row("One prediction, ms", *(f"{answer['milliseconds'][model['version']]:.1f}" for model in models_))
    return table


def _species(answer: Json) -> None:
    out = output.out()
    for words, part in (("Only the champion names", "only_champion"), ("Only the challenger names", "only_challenger")):
        if names := answer[part]:
            out.print(output.printable(f"{words} {len(names)}: {', '.join(names[:_SHOWN])}"))
    for words, part in (("Won", "won"), ("Lost", "lost")):
        if duels := answer[part]:
            table = output.table(f"{words}: {len(duels)} species", "Photos", "Champion right", "Challenger right", "")
            for duel in duels[:_SHOWN]:
                right = (str(duel["photos"]), str(duel["champion_right"]), str(duel["challenger_right"]))
                table.add_row(output.cell(duel["species_id"]), *right, duel["verdict"])
            out.print(table)
    for words, side in (("champion", answer["champion"]), ("challenger", answer["challenger"])):
        table = output.table(f"Weakest of the {words}", "Photos", "F1", "Precision", "Recall")
        for weak in side["weakest"]:
            rates = (f"{weak[name]:.2f}" for name in ("f1", "precision", "recall"))
            table.add_row(output.cell(weak["species_id"]), str(weak["photos"]), *rates)
        out.print(table)


@models.command()
def shadow(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="A version, or challenger.")] = "challenger",
    json_: JsonOption = False,
) -> None:
    """Show what a version said of people's own photos, unseen by them."""
    answer = _get(context, f"/admin/models/{quote(version, safe='')}/shadow")
    if json_:
        output.write_json(answer)
        return
    out = output.out()
    states = {
        "scoring": f"is the challenger and scores {answer['share']:.1%} of all photos, unseen by people",
        "not_challenger": "is not the challenger, and scores no further photos",
        "off": "is the challenger, and no share of the photos is set apart for it",
    }
    out.print(output.printable(f"{answer['version']} {states[answer['state']]}."))
    if trouble := answer["trouble"]:
        at = trouble["at"][:16].replace("T", " ")
        out.print(output.printable(f"It could not score at {at}: {trouble['reason']}"))
    if not answer["against"]:
        out.print("Nothing yet.")
    for against in answer["against"]:
        _against(against)


def _against(against: Json) -> None:
    out = output.out()
    now = " (champion)" if against["is_champion_now"] else ""
    out.print()
    out.print(output.printable(f"Beside {against['champion']}{now}, on {against['photos']} photos:"))
    out.print(f"Same species first: {_share(against['agreement'])}")
    out.print(f"Champion's species among the challenger's three: {_share(against['in_three'])}")
    table = output.table("", "Champion", "Challenger")
    for words, part in (("where they agree", "same"), ("where they do not", "other")):
        means = [against[part][side] for side in _SIDES]
        table.add_row(f"Mean score {words}", *("-" if mean is None else f"{mean:.2f}" for mean in means))
    table.add_row("Photos of birds it does not know", *(str(against[f"unfamiliar_{side}"]) for side in _SIDES))
    if against["challenger_ms"] is not None:
        table.add_row("Milliseconds a photo", "", f"{against['challenger_ms']:.1f}")
    if against["named"]:
        right = (_share(against[f"{side}_right"]) for side in _SIDES)
        table.add_row(f"Right, of {against['named']} photos that people named", *right)
        table.add_row("Right, and the other not", *(str(against[f"only_{side}_right"]) for side in _SIDES))
    out.print(table)
    if against["named"]:
        p_value = against["p_value"]
        chance = (
            ""
            if p_value is None
            else f" Two equally good models would differ this much or more with p = {p_value:.2g}."
        )
        out.print(f"People had seen the champion's answer and not the other, which speaks for the champion.{chance}")
    if against["species"]:
        table = output.table("The champion says", "Photos", "Not the challenger", "Which says most often", "Photos")
        for each in against["species"][:_SHOWN]:
            table.add_row(
                output.cell(each["species_id"]),
                str(each["photos"]),
                str(each["other"]),
                output.cell(each["instead"]),
                str(each["instead_photos"]),
            )
        out.print(table)
    out.print("Agreement says how much would change, not which of the two is right.")


def _share(share: Json) -> str:
    return f"{share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})"


@models.command()
def promote(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="A version, or challenger.")],
    reason: ReasonOption,
    json_: JsonOption = False,
) -> None:
    """Make a version the champion, once its bundle is found fit to serve."""
    _changed(context, "PUT", "/admin/models/champion", {"version": version, "reason": reason}, json_=json_)


@models.command()
def rollback(
    context: typer.Context,
    reason: ReasonOption,
    version: Annotated[
        str, typer.Argument(help="The champion to leave; needed to go a further step back.", show_default=False)
    ] = "",
    json_: JsonOption = False,
) -> None:
    """Put the champion before this one back; as often as there are earlier ones."""
    history = _get(context, "/admin/models")["history"]
    body: dict[str, object] = {"leaving_revision": _left(history, version), "reason": reason}
    _changed(context, "POST", "/admin/models/rollback", body, json_=json_)


def _left(history: list[Json], version: str) -> int:
    """Return the revision of the champion to leave.

    Without a name it is the present one, unless that came by a rollback itself: the same line typed twice, because the
    first answer never came, is meant as one step.
    """
    for tenure in history:
        if version in ("", tenure["version"]):
            if not version and tenure["change"] == "rolled_back":
                back, at = tenure["version"], tenure["chosen_at"][:16].replace("T", " ")
                raise CommandError(
                    f"{back} was put back at {at}. To go a further step back, name it: avocet models rollback {back}"
                )
            return int(tenure["revision"])
    raise CommandError(f"{version or 'No version'} was champion of late; `avocet models list` shows who was.")


def _get(context: typer.Context, path: str, query: dict[str, str | int] | None = None) -> Json:
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        return connection.api.get(path, query)


def _changed(context: typer.Context, method: str, path: str, body: dict[str, object], *, json_: bool) -> None:
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection, output.err().status("Checking the bundle"):
        tenure = connection.api.send(method, path, body)
    if json_:
        output.write_json(tenure)
    else:
        output.out().print(
            output.printable(f"{tenure['version']} is the champion; predictions follow within 15 seconds.")
        )


def _figures(figures: dict[str, float]) -> str:
    return ", ".join(f"{words} {figures[name]:.3f}" for name, words in _FIGURES if name in figures)


def _tenures(tenures: list[Json]) -> Table:
    table = output.table("Champion", "Since", "How", "By", "Why")
    for tenure in tenures:
        table.add_row(
            output.cell(tenure["version"]),
            tenure["chosen_at"][:16].replace("T", " "),
            tenure["change"].replace("_", " "),
            output.cell(tenure["chosen_by"]),
            output.cell(tenure["reason"]),
        )
    return table
