"""Words for people: tables on stdout, progress and complaints on stderr, and JSON for programs."""

import json
import sys

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Without a terminal rich would squeeze tables into 80 columns and break names apart.
_WIDTH_WITHOUT_TERMINAL = 160


def out() -> Console:
    """Return the console on stdout."""
    return _console(is_error_stream=False)


def err() -> Console:
    """Return the console on stderr."""
    return _console(is_error_stream=True)


def _console(*, is_error_stream: bool) -> Console:
    stream = sys.stderr if is_error_stream else sys.stdout
    width = None if stream.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def printable(text: str) -> str:
    """Return ``text`` with everything replaced that could move the cursor or colour the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def cell(text: str, style: str = "") -> Text:
    """Return ``text`` for a table, its own markup and control characters harmless."""
    return Text(printable(text), style=style, overflow="fold")


def table(*columns: str) -> Table:
    """Return a plain table with ``columns``."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def complain(sentence: str) -> None:
    """Say ``sentence`` on stderr."""
    err().print(Text.assemble(("avocet: ", "bold red"), printable(sentence)), soft_wrap=True)


def write_json(document: object) -> None:
    """Write one JSON document to stdout, in UTF-8 whatever the terminal's encoding is."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    # File names that are no UTF-8 arrive as lone surrogates, which no encoding takes.
    typer.echo(text.encode("utf-8", "replace"))
