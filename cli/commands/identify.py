"""`avocet identify`: names the birds on photos, a few at once; a bad photo is reported and the others go on."""

import csv
import io
import os
import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from cli import output
from cli.client import ApiClient, Json
from cli.errors import CommandError, ProblemError, SignInError, StoppedError, UnreachableError
from cli.names import Language, LanguageOption, name_of
from cli.photos import find_photos
from cli.surroundings import Surroundings

# Waiting photos per worker: enough that none idles, few enough that an interruption has little to give up.
_QUEUED_PER_WORKER = 2
_CSV_ANSWERS = 3


class _Form(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Outcome:
    """What became of one photo: exactly one of ``prediction`` and ``error`` is there."""

    photo: Path
    prediction: Json | None = None
    error: CommandError | None = None


def identify(
    context: typer.Context,
    places: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTO|FOLDER", help="Photos, and folders to search through for photos."),
    ],
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    csv_: Annotated[bool, typer.Option("--csv", help="One line per photo on stdout, for spreadsheets.")] = False,
    language: LanguageOption = Language.EN,
    parallel: Annotated[int, typer.Option(min=1, max=16, help="How many photos to send at once.")] = 4,
) -> None:
    """Name the birds on photos.

    Photos that cannot be named are reported, the others go on; the exit code is then 1.
    """
    if json_ and csv_:
        raise typer.BadParameter("--json and --csv exclude each other.")
    form = _Form.JSON if json_ else _Form.CSV if csv_ else _Form.TABLE
    surroundings: Surroundings = context.obj
    photos = find_photos(places)
    with surroundings.connect() as connection:
        # Signing in before the first photo: one clear sentence instead of the same one per photo.
        connection.identity.id_token()
        started_s = time.monotonic()
        outcomes: list[Outcome] = []
        interrupted = False
        with (
            _progress(len(photos)) as progress,
            closing(outcomes_of(connection.api, photos, parallel=parallel)) as arriving,
        ):
            task = progress.add_task("Naming", total=len(photos))
            try:
                for outcome in arriving:
                    outcomes.append(outcome)
                    progress.advance(task)
            except KeyboardInterrupt:
                interrupted = True
        duration_s = time.monotonic() - started_s
    _write(form, outcomes, language)
    failed = sum(outcome.error is not None for outcome in outcomes)
    if form is not _Form.JSON:
        _sum_up(len(outcomes) - failed, failed, len(photos) - len(outcomes), duration_s)
    if interrupted:
        raise typer.Exit(StoppedError.exit_code)
    if failed:
        raise typer.Exit(1)


def outcomes_of(api: ApiClient, photos: Sequence[Path], *, parallel: int) -> Generator[Outcome]:
    """Yield the outcome of each of ``photos`` in their order, ``parallel`` of them being sent at a time.

    Raises:
        UnreachableError: The very first photo got no answer: the others would fare no better.
        SignInError: The person is not (or no longer) signed in.
        KeyboardInterrupt: As it came, after the requests under way have ended; what waited is given up.
    """
    waiting = iter(photos)
    under_way: deque[Future[Outcome]] = deque()
    executor = ThreadPoolExecutor(parallel, thread_name_prefix="identify")
    is_first = True
    try:
        while True:
            while len(under_way) < parallel * _QUEUED_PER_WORKER and (photo := next(waiting, None)) is not None:
                under_way.append(executor.submit(_outcome, api, photo))
            if not under_way:
                return
            outcome = under_way.popleft().result()
            if isinstance(outcome.error, SignInError) or (is_first and isinstance(outcome.error, UnreachableError)):
                raise outcome.error
            is_first = False
            yield outcome
    except KeyboardInterrupt:
        output.complain("Stopping once the photos under way are answered; Ctrl-C again stops at once.")
        raise
    finally:
        api.stop()
        try:
            executor.shutdown(wait=True, cancel_futures=True)
        except KeyboardInterrupt:
            # The interpreter would wait for the threads at its end, and a person who asks twice should not.
            os._exit(StoppedError.exit_code)


