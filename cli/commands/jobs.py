"""`avocet jobs`: what runs, what waits for whom, and asking for more."""

import time
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import output
from cli.client import ApiClient, Json
from cli.errors import CommandError
from cli.surroundings import Surroundings

_LOOK_EVERY_S = 1.0
_SHOWN = 20

jobs = typer.Typer(name="jobs", help="Jobs: sync, refresh, train, evaluate, check_drift, verify (admins).")


class JobFailedError(CommandError):
    """The job that was waited for failed."""


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
    kind: Annotated[str, typer.Argument(help="refresh, verify, ...")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done, and show how far it is.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Ask for a job; the same work that is still queued is joined."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        job = connection.api.send("POST", "/admin/jobs", {"kind": kind})
        if wait:
            job = wait_for(connection.api, job)
    if json_:
        output.write_json(job)
    else:
        output.out().print(output.printable(f"Job {job['job_id']} ({job['kind']}): {job['state']}. {_words(job)}"))


def wait_for(api: ApiClient, job: Json) -> Json:
    """Wait until a job is closed, with a live bar; return it.

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
            time.sleep(_LOOK_EVERY_S)
            job = api.get(f"/admin/jobs/{job['job_id']}")
    if job["state"] == "failed":
        raise JobFailedError(f"The {job['kind']} job failed: {job['reason']}")
    return job


def _words(job: Json) -> str:
    if job["state"] == "queued":
        waits_for = ", ".join(str(each)[:8] for each in job["waits_for"])
        return f"waits for {waits_for}" if waits_for else "waits for its turn"
    if job["state"] == "running":
        return str(job["progress"]["note"])
    if job["state"] == "failed":
        return str(job["reason"])
    facts = {name: value for name, value in job["result"].items() if value not in ("", "0")}
    if not facts:
        return "nothing to do"
    return ", ".join(f"{name.replace('_', ' ')} {value[:60]}" for name, value in facts.items())
