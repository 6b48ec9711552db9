"""`avocet dataset`: importing labelled photos, and looking at what the dataset holds."""

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli import output
from cli.client import ApiClient, Json
from cli.commands.jobs import wait_for
from cli.commands.labels import labels, settle
from cli.errors import CommandError
from cli.labelled_sets import LabelledPhoto, LabelledSetError, open_set
from cli.surroundings import Surroundings

# The API takes 4 MB a request; the zip's own headers need some of it.
_BATCH_BYTES = 3_500_000
_BATCH_PHOTOS = 200
_ASKED_AT_ONCE = 1_000
_LISTED = 20
_MORE_THAN_ONE = 2
# What a snapshot did with photos, in people's words.
_CHANGED = {"add": "added", "relabel": "given another name", "remove": "removed"}

dataset = typer.Typer(
    name="dataset", help="The dataset: import, labels, show, diff, verify (admins).", no_args_is_help=True
)

dataset.command()(labels)
dataset.command()(settle)


@dataclass
class _Total:
    """What became of a set."""

    taken: int = 0
    known: int = 0
    unresolved: dict[str, list[str]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    refused: list[Json] = field(default_factory=list)

    def add(self, answer: Json) -> None:
        """Add the answer to one batch."""
        self.taken += answer["taken"]
        self.known += answer["known"]
        self.unresolved |= {each["label"]: each["proposals"] for each in answer["unresolved"]}
        self.left_out.update(answer["left_out"])
        self.refused += answer["refused"]


@dataset.command("import")
def import_(
    context: typer.Context,
    place: Annotated[Path, typer.Argument(metavar="FOLDER|ZIP", help="A set in the Kaggle set's layout.")],
    source: Annotated[str, typer.Option(help="What to call the set; its photos are known by it for ever.")] = "kaggle",
    parallel: Annotated[int, typer.Option(min=1, max=8, help="How many batches to send at once.")] = 4,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Import labelled photos; what is there already is not sent again."""
    found = open_set(place)
    surroundings: Surroundings = context.obj
    total = _Total()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with surroundings.connect() as connection, Progress(*columns, console=output.err(), transient=True) as bar:
        task = bar.add_task("Importing", total=len(found.photos))
        for start in range(0, len(found.photos), _ASKED_AT_ONCE):
            asked = found.photos[start : start + _ASKED_AT_ONCE]
            new = _unknown(connection.api, source, asked, total)
            bar.advance(task, len(asked) - len(new))
            with ThreadPoolExecutor(parallel) as pool:
                sent = [(len(batch), pool.submit(_send, connection.api, source, batch)) for batch in _batches(new)]
                for photos, answer in sent:
                    total.add(answer.result())
                    bar.advance(task, photos)
    total.refused += [
        {"name": name, "code": "no-label", "detail": "It lies in no folder named by a label."} for name in found.ignored
    ]
    if json_:
        output.write_json({**total.__dict__, "left_out": dict(total.left_out)})
        return
    _show(total)


def _unknown(
    api: ApiClient, source: str, photos: Sequence[LabelledPhoto], total: _Total
) -> list[tuple[LabelledPhoto, bytes]]:
    """Read the photos and return those that the API does not have yet."""
    read: list[tuple[LabelledPhoto, bytes]] = []
    for photo in photos:
        try:
            data = photo.read()
        except LabelledSetError as error:
            total.refused.append({"name": photo.name, "code": "unreadable", "detail": str(error)})
            continue
        if len(data) > _BATCH_BYTES:
            detail = "Over 3.5 MB; scale it down first."
            total.refused.append({"name": photo.name, "code": "photo-too-large", "detail": detail})
        else:
            read.append((photo, data))
    asked = [{"label": photo.label, "sha256": hashlib.sha256(data).hexdigest()} for photo, data in read]
    known = api.send("POST", "/admin/dataset/known", {"source": source, "photos": asked})["known"]
    total.known += sum(known)
    return [each for each, is_known in zip(read, known, strict=True) if not is_known]


def _batches(photos: Sequence[tuple[LabelledPhoto, bytes]]) -> Iterator[list[tuple[LabelledPhoto, bytes]]]:
    batch: list[tuple[LabelledPhoto, bytes]] = []
    size_bytes = 0
    for photo, data in photos:
        if batch and (len(batch) == _BATCH_PHOTOS or size_bytes + len(data) > _BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append((photo, data))
        size_bytes += len(data)
    if batch:
        yield batch


def _send(api: ApiClient, source: str, batch: Sequence[tuple[LabelledPhoto, bytes]]) -> Json:
    buffer = io.BytesIO()
    # Stored, not deflated: JPEGs do not shrink. Files are numbered; labels travel as values, never as paths.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        entries = [
            {"file": f"{number}.jpg", "name": photo.name, "label": photo.label, "scientific": photo.scientific}
            for number, (photo, _) in enumerate(batch)
        ]
        packed.writestr("manifest.json", json.dumps(entries))
        for number, (_, data) in enumerate(batch):
            packed.writestr(f"{number}.jpg", data)
    return api.post_bytes("/admin/dataset/photos", buffer.getvalue(), {"source": source})


def _show(total: _Total) -> None:
    out = output.out()
    out.print(f"{total.taken} photos taken, {total.known} were here already.")
    if total.left_out:
        out.print(output.printable(f"Left out, no birds: {', '.join(sorted(total.left_out))}."))
    if total.unresolved:
        out.print(f"{len(total.unresolved)} labels name no species yet; their photos are kept:")
        table = output.table("Label", "May mean")
        for label, proposals in sorted(total.unresolved.items()):
            table.add_row(output.cell(label), output.cell(", ".join(proposals)))
        out.print(table)
        out.print("Settle them with `avocet dataset settle LABEL`.")
    for each in total.refused[:_LISTED]:
        output.complain(f"{each['name']}: {each['detail']}")
    if len(total.refused) > _LISTED:
        output.complain(f"... and {len(total.refused) - _LISTED} more were refused.")


@dataset.command()
def show(
    context: typer.Context,
    species: Annotated[bool, typer.Option("--species", help="Every species with its photos.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show where the dataset stands."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        answer = connection.api.get("/admin/dataset")
    if json_:
        output.write_json(answer)
        return
    out, snapshot = output.out(), answer["snapshot"]
    if snapshot is None:
        out.print("There is no snapshot yet; `avocet jobs start refresh` makes the first.")
    else:
        out.print(f"Snapshot {snapshot['snapshot_id']}")
        counts = snapshot["species"].values()
        splits = ", ".join(f"{split} {sum(c[split] for c in counts)}" for split in ("train", "validation", "test"))
        out.print(f"{snapshot['photos']} photos of {len(snapshot['species'])} species: {splits}")
        sources = ", ".join(f"{name} {photos}" for name, photos in answer["sources"].items())
        out.print(output.printable(f"From {sources}; what it changed: {_changes(snapshot)}"))
    out.print(f"A species needs {answer['needed_photos']} clean photos; {answer['in_review']} photos wait for review.")
    sync = answer["sync"]
    out.print(output.printable(f"Kaggle: {sync['message']} Version taken in: {sync['version'] or 'none'}."))
    if sync["detail"]:
        out.print(output.printable(f"  {sync['detail']}"))
    if answer["unresolved"]:
        out.print(output.printable(f"Unresolved labels: {', '.join(answer['unresolved'])} (`avocet dataset labels`)"))
    if species and snapshot:
        table = output.table("Species", "Train", "Validation", "Test")
        for name, count in snapshot["species"].items():
            table.add_row(output.cell(name), str(count["train"]), str(count["validation"]), str(count["test"]))
        out.print(table)


@dataset.command()
def diff(
    context: typer.Context,
    snapshots: Annotated[
        list[str] | None, typer.Argument(help="Two snapshots; without, the current one and its parent.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show how two snapshots differ, species by species."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        before, after = _two_snapshots(connection.api, snapshots or [])
    rows = {
        name: (_photos(before, name), _photos(after, name))
        for name in sorted({*before["species"], *after["species"]})
        if _photos(before, name) != _photos(after, name)
    }
    if json_:
        output.write_json({name: {"before": was, "after": becomes} for name, (was, becomes) in rows.items()})
        return
    table = output.table("Species", "Before", "After")
    for name, (was, becomes) in rows.items():
        table.add_row(output.cell(name), str(was), str(becomes))
    output.out().print(f"{before['photos']} photos before, {after['photos']} after.")
    output.out().print(table)


def _two_snapshots(api: ApiClient, named: Sequence[str]) -> tuple[Json, Json]:
    if len(named) == _MORE_THAN_ONE:
        before, after = (api.get(f"/admin/dataset/snapshots/{name}") for name in named)
        return before, after
    if named:
        raise CommandError("Name two snapshots, or none.")
    after = api.get("/admin/dataset")["snapshot"]
    if after is None:
        raise CommandError("There is no snapshot yet; `avocet jobs start refresh` makes the first.")
    if after["parent_id"] is None:
        return {"species": {}, "photos": 0}, after
    return api.get(f"/admin/dataset/snapshots/{after['parent_id']}"), after


def _photos(snapshot: Json, species: str) -> int:
    return sum(snapshot["species"].get(species, {}).values())


def _changes(snapshot: Json) -> str:
    changed = (f"{photos} {_CHANGED.get(name, name)}" for name, photos in snapshot["changes"].items() if photos)
    return ", ".join(changed) or "nothing"


@dataset.command()
def verify(
    context: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Hash every photo again and prove the dataset's invariants."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        job = wait_for(
            connection.api, connection.api.send("POST", "/admin/jobs", {"kind": "verify"}), surroundings.wait
        )
    if json_:
        output.write_json(job["result"])
        return
    output.out().print(f"All is well: {job['result'].get('photos', '0')} photos hashed again, nothing found.")
