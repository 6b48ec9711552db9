"""`avocet drift`: how the last check of the model went, which species drift, and where to look."""

from typing import Annotated, Any

import typer

from cli import output
from cli.client import Json
from cli.surroundings import Surroundings


def drift(
    context: typer.Context,
    report_id: Annotated[str, typer.Argument(help="Which report; the newest by default.")] = "latest",
    all_: Annotated[bool, typer.Option("--all", help="List the reports, newest first.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show what the last check of the model found (admins); `avocet jobs start check_drift --wait` makes one."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.get("/admin/drift-reports" if all_ else f"/admin/drift-reports/{report_id}")
    if json_:
        output.write_json(answer)
    elif all_:
        table = output.table("Report", "Made", "State", "What")
        for report in answer["reports"]:
            table.add_row(
                report["report_id"], report["made_at"][:16], report["state"], output.cell(report["sentence"]["en"])
            )
        output.out().print(table)
    else:
        _show(answer)


def _show(report: Json) -> None:
    out = output.out()
    out.print(output.cell(report["sentence"]["en"], "bold"))
    if report["accuracy"]:
        out.print(f"Right on {_interval(report['accuracy'])} of {report['test_photos']} test photos.")
    if report["overall"]:
        expected = 100 * report["overall"]["expected_accuracy"]
        out.print(
            f"On {report['new_photos']} new photos: {_interval(report['overall']['accuracy'])}; "
            f"{expected:.1f} % was to be expected."
        )
    if report["live_accuracy"]:
        out.print(f"Confirmed by people: {_interval(report['live_accuracy'])}.")
    if report["drifting"]:
        table = output.table("Species", "", "Reference", "New photos", "F1", "Photos", "By chance")
        for each in report["drifting"]:
            measure, was, now = each["measure"], each["reference"], each["current"]
            table.add_row(
                output.cell(now["en"]),
                f"{measure} {each['direction']}",
                _interval(was[measure]),
                _interval(now[measure]),
                f"{was['f1']['value']:.2f} > {now['f1']['value']:.2f}",
                str(now["photos"]),
                f"{each['p_value']:.1g}",
            )
        out.print(table)
        for each in report["drifting"]:
            for photo in each["photos"]:
                name = f"{each['current']['en']}, answered {photo['answer']}:"
                out.print(output.cell(f"  {name} {photo['url'] or photo['photo_id']}"), soft_wrap=True)
    for title, name in (("Ten worst", "worst"), ("Ten best", "best")):
        if report[name]:
            listed = ", ".join(f"{each['en']} {each['f1']['value']:.2f}" for each in report[name])
            out.print(output.cell(f"{title} (F1): {listed}"))
    for each in report["live"]:
        if each["is_shifted"]:
            out.print(output.cell(f"Photos people send: {each['feature']} {each['before']:g} > {each['now']:g}"))
    out.print(output.cell(report["advice"]["en"]))
    if report["page_url"]:
        out.print(output.cell(f"As a page (15 minutes): {report['page_url']}"), soft_wrap=True)


def _interval(figure: dict[str, Any]) -> str:
    return f"{100 * figure['value']:.1f} % ({100 * figure['low']:.0f}-{100 * figure['high']:.0f})"