def _outcome(api: ApiClient, photo: Path) -> Outcome:
    try:
        return Outcome(photo, prediction=api.identify(photo))
    except CommandError as error:
        return Outcome(photo, error=error)


def _progress(photo_count: int) -> Progress:
    console = output.err()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or photo_count < 2,
    )


def _write(form: _Form, outcomes: Sequence[Outcome], language: Language) -> None:
    match form:
        case _Form.JSON:
            output.write_json({"photos": [_as_json(outcome) for outcome in outcomes]})
        case _Form.CSV:
            typer.echo(_as_csv(outcomes, language).encode("utf-8", "replace"), nl=False)
        case _Form.TABLE:
            _print_table(outcomes, language)


def _as_json(outcome: Outcome) -> Json:
    error = outcome.error
    return {
        "photo": str(outcome.photo),
        "prediction": outcome.prediction,
        "error": None
        if error is None
        else {
            "status": error.status if isinstance(error, ProblemError) else None,
            "code": error.code if isinstance(error, ProblemError) else None,
            "sentence": str(error),
        },
    }


def _as_csv(outcomes: Sequence[Outcome], language: Language) -> str:
    header = ["photo"]
    for place in range(1, _CSV_ANSWERS + 1):
        header += [f"species_id_{place}", f"name_{place}", f"scientific_{place}", f"score_{place}"]
    header += ["coarser", "unfamiliar", "model_version", "prediction_id", "error"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for outcome in outcomes:
        prediction = outcome.prediction or {}
        row: list[str] = [str(outcome.photo)]
        answers = prediction.get("predictions", [])[:_CSV_ANSWERS]
        for answer in answers:
            row += [
                answer["species_id"],
                name_of(answer["names"], language),
                answer["names"]["scientific"],
                f"{answer['score']:.4f}",
            ]
        row += [""] * (4 * (_CSV_ANSWERS - len(answers)))
        coarser = prediction.get("coarser")
        row += [
            name_of(coarser["names"], language) if coarser else "",
            str(bool(prediction.get("unfamiliar"))).lower() if prediction else "",
            str(prediction.get("model_version", "")),
            str(prediction.get("prediction_id", "")),
            str(outcome.error or ""),
        ]
        writer.writerow(row)
    return text.getvalue()


def _print_table(outcomes: Sequence[Outcome], language: Language) -> None:
    if not outcomes:
        return
    table = output.table("Photo", "Bird", "Score", "Or else")
    for outcome in outcomes:
        photo = output.cell(str(outcome.photo))
        if outcome.prediction is None:
            table.add_row(photo, output.cell(str(outcome.error), "red"), "", "")
            continue
        bird, score, others = _in_words(outcome.prediction, language)
        table.add_row(photo, bird, score, output.cell(others, "dim"))
    output.out().print(table)


def _in_words(prediction: Json, language: Language) -> tuple[Text, str, str]:
    """Return the bird, its score, and what else it may be."""
    answers = [(name_of(answer["names"], language), float(answer["score"])) for answer in prediction["predictions"]]
    likeliest = ", ".join(f"{name} {score:.0%}" for name, score in answers)
    if prediction.get("unfamiliar"):
        return output.cell("nothing it knows", "yellow"), "", likeliest
    if coarser := prediction.get("coarser"):
        kind = f"a kind of {name_of(coarser['names'], language)}"
        return output.cell(kind, "yellow"), f"{float(coarser['score']):.0%}", likeliest
    (name, score), *rest = answers
    return output.cell(name, "bold"), f"{score:.0%}", ", ".join(f"{other} {s:.0%}" for other, s in rest)


def _sum_up(named: int, failed: int, given_up: int, duration_s: float) -> None:
    parts = [f"{named} named"]
    if failed:
        parts.append(f"{failed} not")
    if given_up:
        parts.append(f"{given_up} given up")
    output.err().print(f"{', '.join(parts)}, in {duration_s:.1f} s")
