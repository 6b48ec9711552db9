"""`avocet jobs`: what runs, what waits for whom, and asking for more."""

import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import curves, output
from cli.client import ApiClient, Json
from cli.errors import CommandError
from cli.surroundings import Surroundings

_LOOK_EVERY_S = 1.0
_SHOWN = 20

jobs = typer.Typer(name="jobs", help="Jobs: sync, refresh, train, evaluate, check_drift, verify (admins).")


class JobFailedError(CommandError):
    """The job that was waited for failed."""


class MalformedSettingError(CommandError):
    """A parameter is not of the form NAME=VALUE."""


class AmbiguousJobError(CommandError):
    """The beginning of an id fits several jobs."""


@jobs.callback(invoke_without_command=True)
def list_jobs(
    context: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show what runs, what waits for whom, and what was done last."""
    if context.invoked_subcommand is not None:
        return
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.get("/admin/jobs")
    if json_:
        output.write_json(answer)
        return
    output.out().print(output.printable(answer["message"]))
    table = output.table("Job", "Kind", "State", "Since", "What")
    for job in answer["jobs"][:_SHOWN]:
        since = job["finished_at"] or job["started_at"] or job["requested_at"]
        table.add_row(job["job_id"][:8], job["kind"], job["state"], str(since)[:19], output.cell(_words(job)))
    output.out().print(table)


@jobs.command()
def start(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="refresh, verify, evaluate, ...")],
    settings: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="A parameter, such as split=validation.")
    ] = [],  # noqa: B006 (typer copies it)
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done, and show how far it is.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Ask for a job; the same work that is still queued is joined."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        job = connection.api.send("POST", "/admin/jobs", {"kind": kind, "parameters": _parameters(settings)})
        if wait:
            job = wait_for(connection.api, job, surroundings.wait)
    if json_:
        output.write_json(job)
    else:
        output.out().print(output.printable(f"Job {job['job_id']} ({job['kind']}): {job['state']}. {_words(job)}"))


@jobs.command()
def log(context: typer.Context, job_id: Annotated[str, typer.Argument(help="The job's id, or how it begins.")]) -> None:
    """Print the end of a training's log."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        job = find(connection.api, job_id)
        for line in connection.api.get(f"/admin/jobs/{job['job_id']}/log")["lines"]:
            output.out().print(output.printable(line), markup=False, highlight=False)


@jobs.command()
def curve(
    context: typer.Context, job_id: Annotated[str, typer.Argument(help="The job's id, or how it begins.")]
) -> None:
    """Show a training's learning curve as far as it has come."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        job = find(connection.api, job_id)
        curves.show_steps(connection.api.get(f"/admin/jobs/{job['job_id']}/learning-curve")["parts"])


@jobs.command()
def cancel(
    context: typer.Context, job_id: Annotated[str, typer.Argument(help="The job's id, or how it begins.")]
) -> None:
    """Cancel a job that waits, or one that runs and changes nothing in the dataset."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        job = find(connection.api, job_id)
        job = connection.api.send("DELETE", f"/admin/jobs/{job['job_id']}")
    output.out().print(output.printable(f"Job {job['job_id']} ({job['kind']}): {job['state']}."))


def find(api: ApiClient, job_id: str) -> Json:
    """Return the one job whose id begins so, as the list of jobs shows ids.

    Raises:
        AmbiguousJobError: Several do.
    """
    known = [job for job in api.get("/admin/jobs")["jobs"] if job["job_id"].startswith(job_id)]
    if len(known) > 1:
        raise AmbiguousJobError(f"{len(known)} jobs begin with {job_id}; give more of the id.")
    # A job too old for the list still has its page.
    return known[0] if known else api.get(f"/admin/jobs/{job_id}")


def wait_for(api: ApiClient, job: Json, wait: Callable[[float], None] | None = None) -> Json:
    """Wait until a job is closed, with a live bar; return it.

    Args:
        api: Where to look.
        job: As the API answered last.
        wait: Stands in for waiting in tests.

    Raises:
        JobFailedError: It failed.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=output.err(), transient=True) as bar:
        task = bar.add_task(job["kind"], total=None)
        while job["state"] in ("queued", "running"):
            progress = job["progress"]
            words = _words(job) or str(progress["note"])
            bar.update(
                task,
                description=output.printable(f"{job['kind']}: {words}"),
                completed=progress["done"],
                total=progress["total"] or None,
            )
            (wait or time.sleep)(_LOOK_EVERY_S)
            job = api.get(f"/admin/jobs/{job['job_id']}")
    if job["state"] == "failed":
        raise JobFailedError(f"The {job['kind']} job failed: {job['reason']}")
    if job["state"] == "cancelled":
        raise JobFailedError(f"The {job['kind']} job was {job['reason']}.")
    return job


def _parameters(settings: list[str]) -> dict[str, str]:
    parameters = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not name or not equals:
            raise MalformedSettingError(f"--set takes NAME=VALUE, not {setting!r}.")
        parameters[name] = value
    return parameters


def _words(job: Json) -> str:
    if job["state"] == "queued":
        waits_for = ", ".join(str(each)[:8] for each in job["waits_for"])
        return f"waits for {waits_for}" if waits_for else "waits for its turn"
    if job["state"] == "running":
        return str(job["progress"]["note"])
    if job["state"] in ("failed", "cancelled"):
        return str(job["reason"])
    facts = {
        name: value for name, value in job["result"].items() if value not in ("", "0") and not name.endswith("_fr")
    }
    if not facts:
        return "nothing to do"
    return ", ".join(f"{name.replace('_', ' ')} {value[:60]}" for name, value in facts.items())
