"""Learning curves in a terminal: a line of blocks for each figure, or every step in a table."""

from collections.abc import Sequence

from rich.table import Table

from cli import output
from cli.client import Json

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_WIDTH = 60
_FIGURES = {
    "loss": "loss, training photos",
    "validation_loss": "loss, validation photos",
    "accuracy": "right, training photos",
    "validation_accuracy": "right, validation photos",
}
_STEPS = {"epochs": ("epoch", "epochs"), "candidates": ("head tried", "heads tried")}
_NONE = "No learning curve was kept."


def show_briefly(parts: Sequence[Json]) -> None:
    """Show how each figure went from the first step to the last."""
    out = output.out()
    if not parts:
        out.print(_NONE)
    for part in parts:
        out.print(_title(part))
        table = output.table("", "First", "Best", "Last", "Step by step")
        for name, words in _FIGURES.items():
            values = [point[name] for point in part["points"]]
            known = [value for value in values if value is not None]
            if known:
                best = next((point[name] for point in part["points"] if point["step"] == part["best"]), None)
                table.add_row(words, _number(known[0]), _number(best), _number(known[-1]), sparkline(values))
        out.print(table)


def show_steps(parts: Sequence[Json]) -> None:
    """Show every step; the best has an arrow."""
    out = output.out()
    if not parts:
        out.print(_NONE)
    for part in parts:
        out.print(_title(part))
        out.print(_steps(part))


def _steps(part: Json) -> Table:
    one, _ = _STEPS[part["kind"]]
    points = part["points"]
    settings = sorted({name for point in points for name in point["settings"]})
    timed = any(point["seconds"] is not None for point in points)
    timing = ("Learning rate", "Seconds") if timed else ()
    names = [name.replace("_", " ").capitalize() for name in settings]
    columns = (one.capitalize(), "Free", "Loss", "Validation", "Right", "Validation", *timing, *names)
    table = output.table(*columns)
    for point in points:
        cells = [f"{point['step']}{' <' if point['step'] == part['best'] else ''}", point["phase"].replace("-", " ")]
        cells += [_number(point[name]) for name in ("loss", "validation_loss", "accuracy", "validation_accuracy")]
        if timed:
            cells += [
                "-" if point["learning_rate"] is None else f"{point['learning_rate']:.1e}",
                "-" if point["seconds"] is None else f"{point['seconds']:.0f}",
            ]
        table.add_row(
            *cells, *(f"{point['settings'][name]:g}" if name in point["settings"] else "-" for name in settings)
        )
    return table


def sparkline(values: Sequence[float | None]) -> str:
    """Return ``values`` as blocks from the lowest to the highest; what is not known is a dot."""
    if len(values) > _WIDTH:
        values = [values[round(at * (len(values) - 1) / (_WIDTH - 1))] for at in range(_WIDTH)]
    known = [value for value in values if value is not None]
    low = min(known, default=0.0)
    span = max(known, default=0.0) - low
    top = len(_BLOCKS) - 1
    # A line that never moves lies in the middle.
    return "".join(
        _GAP if value is None else _BLOCKS[round((value - low) / span * top) if span else top // 2] for value in values
    )


def _title(part: Json) -> str:
    one, many = _STEPS[part["kind"]]
    words = one if part["total"] == 1 else many
    best = "" if part["best"] is None else f"; the best is number {part['best']}"
    return f"Learning curve: {part['total']} {words}{best}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
