"""Lists of bird names on this machine's disk: CSV as it is, spreadsheets turned into CSV; refuses anything else."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from cli.errors import CommandError

NAME_LIST_SUFFIXES = (".csv", ".xlsx")
_HEADING_WITHIN_ROWS = 10
_WANTED = ("scientific", "english", "french")


class NameListError(CommandError):
    """The list cannot be read, or holds no French names."""


def read_name_list(path: Path) -> bytes:
    """Return the list in ``path`` as CSV in UTF-8.

    Raises:
        NameListError: There is no such file, or no column of scientific or French names in it.
    """
    try:
        if path.suffix.lower() == ".xlsx":
            return _csv_of(_sheet_rows(path))
        return path.read_bytes()
    except OSError as error:
        raise NameListError(f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}.") from error


def _sheet_rows(path: Path) -> Iterable[Sequence[Any]]:
    try:
        from openpyxl import load_workbook  # large, and needed for this one kind of file only
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        raise NameListError("Spreadsheets need the package openpyxl; or save the sheet as CSV in UTF-8.") from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError) as error:
        raise NameListError(f"{path} is no spreadsheet that can be read.") from error
    try:
        for sheet in book.worksheets:
            rows = list(sheet.iter_rows(values_only=True))
            if any(_columns(row) for row in rows[:_HEADING_WITHIN_ROWS]):
                return rows
    finally:
        book.close()
    raise NameListError(f"No sheet of {path} has columns for scientific and French names in its first rows.")


def _csv_of(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_WANTED)
    columns: dict[str, int] = {}
    for row in rows:
        if not columns:
            columns = _columns(row)
            continue
        cells = [row[columns[name]] if name in columns and columns[name] < len(row) else None for name in _WANTED]
        if cells[0] and cells[2]:
            writer.writerow(["" if cell is None else str(cell).strip() for cell in cells])
    return text.getvalue().encode()


def _columns(row: Sequence[Any]) -> dict[str, int]:
    """Return where the columns are, if ``row`` is the heading; the IOC's own is called after its edition, IOC_15.1."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        title = str(cell or "").strip().casefold()
        if title.startswith(("ioc_", "ioc ", "scientific")):
            found.setdefault("scientific", place)
        elif title in _WANTED:
            found.setdefault(title, place)
    return found if {"scientific", "french"} <= set(found) else {}
